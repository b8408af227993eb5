/** From the flows that NiFi has to those of the files. What people have changed on the canvas is never overwritten. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import {
  comment,
  download,
  FlowProblem,
  type GroupEntity,
  groupsOnCanvas,
  importGroup,
  notRunning,
  POLL_MS,
  replaceGroup,
  start,
  stop,
} from "./canvas.ts";
import type { FlowState } from "./conditions.ts";
import { commentsOf, descriptionOf, type Mark, markOf } from "./marks.ts";
import { CONTEXT, type Definition, extensionsIn, fingerprint, hash, readFlow } from "./flow-file.ts";
import type { NifiApi } from "./nifi-api.ts";

export interface SeenFlow {
  readonly state: FlowState;
  /** The group on the canvas; `undefined` where there is none. */
  readonly group?: GroupEntity;
  /** Fingerprint of what is on the canvas. */
  readonly there?: string;
}

/** @param text of the file @returns how the flow of a file is on the canvas; a group of that name which nobody has marked is people's own */
export async function lookAt(
  api: NifiApi,
  text: string,
  flow: Definition,
  groups: readonly GroupEntity[],
): Promise<SeenFlow> {
  const group = groups.find(({ component }) => component.name === flow.flowContents.name);
  if (group === undefined) return { state: "new" };
  const there = fingerprint(await download(api, group.id));
  const mark = markOf(group);
  const isEdited = there !== mark?.flow;
  const stateOf = (): FlowState => {
    // What was interrupted, or did not come to run, is put in again, as long as nobody has mended it on the canvas.
    if (mark?.word === "begun" && (mark.flow === undefined || !isEdited)) return "changed";
    // What is as the file has it has been pulled, or was put in by somebody else.
    if (isEdited && there === fingerprint(flow)) return "same";
    const isOther = hash(text) !== mark?.file;
    return isEdited ? (isOther ? "both" : "drifted") : isOther ? "changed" : "same";
  };
  return { state: stateOf(), group, there };
}

/** Words for each flow that is not as its file has it. */
export function driftWords(file: string, name: string, state: FlowState): string | undefined {
  const ways =
    "to keep the canvas, run npm run flows -- --pull, and then npm run up; to have the file's, stop the group on the canvas, empty its queues " +
    "and delete it";
  if (state === "drifted") return `flow ${name} was changed on the canvas, and is not as ${file} has it; ${ways}`;
  if (state === "both") return `flow ${name} was changed both on the canvas and in ${file}; ${ways}`;
  return undefined;
}

/** Types of processors and controller services that NiFi has, with the archive of each. */
async function typesOf(api: NifiApi): Promise<Map<string, { group: string; artifact: string; version: string }>> {
  const bundle = z.object({ group: z.string(), artifact: z.string(), version: z.string() });
  const entry = z.object({ type: z.string(), bundle });
  const { processorTypes } = await api.ask(
    z.object({ processorTypes: z.array(entry) }),
    "GET",
    "/flow/processor-types",
  );
  const { controllerServiceTypes } = await api.ask(
    z.object({ controllerServiceTypes: z.array(entry) }),
    "GET",
    "/flow/controller-service-types",
  );
  return new Map([...processorTypes, ...controllerServiceTypes].map((one) => [one.type, one.bundle]));
}

/** The flow with the archives that this NiFi has. @throws {FlowProblem} naming each type that it lacks */
async function suited(api: NifiApi, flow: Definition): Promise<Definition> {
  const types = await typesOf(api);
  const copy = structuredClone(flow);
  // NiFi binds a group to a context that the definition has, by its name, and takes the values of the one that is there.
  copy.parameterContexts[CONTEXT] ??= { name: CONTEXT, parameters: [], inheritedParameterContexts: [] };
  const missing = extensionsIn(copy.flowContents).filter((one) => {
    const bundle = types.get(one.type);
    if (bundle !== undefined) one.bundle = bundle;
    return bundle === undefined;
  });
  if (missing.length > 0) {
    const names = [...new Set(missing.map(({ type, name }) => `${type} ("${name}")`))].join(", ");
    throw new FlowProblem(
      `it has what this NiFi does not: ${names}; its canvas lists what there is, and own archives come with services.nifi.image`,
    );
  }
  return copy;
}

/** A file with a flow. */
export interface FlowFile {
  /** `flows/mine.json` */
  readonly file: string;
  readonly text: string;
}

/**
 * Puts a flow onto the canvas, over what is there of it, and starts it.
 * @returns the id of its group, and its comments for when it runs
 */
async function put(
  api: NifiApi,
  { text, flow }: { readonly text: string; readonly flow: Definition },
  { group, there }: SeenFlow,
  place: { readonly root: string; readonly count: number },
): Promise<{ readonly id: string; readonly whole: string }> {
  const own = await suited(api, flow);
  const { name, comments } = flow.flowContents;
  const note = (mark: Pick<Mark, "word" | "flow"> & Partial<Pick<Mark, "file">>): string =>
    commentsOf({ file: hash(text), name, ...mark }, descriptionOf(comments));
  own.flowContents.comments = note({ word: "begun" });
  const id =
    group === undefined
      ? await importGroup(api, own, place)
      : await replace(api, group, { own, there, begun: note({ word: "begun", flow: there, ...fileOf(group) }) });
  // What is drawn from now on is people's.
  const known = fingerprint(await download(api, id));
  await comment(api, id, note({ word: "begun", flow: known }));
  await start(api, id);
  return { id, whole: note({ word: "file", flow: known }) };
}

/** As long as another one is not put in, a group is that of its old file. */
function fileOf(group: GroupEntity): Partial<Pick<Mark, "file">> {
  const file = markOf(group)?.file;
  return file === undefined ? {} : { file };
}

async function replace(
  api: NifiApi,
  { id, component }: GroupEntity,
  { own, there, begun }: { readonly own: Definition; readonly there: string | undefined; readonly begun: string },
): Promise<string> {
  const isAsBefore = async (): Promise<boolean> => fingerprint(await download(api, id)) === there;
  await comment(api, id, begun);
  try {
    await stop(api, id);
    if (!(await isAsBefore())) throw new FlowProblem("it was changed on the canvas just now, so it was not put in");
    await replaceGroup(api, id, own, "it can't be put onto the canvas");
    return id;
  } catch (error) {
    // The one of before goes on, as far as NiFi still answers.
    await isAsBefore()
      .then((isSo) => (isSo ? comment(api, id, component.comments ?? "") : undefined))
      .catch(() => undefined);
    await start(api, id).catch(() => undefined);
    throw error;
  }
}

/** Notes that a flow runs that was begun. */
export async function settle(api: NifiApi, group: GroupEntity): Promise<void> {
  const mark = markOf(group);
  if (mark === undefined) return;
  await comment(api, group.id, commentsOf({ ...mark, word: "file" }, descriptionOf(group.component.comments)));
}

export interface Applied {
  /** Name of its group; `undefined`: the file has none. */
  readonly name?: string;
  readonly done?: "made" | "changed";
  /** It is not as its file has it, since people have changed it: nothing was done. */
  readonly drift?: string;
  /** What can't be done. */
  readonly problems: readonly string[];
}

const START_MS = 60_000;

/**
 * Makes a flow on the canvas what its file has.
 * @param startMs time in which all of it must run
 * @throws Error where NiFi does not answer
 */
export async function applyFlow(api: NifiApi, { file, text }: FlowFile, startMs = START_MS): Promise<Applied> {
  const { flow, problems: wrong } = readFlow(file, text);
  if (flow === undefined || wrong.length > 0) return { problems: wrong };
  const { name } = flow.flowContents;
  const { root, groups } = await groupsOnCanvas(api);
  const seen = await lookAt(api, text, flow, groups);
  const { state, group, there } = seen;
  const drift = driftWords(file, name, state);
  if (drift !== undefined) return { name, drift, problems: [] };
  if (state === "same") {
    if (group !== undefined && markOf(group)?.file !== hash(text)) {
      const mark: Mark = { word: "file", file: hash(text), flow: there, name };
      await comment(api, group.id, commentsOf(mark, descriptionOf(flow.flowContents.comments)));
    }
    return { name, problems: [] };
  }
  try {
    const { id, whole } = await put(api, { text, flow }, seen, { root, count: groups.length });
    const idle = await idleAfter(api, id, startMs);
    if (idle.length === 0) await comment(api, id, whole);
    return {
      name,
      done: state === "new" ? "made" : "changed",
      problems: idle.map((one) => `flow ${file}: ${one}`),
    };
  } catch (error) {
    return { name, problems: [flowProblem(file, error)] };
  }
}

/** What is wrong with one flow, in words. @throws Error where it is not the flow: NiFi does not answer, or refuses the login */
export function flowProblem(file: string, error: unknown): string {
  if (error instanceof FlowProblem) return `flow ${file}: ${error.message}`;
  if (error instanceof z.ZodError) return `flow ${file}: an answer of NiFi's is not understood: ${error.message}`;
  if (!(error instanceof ApiRefusal) || error.status === 401 || error.status === 403) throw error;
  return `flow ${file}: NiFi ${error.status < 500 ? "refuses it" : "fails"}: ${error.message}`;
}

async function idleAfter(api: NifiApi, id: string, limitMs: number): Promise<string[]> {
  const end = Date.now() + limitMs;
  for (;;) {
    const idle = await notRunning(api, id);
    if (idle.length === 0 || Date.now() > end) return idle;
    await sleep(POLL_MS);
  }
}
