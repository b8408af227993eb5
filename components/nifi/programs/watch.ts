/** Watches over the flows: keeps them as the files have them, where nobody has drawn anything else, and knows how all are. */
import { applyFlow, driftWords, type FlowFile, flowProblem, lookAt, settle } from "./apply-flows.ts";
import { download, type GroupEntity, groupsOnCanvas } from "./canvas.ts";
import { markOf } from "./marks.ts";
import type { Condition, FlowState } from "./conditions.ts";
import { fileText, hash, readFlow } from "./flow-file.ts";
import { groupStatus, type GroupStatus } from "./group-status.ts";
import type { NifiApi } from "./nifi-api.ts";
import { applyParameters } from "./parameters.ts";

export interface FlowReport {
  /** Name of its group. */
  readonly name: string;
  /** @default - it has none */
  readonly file?: string;
  /** Tells the text of the file from any other. */
  readonly hash?: string;
  readonly condition: Condition;
  /** @default - it is not on the canvas */
  readonly group?: GroupStatus;
  /** What was wrong with putting it in, a sentence each; what does not run of a flow that was not put in anew is in `group`. */
  readonly problems: readonly string[];
  /** How canvas and file differ, and the ways out. */
  readonly drift?: string;
}

export interface FlowsReport {
  /** When NiFi last answered, in ISO 8601; `null`: not yet. */
  readonly seen: string | null;
  /** Why nothing newer is known. */
  readonly problem?: string;
  /** Tells the files and parameters from any others. */
  readonly wanted: string;
  /** Number of the look that it is of. */
  readonly round: number;
  readonly flows: readonly FlowReport[];
}

export interface Wanted {
  readonly files: readonly FlowFile[];
  readonly parameters: Readonly<Record<string, string>>;
}

/** Tells what is wanted from anything else. */
export function wantedHash({ files, parameters }: Wanted): string {
  return hash(JSON.stringify([files.map(({ file, text }) => [file, text]), parameters]));
}

export interface WatchOptions extends Wanted {
  /** Logs in. */
  readonly login: () => Promise<NifiApi>;
  readonly log: (line: string) => void;
  /** Time in which all of a flow must run, in ms. @default 60000 */
  readonly startMs?: number;
  readonly now?: () => number;
}

/** Time after a refusal until a flow is tried again, in ms; each further one doubles it up to the longest. */
const SHORTEST_PAUSE = 60_000;
const LONGEST_PAUSE = 15 * 60_000;

/** What came of a flow's file. */
interface Given {
  readonly isPut: boolean;
  readonly refused: readonly string[];
  /** Refusals in a row. */
  readonly refusals: number;
  /** When it is tried again, in ms since the epoch. */
  readonly nextAt: number;
}

export class Watch {
  readonly #options: WatchOptions;
  #api: NifiApi | undefined;
  /** What came of the files that NiFi was given. */
  readonly #given = new Map<string, Given>();
  #round = 0;
  #report: FlowsReport;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#report = { seen: null, wanted: wantedHash(options), round: 0, flows: [] };
  }

  get report(): FlowsReport {
    return this.#report;
  }

  /** One look. It throws nothing: what is wrong is in the report. */
  async look(): Promise<void> {
    const { login, log, files, parameters, now = Date.now } = this.#options;
    const round = ++this.#round;
    try {
      this.#api ??= await login();
      const api = this.#api;
      if (await applyParameters(api, parameters)) log("parameters: set");
      const flows: FlowReport[] = [];
      for (const file of files) flows.push(await this.#keep(api, file).catch((error: unknown) => failed(file, error)));
      const known = new Set(flows.map(({ name }) => name));
      const { groups } = await groupsOnCanvas(api);
      for (const group of groups) {
        if (!known.has(group.component.name)) flows.push(await strangerOf(api, group));
      }
      const { wanted } = this.#report;
      this.#report = { seen: new Date(now()).toISOString(), wanted, round, flows };
    } catch (error) {
      this.#api = undefined;
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#report.problem) log(problem);
      this.#report = { ...this.#report, round, problem };
    }
  }

  /** What was refused is tried again at the next look. @returns the number of that look */
  again(): number {
    for (const [file, given] of this.#given) this.#given.set(file, { ...given, nextAt: 0 });
    return this.#round + 1;
  }

  /**
   * Text for the file of a flow, as it is on the canvas.
   * @returns `undefined` where there is no group of that name
   * @throws Error where NiFi does not answer
   */
  async textOf(name: string): Promise<string | undefined> {
    const api = (this.#api ??= await this.#options.login());
    const { groups } = await groupsOnCanvas(api);
    const group = groups.find(({ component }) => component.name === name);
    return group && fileText(await download(api, group.id));
  }

  /** A flow is put in once, again when its group is gone, and after a pause when NiFi has refused it. */
  async #keep(api: NifiApi, { file, text }: FlowFile): Promise<FlowReport> {
    const { flow, problems: wrong } = readFlow(file, text);
    const name = flow?.flowContents.name ?? file;
    if (flow === undefined || wrong.length > 0) return { name, file, condition: "refused", problems: wrong };
    const look = async () => lookAt(api, text, flow, (await groupsOnCanvas(api)).groups);
    let seen = await look();
    if (this.#isDue(file, seen.state)) {
      await this.#give(api, { file, text });
      seen = await look();
    }
    const { state, group } = seen;
    const { isPut = false, refused = [] } = this.#given.get(file) ?? {};
    const status = group && (await groupStatus(api, group.id));
    const idle = isPut ? (status?.idle ?? []) : [];
    const runsLate = group !== undefined && isPut && state === "changed" && idle.length === 0;
    if (runsLate) await settle(api, group);
    const drift = driftWords(file, name, state);
    // What people have drawn since is not for the platform to try.
    const isRefused = refused.length > 0 && (state === "new" || state === "changed");
    return {
      name,
      file,
      hash: hash(text),
      condition: isRefused ? "refused" : runsLate ? "same" : state,
      ...(status && { group: status }),
      problems: [
        ...(isRefused ? refused : []),
        ...idle.map((one) => `flow ${name}: ${one}`),
        ...(state === "both" && drift !== undefined ? [drift] : []),
      ],
      ...(drift !== undefined && { drift }),
    };
  }

  #isDue(file: string, state: FlowState): boolean {
    const { now = Date.now } = this.#options;
    const given = this.#given.get(file);
    if (given === undefined) return true;
    if (state !== "new" && state !== "changed") return false;
    if (given.refused.length > 0) return now() >= given.nextAt;
    // Its group is gone, or is again as it was before its file was changed.
    return state === "new" || !given.isPut;
  }

  async #give(api: NifiApi, { file, text }: FlowFile): Promise<void> {
    const { log, startMs, now = Date.now } = this.#options;
    const { name, done, problems } = await applyFlow(api, { file, text }, startMs);
    if (done !== undefined) log(`flow ${name ?? file}: ${done}`);
    const refused = done === undefined ? problems : [];
    refused.forEach(log);
    const refusals = refused.length === 0 ? 0 : (this.#given.get(file)?.refusals ?? 0) + 1;
    const pause = Math.min(SHORTEST_PAUSE * 2 ** (refusals - 1), LONGEST_PAUSE);
    this.#given.set(file, { isPut: done !== undefined, refused, refusals, nextAt: now() + pause });
  }
}

/** What NiFi says of one flow does not keep the others from being looked at. */
function failed({ file, text }: FlowFile, error: unknown): FlowReport {
  // By this name it is known on the canvas, too.
  const name = readFlow(file, text).flow?.flowContents.name ?? file;
  return { name, file, hash: hash(text), condition: "refused", problems: [flowProblem(file, error)] };
}

/** A group that no file is for. */
async function strangerOf(api: NifiApi, group: GroupEntity): Promise<FlowReport> {
  const { name } = group.component;
  const status = await groupStatus(api, group.id);
  const isOurs = markOf(group) !== undefined;
  return {
    name,
    condition: isOurs ? "file is gone" : "without file",
    group: status,
    problems: [],
    drift: isOurs
      ? `flow ${name} is on the canvas, and its file is gone: stop and delete its group there, or bring the file back with npm run flows -- --pull --flow ${name}`
      : `flow ${name} is drawn on the canvas alone; npm run flows -- --pull --flow ${name} makes a file of it`,
  };
}
