/** From the flows that NiFi has to those of the files. What people have changed on the canvas is never overwritten. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import {
  CONTEXT,
  type Definition,
  definitionSchema,
  extensionsIn,
  fingerprint,
  groupsIn,
  hash,
  readFlow,
} from "./flow-file.ts";
import type { NifiApi } from "./nifi-api.ts";

const POLL_MS = 500;

const revision = z.looseObject({ version: z.number() });
const groupEntity = z.object({
  id: z.string(),
  revision,
  component: z.object({ id: z.string(), name: z.string(), comments: z.string().nullish() }),
});
export type GroupEntity = z.output<typeof groupEntity>;
const canvas = z.object({
  processGroupFlow: z.object({ id: z.string(), flow: z.object({ processGroups: z.array(groupEntity) }) }),
});
const contextEntity = z.object({
  id: z.string(),
  revision,
  component: z.object({
    name: z.string(),
    parameters: z
      .array(z.object({ parameter: z.object({ name: z.string(), value: z.string().nullish() }) }))
      .default([]),
  }),
});
const updating = z.object({
  request: z.object({ requestId: z.string(), complete: z.boolean(), failureReason: z.string().nullish() }),
});
const done = z.unknown();

/** How far a flow on the canvas is from its file. */
export type FlowState =
  /** Not there. */
  | "new"
  | "same"
  /** The file is another, and the canvas as it was. */
  | "changed"
  /** The canvas is another than what was put in. */
  | "drifted"
  /** Both are others. */
  | "both";

export interface SeenFlow {
  readonly state: FlowState;
  /** The group on the canvas; `undefined` where there is none. */
  readonly group?: GroupEntity;
  /** What is on the canvas. */
  readonly there?: Definition;
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

function markOf({ component }: GroupEntity): Mark | undefined {
  const [found, word, file = "", flow] = MARK.exec(component.comments ?? "") ?? [];
  return found === undefined ? undefined : { word: word === "begun" ? "begun" : "file", file, flow };
}

function commentsOf({ word, file, flow }: Mark): string {
  const own = "Kept as code by the platform: changes here are seen, and not overwritten.";
  return `${own}\nmillrace: ${word} ${file}${flow === undefined ? "" : `, flow ${flow}`}`;
}

export async function groupsOnCanvas(api: NifiApi): Promise<{ readonly root: string; readonly groups: GroupEntity[] }> {
  const { processGroupFlow } = await api.ask(canvas, "GET", "/flow/process-groups/root");
  return { root: processGroupFlow.id, groups: processGroupFlow.flow.processGroups };
}

export async function download(api: NifiApi, group: string): Promise<Definition> {
  return await api.ask(definitionSchema, "GET", `/process-groups/${group}/download`);
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
  if (mark?.word === "begun" && (mark.flow === undefined || !isEdited)) return { state: "changed", group, there };
  const isOther = hash(text) !== mark?.file;
  // What is as the file has it has been pulled, or was put in by somebody else.
  if (isEdited && fingerprint(there) === fingerprint(flow)) return { state: "same", group, there };
  const state = isEdited ? (isOther ? "both" : "drifted") : isOther ? "changed" : "same";
  return { state, group, there };
}

/** Words for each flow that is not as its file has it. */
export function driftWords(file: string, name: string, state: FlowState): string | undefined {
  const ways =
    `to keep the canvas, put what "Download flow definition" of its group writes into ${file}; to have the file's, delete the group on the ` +
    "canvas; then npm run up";
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

/** The flow with the archives that this NiFi has. @throws Error naming each type that it lacks */
export async function suited(api: NifiApi, file: string, flow: Definition): Promise<Definition> {
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
    throw new Error(
      `flow ${file} has what this NiFi does not: ${names}; its canvas lists what there is, and own archives come with services.nifi.image`,
    );
  }
  return copy;
}

/** Sets the parameters that the platform knows; others in the same context stay. */
export async function applyParameters(api: NifiApi, values: Readonly<Record<string, string>>): Promise<boolean> {
  const list = z.object({ parameterContexts: z.array(contextEntity) });
  const { parameterContexts } = await api.ask(list, "GET", "/flow/parameter-contexts");
  const found = parameterContexts.find(({ component }) => component.name === CONTEXT);
  const parameters = Object.entries(values).map(([name, value]) => ({ parameter: { name, value, sensitive: false } }));
  if (found === undefined) {
    const component = {
      name: CONTEXT,
      description: "What the platform knows. It sets these values at each npm run up.",
      parameters,
    };
    await api.ask(done, "POST", "/parameter-contexts", { revision: { version: 0 }, component });
    return true;
  }
  const known = new Map(found.component.parameters.map(({ parameter }) => [parameter.name, parameter.value]));
  const changed = parameters.filter(({ parameter }) => known.get(parameter.name) !== parameter.value);
  if (changed.length === 0) return false;
  const component = { id: found.id, name: CONTEXT, parameters: changed };
  const path = `/parameter-contexts/${found.id}/update-requests`;
  const body = { id: found.id, revision: found.revision, component };
  await finished(
    api,
    path,
    await api.ask(updating, "POST", path, body),
    `the parameters of context ${CONTEXT} can't be set`,
  );
  return true;
}

/** Waits for what NiFi does by and by. @throws Error with its words */
async function finished(api: NifiApi, path: string, begun: z.output<typeof updating>, what: string): Promise<void> {
  let { request } = begun;
  const own = `${path}/${request.requestId}`;
  while (!request.complete) {
    await sleep(POLL_MS);
    ({ request } = await api.ask(updating, "GET", own));
  }
  await api.ask(done, "DELETE", own);
  if (request.failureReason != null) throw new Error(`${what}: ${request.failureReason}`);
}

/** Puts a flow onto the canvas, over what is there of it, and starts it. @returns the id of its group */
export async function put(
  api: NifiApi,
  { file, text, flow }: { readonly file: string; readonly text: string; readonly flow: Definition },
  { group }: Pick<SeenFlow, "group">,
  place: { readonly root: string; readonly count: number },
): Promise<string> {
  const own = await suited(api, file, flow);
  own.flowContents.comments = commentsOf({ word: "begun", file: hash(text) });
  const id = group === undefined ? await create() : await replace(group);
  await mark(api, id, text, "begun");
  await start(api, id);
  return id;

  async function create(): Promise<string> {
    const made = await api.ask(groupEntity, "POST", `/process-groups/${place.root}/process-groups/import`, {
      revisionDTO: { version: 0 },
      groupName: flow.flowContents.name,
      positionDTO: { x: 480 * place.count, y: 0 },
      flowSnapshot: own,
    });
    return made.id;
  }

  async function replace(old: GroupEntity): Promise<string> {
    const path = `/process-groups/${old.id}/replace-requests`;
    await comment(api, old.id, commentsOf({ word: "begun", file: hash(text) }));
    await stop(api, old.id);
    try {
      // Stopping has changed it.
      const { revision: now } = await api.ask(groupEntity, "GET", `/process-groups/${old.id}`);
      const begun = await api.ask(updating, "POST", path, { processGroupRevision: now, versionedFlowSnapshot: own });
      await finished(api, "/process-groups/replace-requests", begun, `flow ${file} can't be put onto the canvas`);
    } catch (error) {
      await comment(api, old.id, old.component.comments ?? "");
      await start(api, old.id);
      throw error;
    }
    return old.id;
  }
}

/** Notes what was put in, so that changes on the canvas are seen. */
async function mark(api: NifiApi, id: string, text: string, word: Mark["word"]): Promise<void> {
  const flow = fingerprint(await download(api, id));
  await comment(api, id, commentsOf({ word, file: hash(text), flow }));
}

async function comment(api: NifiApi, id: string, comments: string): Promise<void> {
  const { revision: now } = await api.ask(groupEntity, "GET", `/process-groups/${id}`);
  await api.ask(done, "PUT", `/process-groups/${id}`, { revision: now, component: { id, comments } });
}

const busy = z.object({
  processGroupStatus: z.object({ aggregateSnapshot: z.object({ activeThreadCount: z.number() }) }),
});
const services = z.object({ controllerServices: z.array(z.object({ component: z.object({ state: z.string() }) })) });

/** Stops all of a group, and waits until it is at rest: only then NiFi changes a controller service. */
async function stop(api: NifiApi, id: string): Promise<void> {
  await api.ask(done, "PUT", `/flow/process-groups/${id}`, { id, state: "STOPPED" });
  await until(async () => {
    const { processGroupStatus } = await api.ask(busy, "GET", `/flow/process-groups/${id}/status`);
    return processGroupStatus.aggregateSnapshot.activeThreadCount === 0;
  });
  await api.ask(done, "PUT", `/flow/process-groups/${id}/controller-services`, { id, state: "DISABLED" });
  await until(async () => {
    const path = `/flow/process-groups/${id}/controller-services?includeAncestorGroups=false&includeDescendantGroups=true`;
    const { controllerServices } = await api.ask(services, "GET", path);
    return controllerServices.every(({ component }) => component.state === "DISABLED");
  });
}

/** Time in which a flow comes to rest: a processor may be at a long piece of work. */
const REST_MS = 90_000;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + REST_MS;
  while (!(await isSo())) {
    if (Date.now() > end)
      throw new Error(`a flow did not come to rest within ${REST_MS / 1000} s, so it was not changed; try again`);
    await sleep(POLL_MS);
  }
}

async function start(api: NifiApi, id: string): Promise<void> {
  await api.ask(done, "PUT", `/flow/process-groups/${id}/controller-services`, { id, state: "ENABLED" });
  await api.ask(done, "PUT", `/flow/process-groups/${id}`, { id, state: "RUNNING" });
}

const statusSchema = z.object({
  processGroupFlow: z.object({
    flow: z.object({
      processors: z.array(
        z.object({
          component: z.object({
            name: z.string(),
            state: z.string(),
            validationStatus: z.string().optional(),
            validationErrors: z.array(z.string()).nullish(),
          }),
        }),
      ),
      processGroups: z.array(z.object({ id: z.string() })),
    }),
  }),
});

/** What does not run of a group and of those in it, a sentence each. */
export async function notRunning(api: NifiApi, id: string): Promise<string[]> {
  const { flow } = (await api.ask(statusSchema, "GET", `/flow/process-groups/${id}`)).processGroupFlow;
  const own = flow.processors
    .filter(({ component }) => component.state !== "RUNNING" && component.state !== "DISABLED")
    .map(({ component: { name, state, validationErrors } }) =>
      [`"${name}" is ${state.toLowerCase()}`, ...(validationErrors ?? [])].join(": "),
    );
  const below = await Promise.all(flow.processGroups.map((group) => notRunning(api, group.id)));
  return [...own, ...below.flat()];
}

export interface Applied {
  readonly done: readonly string[];
  /** Flows that are not as their files have them, since people have changed them: nothing was done. */
  readonly drifted: readonly string[];
  /** What can't be done. */
  readonly problems: readonly string[];
}

const START_MS = 60_000;

/**
 * @param files texts by the files' names
 * @param startMs time in which all of a flow must run
 */
export async function applyFlows(
  api: NifiApi,
  files: Readonly<Record<string, string>>,
  startMs = START_MS,
): Promise<Applied> {
  const lines: string[] = [];
  const drifted: string[] = [];
  const problems: string[] = [];
  for (const [file, text] of Object.entries(files)) {
    const { flow, problems: wrong } = readFlow(file, text);
    problems.push(...wrong);
    if (flow === undefined || wrong.length > 0) continue;
    const { name } = flow.flowContents;
    const { root, groups } = await groupsOnCanvas(api);
    const seen = await lookAt(api, text, flow, groups);
    const words = driftWords(file, name, seen.state);
    if (words !== undefined) {
      (seen.state === "both" ? problems : drifted).push(words);
      continue;
    }
    try {
      if (seen.state === "same") {
        if (seen.group !== undefined && markOf(seen.group)?.file !== hash(text))
          await mark(api, seen.group.id, text, "file");
        continue;
      }
      const id = await put(api, { file, text, flow }, seen, { root, count: groups.length });
      lines.push(`flow ${name}: ${seen.state === "new" ? "made" : "changed"}`);
      const idle = await idleAfter(api, id, startMs);
      problems.push(...idle.map((one) => `flow ${file}: ${one}`));
      if (idle.length === 0) await mark(api, id, text, "file");
    } catch (error) {
      if (error instanceof ApiRefusal && error.status < 500)
        problems.push(`flow ${file}: NiFi refuses it: ${error.message}`);
      else if (error instanceof Error) problems.push(error.message);
      else throw error;
    }
  }
  return { done: lines, drifted, problems };
}

async function idleAfter(api: NifiApi, id: string, limitMs: number): Promise<string[]> {
  const end = Date.now() + limitMs;
  for (;;) {
    const idle = await notRunning(api, id);
    if (idle.length === 0 || Date.now() > end) return idle;
    await sleep(POLL_MS);
  }
}

/** Names of the parameters that a flow takes of the platform's. */
export function parametersOf({ flowContents }: Definition): string[] {
  const texts = groupsIn(flowContents).flatMap((group) =>
    extensionsIn(group).flatMap(({ properties }) => Object.values(properties)),
  );
  const found = texts.flatMap((text) => [...(text ?? "").matchAll(/#\{([^}]+)\}/g)].map(([, name = ""]) => name));
  return [...new Set(found)].sort();
}
