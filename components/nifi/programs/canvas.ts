/** The canvas: the groups that are there, and what is done to them. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Definition, definitionSchema } from "./flow-file.ts";
import type { NifiApi } from "./nifi-api.ts";

export const POLL_MS = 500;

export const revision = z.looseObject({ version: z.number() });
const groupEntity = z.object({
  id: z.string(),
  revision,
  component: z.object({ id: z.string(), name: z.string(), comments: z.string().nullish() }),
});
export type GroupEntity = z.output<typeof groupEntity>;
const canvas = z.object({
  processGroupFlow: z.object({ id: z.string(), flow: z.object({ processGroups: z.array(groupEntity) }) }),
});

export const updating = z.object({
  request: z.object({ requestId: z.string(), complete: z.boolean(), failureReason: z.string().nullish() }),
});
export const done = z.unknown();

/** What can't be done with a flow; others can. */
export class FlowProblem extends Error {}

export async function groupsOnCanvas(api: NifiApi): Promise<{ readonly root: string; readonly groups: GroupEntity[] }> {
  const { processGroupFlow } = await api.ask(canvas, "GET", "/flow/process-groups/root");
  return { root: processGroupFlow.id, groups: processGroupFlow.flow.processGroups };
}

export async function download(api: NifiApi, group: string): Promise<Definition> {
  return await api.ask(definitionSchema, "GET", `/process-groups/${group}/download`);
}

/** Makes a group of a definition, at rest. */
export async function importGroup(
  api: NifiApi,
  definition: Definition,
  place: { readonly root: string; readonly count: number },
): Promise<string> {
  const made = await api.ask(groupEntity, "POST", `/process-groups/${place.root}/process-groups/import`, {
    revisionDTO: { version: 0 },
    groupName: definition.flowContents.name,
    positionDTO: { x: 480 * place.count, y: 0 },
    flowSnapshot: definition,
  });
  return made.id;
}

/** Puts a definition into the place of a group, which has been stopped. @throws {FlowProblem} with `what` and NiFi's words */
export async function replaceGroup(api: NifiApi, id: string, definition: Definition, what: string): Promise<void> {
  const { revision: now } = await api.ask(groupEntity, "GET", `/process-groups/${id}`);
  const body = { processGroupRevision: now, versionedFlowSnapshot: definition };
  const begun = await api.ask(updating, "POST", `/process-groups/${id}/replace-requests`, body);
  await finished(api, "/process-groups/replace-requests", begun, what);
}

/** Writes the comments of a group. */
export async function comment(api: NifiApi, id: string, comments: string): Promise<void> {
  const { revision: now } = await api.ask(groupEntity, "GET", `/process-groups/${id}`);
  await api.ask(done, "PUT", `/process-groups/${id}`, { revision: now, component: { id, comments } });
}

/** Waits for what NiFi does by and by. @throws {FlowProblem} with its words */
export async function finished(
  api: NifiApi,
  path: string,
  begun: z.output<typeof updating>,
  what: string,
): Promise<void> {
  let { request } = begun;
  const own = `${path}/${request.requestId}`;
  const end = Date.now() + DONE_MS;
  while (!request.complete && Date.now() < end) {
    await sleep(POLL_MS);
    ({ request } = await api.ask(updating, "GET", own));
  }
  // Of what is not done yet it is the end.
  await api.ask(done, "DELETE", own);
  if (!request.complete) throw new FlowProblem(`${what}: NiFi has not done it within ${DONE_MS / 1000} s`);
  if (request.failureReason != null) throw new FlowProblem(`${what}: ${request.failureReason}`);
}

const busy = z.object({
  processGroupStatus: z.object({ aggregateSnapshot: z.object({ activeThreadCount: z.number() }) }),
});
const services = z.object({ controllerServices: z.array(z.object({ component: z.object({ state: z.string() }) })) });

/** Stops all of a group, and waits until it is at rest: only then NiFi changes a controller service. */
export async function stop(api: NifiApi, id: string): Promise<void> {
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

/** Time in which a flow comes to rest. A publisher whose Kafka is away gives up after 170 s (PublishKafka.java). */
const REST_MS = 200_000;
/** Time in which NiFi does what it was asked for. */
const DONE_MS = 120_000;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + REST_MS;
  while (!(await isSo())) {
    if (Date.now() > end)
      throw new FlowProblem(`it did not come to rest within ${REST_MS / 1000} s, so it was not changed; try again`);
    await sleep(POLL_MS);
  }
}

export async function start(api: NifiApi, id: string): Promise<void> {
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
