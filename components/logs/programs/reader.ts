/** Reads the log of one container, from where the store has it, through all of its restarts. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../../platform/describe-error.ts";
import { type Entry, EntryMaker } from "./entries.ts";
import { type KubeApi, KubeRefusal } from "../../../platform/kube-api.ts";
import { type Line, LineSplitter, nanoseconds, readLine } from "./lines.ts";
import type { ContainerState } from "./pods.ts";
import { isKnown, type Known } from "./store.ts";

export interface ReaderOptions {
  readonly api: KubeApi;
  readonly first: ContainerState;
  /** What the store has of it. @default - nothing */
  readonly known?: Known | undefined;
  /** It is done when there is room for the next. */
  readonly take: (entry: Entry, of: ContainerState) => Promise<void>;
  readonly log: (line: string) => void;
  /** Is told why it can't be read now; `undefined`: it can. */
  readonly trouble?: (words: string | undefined) => void;
  readonly signal: AbortSignal;
  /** Bytes that are read of a container within a window; what writes more is left out for a while. @default 48 MiB in 12 s: 4 MiB/s */
  readonly limit?: { readonly bytes: number; readonly windowMs: number };
  /** Time after which an entry ends to which nothing was added, in ms. */
  readonly holdMs: number;
  /** Time between two tries, in ms. */
  readonly pauseMs: number;
}

/** Time in which a container may log nothing before its log is asked for again, in ms. */
const QUIET_MS = 30 * 60_000;
const LIMIT = { bytes: 48 * 1024 * 1024, windowMs: 12_000 };

export class Reader {
  readonly #options: ReaderOptions;
  #state: ContainerState;
  #isGone = false;
  #change = Promise.withResolvers<undefined>();
  /** The run of the container that is read, and whether all of it is. */
  #run = -1;
  #isRead = true;
  /** Time of the last line. */
  #last = "";
  /** Whether the next line must be one that the store has, or follow on the last. */
  #isResumed: boolean;
  /** What the store has, until more was read. */
  #known: Known | undefined;
  /** Whether lines may come that were read before: until the first one that was not. */
  #isCatchingUp = true;
  /** Times that something was left out. */
  skipped = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#state = options.first;
    this.#known = options.known;
    this.#isResumed = options.known !== undefined;
  }

  get state(): ContainerState {
    return this.#state;
  }

  changed(state: ContainerState): void {
    this.#state = state;
    this.#tell();
  }

  /** The pod is gone: what is still to be had is read. */
  gone(): void {
    this.#isGone = true;
    this.#tell();
  }

  #tell(): void {
    this.#change.resolve(undefined);
    this.#change = Promise.withResolvers<undefined>();
  }

  /** Reads until the pod is gone, or the signal ends it. It throws nothing. */
  async read(): Promise<void> {
    const { signal, pauseMs } = this.#options;
    let problem = "";
    const isOver = (): boolean => signal.aborted;
    const over = Promise.withResolvers<undefined>();
    const end = (): void => {
      over.resolve(undefined);
    };
    signal.addEventListener("abort", end, { once: true });
    while (!isOver()) {
      if (this.#isRead && !this.#next()) {
        if (this.#isGone) return;
        await Promise.race([this.#change.promise, over.promise]);
        continue;
      }
      try {
        await this.#readRun();
        problem = "";
      } catch (error) {
        if (isOver()) return;
        // A kubelet that has just been started anew knows no pod yet. Of a pod that is gone the watch tells.
        if (error instanceof KubeRefusal && this.#isGone) return;
        // Until its container has begun there is nothing to read, and of runs before the last one there is nothing any more.
        if (error instanceof KubeRefusal && error.status === 400) this.#isRead = this.#run < this.#state.restarts;
        else {
          const words = `${this.#state.pod}, ${this.#state.container}: ${describeError(error)}`;
          if (words !== problem) this.#options.log(words);
          problem = words;
          this.#options.trouble?.(words);
        }
      }
      if (!this.#isRead) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (this.#isGone && !this.#isRead) this.#isRead = true;
    }
  }

  /** Goes on to the next run of the container, if there is one whose log is to be had. */
  #next(): boolean {
    const { restarts, state } = this.#state;
    const from = Math.max(this.#run + 1, restarts - 1, 0);
    if (from > restarts || (from === restarts && state === "waiting")) return false;
    this.#run = from;
    this.#isRead = false;
    return true;
  }

  async #readRun(): Promise<void> {
    const { api, signal, holdMs } = this.#options;
    const run = this.#run;
    const isCurrent = (): boolean => run === this.#state.restarts;
    const query = new URLSearchParams({ container: this.#state.container, timestamps: "true" });
    if (isCurrent()) query.set("follow", "true");
    else query.set("previous", "true");
    const since = this.#last === "" ? this.#known?.since : this.#last;
    this.#isCatchingUp = true;
    if (since !== undefined && since !== "") query.set("sinceTime", `${since.slice(0, 19)}Z`);
    const path = `/api/v1/namespaces/${this.#state.namespace}/pods/${this.#state.pod}/log?${query.toString()}`;

    const closing = new AbortController();
    // Of a container that logs nothing there is not even the head of an answer.
    const stream = await api.stream(path, AbortSignal.any([signal, closing.signal]), QUIET_MS);
    this.#options.trouble?.(undefined);
    const splitter = new LineSplitter();
    const maker = new EntryMaker();
    const give = async (entry: Entry | undefined): Promise<void> => {
      if (entry !== undefined) await this.#options.take(entry, this.#state);
    };
    // What is held is given when nothing has come for a while; it may not overtake what is being given.
    let giving: Promise<void> = Promise.resolve();
    let touched = Date.now();
    let timer: NodeJS.Timeout | undefined;
    const flushLater = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (Date.now() - touched < holdMs) {
          flushLater();
          return;
        }
        const entry = maker.flush();
        if (entry !== undefined) giving = giving.then(() => give(entry));
      }, holdMs);
    };
    const flow = new Flow(this.#options.limit ?? LIMIT);
    try {
      for await (const chunk of stream) {
        touched = Date.now();
        for (const text of splitter.push(chunk as Buffer)) {
          const ended = this.#entryOf(maker, text);
          if (ended !== undefined) {
            giving = giving.then(() => give(ended));
            // Who waits for the store has not waited for the log.
            touched = Infinity;
            await giving;
          }
          touched = Date.now();
        }
        flushLater();
        if (!flow.isTooMuch((chunk as Buffer).length)) continue;
        giving = giving.then(() => give(maker.flush()));
        await giving;
        closing.abort();
        await this.#leaveOut();
        return;
      }
      // Kubernetes ends an answer also for reasons of its own.
      this.#isRead = !isCurrent() || this.#state.state !== "running" || this.#isGone;
      if (!this.#isRead) return;
      // Where more may come, a line without its end is read again as a whole.
      for (const text of splitter.end()) {
        const ended = this.#entryOf(maker, text);
        giving = giving.then(() => give(ended));
      }
    } finally {
      clearTimeout(timer);
      giving = giving.then(() => give(maker.flush()));
      await giving;
    }
  }

  #entryOf(maker: EntryMaker, text: string): Entry | undefined {
    const line = readLine(text);
    if (line === undefined) return undefined;
    if (this.#isCatchingUp && line.time <= this.#last) return undefined;
    const known = this.#known;
    if (known !== undefined && isKnown(known, line.time)) {
      this.#isResumed = false;
      return undefined;
    }
    // From here on a line of an earlier time is one of a clock that was set back.
    this.#isCatchingUp = false;
    const hole = this.#isResumed ? this.#holeBefore(line) : undefined;
    this.#isResumed = false;
    this.#last = line.time;
    if (known !== undefined && line.time > (known.entries.at(-1)?.[1] ?? "")) this.#known = undefined;
    if (hole === undefined) return maker.push(line);
    // Of the two the line is the later one, so it begins an entry of its own.
    maker.push(hole);
    return maker.push(line);
  }

  /** The log of the same run that was read before begins later than where that ended: it was rotated meanwhile. */
  #holeBefore({ time }: Line): Line | undefined {
    const known = this.#known;
    const [, until = ""] = known?.entries.at(-1) ?? [];
    const startedAt = nanoseconds(this.#state.startedAt ?? "") ?? "";
    if (until === "" || startedAt === "" || startedAt > until || this.#run !== this.#state.restarts) return undefined;
    this.skipped++;
    return {
      time: `${new Date(Date.parse(time) - 1).toISOString().slice(0, -1)}000000Z`,
      text: `millrace: lines between ${until.slice(0, 19)}Z and ${time.slice(0, 19)}Z may be missing: nobody read this log, and it was rotated`,
    };
  }

  async #leaveOut(): Promise<void> {
    const { take, signal } = this.#options;
    const { bytes, windowMs } = this.#options.limit ?? LIMIT;
    const from = this.#last;
    await sleep(windowMs, undefined, { signal }).catch(() => undefined);
    const now = `${new Date().toISOString().slice(0, -1)}000000Z`;
    this.skipped++;
    const rate = Math.round((bytes / 1024 / 1024 / (windowMs / 1000)) * 10) / 10;
    const text = `millrace: what was logged between ${from.slice(0, 19)}Z and ${now.slice(0, 19)}Z is left out: more than ${rate} MiB/s are not kept`;
    await take({ time: now, text }, this.#state);
    this.#last = now;
  }
}

/** Whether more comes than is kept. */
class Flow {
  readonly #limit: { readonly bytes: number; readonly windowMs: number };
  #from = Date.now();
  #bytes = 0;

  constructor(limit: { readonly bytes: number; readonly windowMs: number }) {
    this.#limit = limit;
  }

  isTooMuch(bytes: number): boolean {
    const { bytes: most, windowMs } = this.#limit;
    if (Date.now() - this.#from > windowMs) {
      this.#from = Date.now();
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    return this.#bytes > most;
  }
}
