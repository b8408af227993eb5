/** Watches over the flows: keeps them as the files have them, where nobody has drawn anything else, and knows how all are. */
import { applyFlow, driftWords, type FlowFile, lookAt, mark, markOf } from "./apply-flows.ts";
import { download, type GroupEntity, groupsOnCanvas } from "./canvas.ts";
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

export class Watch {
  readonly #options: WatchOptions;
  #api: NifiApi | undefined;
  /** What came of the files that NiFi was given. */
  readonly #given = new Map<string, { readonly isPut: boolean; readonly refused: readonly string[] }>();
  #report: FlowsReport;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#report = { seen: null, wanted: wantedHash(options), flows: [] };
  }

  get report(): FlowsReport {
    return this.#report;
  }

  /** One look. It throws nothing: what is wrong is in the report. */
  async look(): Promise<void> {
    const { login, log, files, parameters, now = Date.now } = this.#options;
    try {
      this.#api ??= await login();
      const api = this.#api;
      if (await applyParameters(api, parameters)) log("parameters: set");
      const flows: FlowReport[] = [];
      for (const file of files) flows.push(await this.#keep(api, file));
      const known = new Set(flows.map(({ name }) => name));
      const { groups } = await groupsOnCanvas(api);
      for (const group of groups) {
        if (!known.has(group.component.name)) flows.push(await strangerOf(api, group));
      }
      const { wanted } = this.#report;
      this.#report = { seen: new Date(now()).toISOString(), wanted, flows };
    } catch (error) {
      this.#api = undefined;
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#report.problem) log(problem);
      this.#report = { ...this.#report, problem };
    }
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

  /** A flow is put in once, and again when its group is gone. */
  async #keep(api: NifiApi, { file, text }: FlowFile): Promise<FlowReport> {
    const { log, startMs } = this.#options;
    const { flow, problems: wrong } = readFlow(file, text);
    if (flow === undefined || wrong.length > 0) return { name: file, file, condition: "refused", problems: wrong };
    const { name } = flow.flowContents;
    let given = this.#given.get(file);
    let seen = await lookAt(api, text, flow, (await groupsOnCanvas(api)).groups);
    if (given === undefined || (given.refused.length === 0 && isOpen(seen.state, given.isPut))) {
      const { done, problems } = await applyFlow(api, { file, text }, startMs);
      if (done !== undefined) log(`flow ${name}: ${done}`);
      given = { isPut: done !== undefined, refused: done === undefined ? problems : [] };
      this.#given.set(file, given);
      seen = await lookAt(api, text, flow, (await groupsOnCanvas(api)).groups);
    }
    const { state, group } = seen;
    const status = group && (await groupStatus(api, group.id));
    const idle = given.isPut ? (status?.idle ?? []) : [];
    const runsLate = group !== undefined && given.isPut && state === "changed" && idle.length === 0;
    if (runsLate) await mark(api, group.id, text, "file");
    const drift = driftWords(file, name, state);
    return {
      name,
      file,
      hash: hash(text),
      condition: given.refused.length > 0 ? "refused" : runsLate ? "same" : state,
      ...(status && { group: status }),
      problems: [
        ...given.refused,
        ...idle.map((one) => `flow ${name}: ${one}`),
        ...(state === "both" && drift !== undefined ? [drift] : []),
      ],
      ...(drift !== undefined && { drift }),
    };
  }
}

/** Whether a flow is still to be put in: its group is gone, or is again as it was before its file was changed. */
function isOpen(state: FlowState, isPut: boolean): boolean {
  return state === "new" || (state === "changed" && !isPut);
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
