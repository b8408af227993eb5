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
import { CONTEXT, type Definition, extensionsIn, fingerprint, hash, readFlow } from "./flow-file.ts";
import type { NifiApi } from "./nifi-api.ts";

export interface SeenFlow {
  readonly state: FlowState;
  /** The group on the canvas; `undefined` where there is none. */
  readonly group?: GroupEntity;
}

/** What the platform notes of a group that it has made, in the group's comments. */
interface Mark {
  /** `begun`: it does not run yet, or not all of it. */
  readonly word: "begun" | "file";
  /** Hash of the file. */
  readonly file: string;
  /** Fingerprint of what was put in; `undefined`: that has not ended. */
  readonly flow?: string | undefined;
}

const MARK = /millrace: (begun|file) ([0-9a-f]{16})(?:, flow ([0-9a-f]{16}))?/;

export function markOf({ component }: GroupEntity): Mark | undefined {
  const [found, word, file = "", flow] = MARK.exec(component.comments ?? "") ?? [];
  return found === undefined ? undefined : { word: word === "begun" ? "begun" : "file", file, flow };
}

function commentsOf({ word, file, flow }: Mark): string {
  const own = "Kept as code by the platform: changes here are seen, and not overwritten.";
  return `${own}\nmillrace: ${word} ${file}${flow === undefined ? "" : `, flow ${flow}`}`;
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
  const there = await download(api, group.id);
  const mark = markOf(group);
  const isEdited = fingerprint(there) !== mark?.flow;
  // What was interrupted, or did not come to run, is put in again, as long as nobody has mended it on the canvas.
  if (mark?.word === "begun" && (mark.flow === undefined || !isEdited)) return { state: "changed", group };
  const isOther = hash(text) !== mark?.file;
  // What is as the file has it has been pulled, or was put in by somebody else.
  if (isEdited && fingerprint(there) === fingerprint(flow)) return { state: "same", group };
  const state = isEdited ? (isOther ? "both" : "drifted") : isOther ? "changed" : "same";
  return { state, group };
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

/** Puts a flow onto the canvas, over what is there of it, and starts it. @returns the id of its group */
async function put(
  api: NifiApi,
  { text, flow }: { readonly text: string; readonly flow: Definition },
  group: GroupEntity | undefined,
  place: { readonly root: string; readonly count: number },
): Promise<string> {
  const own = await suited(api, flow);
  const begun = commentsOf({ word: "begun", file: hash(text) });
  own.flowContents.comments = begun;
  const id = group === undefined ? await importGroup(api, own, place) : await replace(group);
  await mark(api, id, text, "begun");
  await start(api, id);
  return id;

  async function replace(old: GroupEntity): Promise<string> {
    await comment(api, old.id, begun);
    await stop(api, old.id);
    try {
      await replaceGroup(api, old.id, own, "it can't be put onto the canvas");
    } catch (error) {
      await comment(api, old.id, old.component.comments ?? "");
      await start(api, old.id);
      throw error;
    }
    return old.id;
  }
}

/** Notes what was put in, so that changes on the canvas are seen; `file`: and that it runs. */
export async function mark(api: NifiApi, id: string, text: string, word: Mark["word"]): Promise<void> {
  const flow = fingerprint(await download(api, id));
  await comment(api, id, commentsOf({ word, file: hash(text), flow }));
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
  const { state, group } = await lookAt(api, text, flow, groups);
  const drift = driftWords(file, name, state);
  if (drift !== undefined) return { name, drift, problems: [] };
  if (state === "same") {
    if (group !== undefined && markOf(group)?.file !== hash(text)) await mark(api, group.id, text, "file");
    return { name, problems: [] };
  }
  try {
    const id = await put(api, { text, flow }, group, { root, count: groups.length });
    const idle = await idleAfter(api, id, startMs);
    if (idle.length === 0) await mark(api, id, text, "file");
    return {
      name,
      done: state === "new" ? "made" : "changed",
      problems: idle.map((one) => `flow ${file}: ${one}`),
    };
  } catch (error) {
    if (error instanceof ApiRefusal && error.status < 500)
      return { name, problems: [`flow ${file}: NiFi refuses it: ${error.message}`] };
    if (error instanceof FlowProblem) return { name, problems: [`flow ${file}: ${error.message}`] };
    throw error;
  }
}

async function idleAfter(api: NifiApi, id: string, limitMs: number): Promise<string[]> {
  const end = Date.now() + limitMs;
  for (;;) {
    const idle = await notRunning(api, id);
    if (idle.length === 0 || Date.now() > end) return idle;
    await sleep(POLL_MS);
  }
}
