/** All logs that are read: who is read, what becomes of an entry, and what happens when the store has failed. */
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../../platform/describe-error.ts";
import { Masking } from "../../../platform/masking.ts";
import { COMPONENT_LABEL, NAME_LABEL } from "../../../platform/names.ts";
import type { PodWords } from "../../../platform/service.ts";
import { type Entry, levelOf } from "./entries.ts";
import type { KubeApi } from "../../../platform/kube-api.ts";
import { type ContainerState, watchPods } from "./pods.ts";
import { Reader } from "./reader.ts";
import { Sender } from "./sender.ts";
import { LogStore, streamKey } from "./store.ts";

export interface CollectionOptions {
  readonly api: KubeApi;
  readonly storeUrl: string;
  readonly namespaces: readonly string[];
  readonly words: PodWords;
  /** Days that the store keeps. */
  readonly keepDays: number;
  readonly log: (line: string) => void;
  /** Time after a failure of the store until it is asked what it has, in ms: what it has taken it shows after a second. @default 3000 */
  readonly pauseMs?: number;
  /** Times within the work, in ms: in which few entries are gathered, an entry is held for what goes on with it, and a log is asked for again. */
  readonly pace?: { readonly gatherMs: number; readonly holdMs: number; readonly againMs: number };
}

/** Containers of which is told what was left out: those of last. */
const MOST_TOLD = 20;
const PACE = { gatherMs: 500, holdMs: 1000, againMs: 1000 };

export interface CollectionReport {
  /** Since when the store takes what comes, in ISO 8601; `null`: it does not. */
  readonly since: string | null;
  /** Why not. */
  readonly problem?: string;
  /** Containers that are read. */
  readonly containers: number;
  /** Entries that the store has taken since the collector began. */
  readonly sent: number;
  /** Places in the logs at which something is or may be missing, by container. */
  readonly skipped: Readonly<Record<string, number>>;
  /** What can't be read now, a sentence each. */
  readonly troubles: readonly string[];
}

export class Collection {
  readonly #options: CollectionOptions;
  readonly #masking = new Masking([]);
  readonly #skipped = new Map<string, number>();
  /** What can't be read now, by namespace and container. */
  readonly #troubles = new Map<string, string>();
  #readers = new Map<string, Reader>();
  #since: string | null = null;
  #problem: string | undefined;
  #sent = 0;
  #sender: Sender | undefined;

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  report(): CollectionReport {
    this.#count();
    return {
      since: this.#since,
      ...(this.#problem !== undefined && { problem: this.#problem }),
      containers: this.#readers.size,
      sent: this.#sent + (this.#sender?.sent ?? 0),
      skipped: Object.fromEntries(this.#skipped),
      troubles: [...this.#troubles.values()].slice(0, MOST_TOLD),
    };
  }

  /** Collects until the signal ends it. When the store has failed, all begins anew with what it has. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, pauseMs = 3000 } = this.#options;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      const round = new AbortController();
      try {
        await this.#round(AbortSignal.any([signal, round.signal]));
      } catch (error) {
        if (isOver()) return;
        const words = describeError(error);
        if (words !== this.#problem) log(words);
        this.#problem = words;
      } finally {
        round.abort();
        this.#count();
        this.#sent += this.#sender?.sent ?? 0;
        this.#sender = undefined;
        this.#since = null;
        this.#readers = new Map();
        this.#troubles.clear();
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @throws Error when the store fails */
  async #round(signal: AbortSignal): Promise<void> {
    const { api, storeUrl, namespaces, keepDays, log, pace = PACE } = this.#options;
    // Each reader listens to it.
    setMaxListeners(0, signal);
    const store = new LogStore(storeUrl, signal);
    const lastTimes = await store.lastTimes(keepDays);
    const sender = new Sender({ add: (lines) => store.add(lines), signal, gatherMs: pace.gatherMs });
    const failed = Promise.withResolvers<undefined>();
    this.#sender = sender;
    this.#since = new Date().toISOString();
    this.#problem = undefined;
    const readers = new Map<string, Reader>();
    this.#readers = readers;

    let turn: Promise<unknown> = Promise.resolve();
    const begin = async (first: ContainerState, key: string): Promise<void> => {
      const stream = streamKey(first);
      const last = lastTimes.get(stream);
      // Pods that come later, by the same name, begin after all that is known.
      lastTimes.delete(stream);
      // One after the other: the store answers few at a time.
      const asked = turn.then(() => (last === undefined ? undefined : store.known(first, last)));
      turn = asked.catch(() => undefined);
      const known = await asked;
      const current = readers.get(key);
      if (current !== undefined || signal.aborted) return;
      const reader = new Reader({
        api,
        first: states.get(key) ?? first,
        known,
        take: (entry, of) => sender.push(JSON.stringify(this.#document(entry, of))),
        log,
        trouble: (words) => {
          this.#tell(key, words);
        },
        signal,
        holdMs: pace.holdMs,
        pauseMs: pace.againMs,
      });
      readers.set(key, reader);
      if (gone.has(first.uid)) reader.gone();
      await reader.read();
      this.#countOf(reader);
      this.#tell(key, undefined);
      readers.delete(key);
      gone.delete(first.uid);
    };
    const states = new Map<string, ContainerState>();
    const gone = new Set<string>();
    const listener = {
      changed: (state: ContainerState): void => {
        const key = `${state.uid}/${state.container}`;
        const isNew = !states.has(key);
        states.set(key, state);
        readers.get(key)?.changed(state);
        if (isNew) begin(state, key).catch(failed.reject);
      },
      gone: (uid: string): void => {
        gone.add(uid);
        for (const [key, { uid: of }] of states) {
          if (of !== uid) continue;
          readers.get(key)?.gone();
          states.delete(key);
        }
      },
    };
    const watching = namespaces.map((namespace) =>
      watchPods({
        api,
        namespace,
        listener,
        signal,
        log,
        trouble: (words) => {
          this.#tell(namespace, words);
        },
      }),
    );
    await Promise.race([sender.run(), failed.promise, Promise.all(watching)]);
  }

  #document({ time, text, until }: Entry, of: ContainerState): object {
    const { words } = this.#options;
    const labelled = (names: readonly string[] = []): string | undefined =>
      names.map((name) => of.annotations[name] ?? of.labels[name]).find((value) => value !== undefined);
    const level = levelOf(text);
    const [run, user] = [labelled(words.run), labelled(words.user)];
    const component = of.labels[COMPONENT_LABEL];
    return {
      _time: time,
      // The store takes no entry without a word.
      _msg: text === "" ? " " : this.#masking.mask(text),
      namespace: of.namespace,
      pod: of.pod,
      container: of.container,
      service: of.labels[NAME_LABEL] ?? labelled(words.service) ?? of.pod,
      ...(component !== undefined && { component }),
      ...(of.node !== undefined && { node: of.node }),
      ...(level !== undefined && { level }),
      ...(run !== undefined && { run }),
      ...(user !== undefined && { user }),
      ...(until !== undefined && { until }),
    };
  }

  #tell(what: string, words: string | undefined): void {
    if (words === undefined) this.#troubles.delete(what);
    else this.#troubles.set(what, words);
  }

  #count(): void {
    for (const reader of this.#readers.values()) this.#countOf(reader);
  }

  /** Remembers what a reader has left out, before it goes. */
  #countOf(reader: Reader): void {
    if (reader.skipped === 0) return;
    const name = `${reader.state.pod}/${reader.state.container}`;
    const before = this.#skipped.get(name) ?? 0;
    this.#skipped.delete(name);
    this.#skipped.set(name, before + reader.skipped);
    reader.skipped = 0;
    const [oldest] = this.#skipped.keys();
    if (this.#skipped.size > MOST_TOLD && oldest !== undefined) this.#skipped.delete(oldest);
  }
}
