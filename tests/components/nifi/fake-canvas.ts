/** A NiFi for specs: its canvas, as far as the platform's programs look at it. */
import type { Definition } from "../../../components/nifi/programs/flow-file.ts";
import type { NifiApi } from "../../../components/nifi/programs/nifi-api.ts";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import { definition } from "./definition.ts";

/** What is sent, as far as the canvas looks at it. */
interface Body {
  readonly versionedFlowSnapshot?: Definition;
  readonly flowSnapshot?: Definition;
  readonly state?: string;
  readonly component?: {
    readonly comments?: string;
    readonly parameters?: readonly { readonly parameter: { readonly name: string; readonly value: string } }[];
  };
}

/** A NiFi with a canvas of groups, which notes what is changed. */
export class Canvas {
  readonly groups = new Map<string, { flow: Definition; comments: string; state: string }>();
  readonly calls: string[] = [];
  readonly parameters = new Map<string, string>();
  hasContext = false;
  refuses: string | undefined;
  invalid: string[] = [];
  /** Queues of every group. */
  queues: {
    name: string;
    sourceName: string;
    destinationName: string;
    flowFilesQueued: number;
    percentUseCount: number;
  }[] = [];
  /** What has gone wrong in group g1. */
  errors: string[] = [];
  /** Begin of the path of a call that gets no answer. */
  cutAt: string | undefined;
  /** Called before each call, with its method and path; what it throws is the answer. */
  before: (call: string, state?: string) => void = () => undefined;

  readonly api: NifiApi = {
    // What is thrown is the answer.
    // oxlint-disable-next-line typescript/require-await
    ask: async (schema, method, path, body) => {
      if (method !== "GET") this.calls.push(`${method} ${path}`);
      if (`${method} ${path}` === this.cutAt) throw new Error("cut off");
      this.before(`${method} ${path}`, (body as Body | undefined)?.state);
      return schema.parse(this.#answer(method, path, body as Body | undefined));
    },
  };

  #entity(id: string) {
    const group = this.groups.get(id);
    if (group === undefined) throw new ApiRefusal(404, `no group ${id}`);
    return {
      id,
      revision: { version: 1 },
      component: { id, name: group.flow.flowContents.name, comments: group.comments },
    };
  }

  #answer(method: string, path: string, body: Body | undefined): unknown {
    const [, id = ""] = /groups\/([^/?]+)/.exec(path) ?? [];
    const group = this.groups.get(id);
    if (path === "/flow/process-groups/root") {
      const processGroups = [...this.groups.keys()].map((one) => this.#entity(one));
      return { processGroupFlow: { id: "root", flow: { processGroups } } };
    }
    if (path === "/flow/processor-types") {
      const types = ["InvokeHTTP", "LogAttribute"].map((type) => `org.apache.nifi.processors.standard.${type}`);
      const bundle = { group: "org.apache.nifi", artifact: "nifi-standard-nar", version: "2.9.9" };
      return { processorTypes: types.map((type) => ({ type, bundle })) };
    }
    if (path === "/flow/controller-service-types") return { controllerServiceTypes: [] };
    if (path === "/flow/parameter-contexts") {
      const parameters = [...this.parameters].map(([name, value]) => ({ parameter: { name, value } }));
      const found = { id: "context", revision: { version: 1 }, component: { name: "millrace", parameters } };
      return { parameterContexts: this.hasContext ? [found] : [] };
    }
    if (path.startsWith("/parameter-contexts") || path.endsWith("/replace-requests")) {
      if (this.refuses !== undefined) throw new ApiRefusal(409, this.refuses);
      if (path.endsWith("/replace-requests") && group !== undefined) {
        group.flow = body?.versionedFlowSnapshot ?? group.flow;
        group.comments = group.flow.flowContents.comments ?? "";
      }
      for (const { parameter } of body?.component?.parameters ?? [])
        this.parameters.set(parameter.name, parameter.value);
      this.hasContext ||= path.startsWith("/parameter-contexts");
      return { request: { requestId: "r", complete: true } };
    }
    if (path.endsWith("/process-groups/import")) {
      if (this.refuses !== undefined) throw new ApiRefusal(409, this.refuses);
      const flow = body?.flowSnapshot ?? definition({});
      const own = `g${this.groups.size + 1}`;
      this.groups.set(own, { flow, comments: flow.flowContents.comments ?? "", state: "STOPPED" });
      return this.#entity(own);
    }
    if (path.endsWith("/download")) return group?.flow;
    if (path.includes("/status")) {
      const processors = group?.flow.flowContents.processors ?? [];
      const runStatus = this.invalid.length > 0 ? "Invalid" : "Running";
      return {
        processGroupStatus: {
          aggregateSnapshot: {
            id,
            activeThreadCount: 0,
            flowFilesQueued: 3,
            bytesQueued: 30,
            connectionStatusSnapshots: this.queues.map((connectionStatusSnapshot) => ({ connectionStatusSnapshot })),
            processorStatusSnapshots: processors.map(({ name }) => ({ processorStatusSnapshot: { name, runStatus } })),
          },
        },
      };
    }
    if (path.startsWith("/flow/bulletin-board")) {
      const bulletins = this.errors.map((message) => ({
        groupId: "g1",
        bulletin: { level: "ERROR", sourceName: "send", message },
      }));
      return { bulletinBoard: { bulletins } };
    }
    if (path.includes("/controller-services")) return { controllerServices: [] };
    if (method === "PUT" && path.startsWith("/flow/process-groups/") && group !== undefined) {
      group.state = body?.state ?? "";
      return {};
    }
    if (path.startsWith("/flow/process-groups/")) {
      const component = { name: "send", state: "STOPPED", validationStatus: "INVALID", validationErrors: this.invalid };
      const processors = this.invalid.length > 0 ? [{ component }] : [];
      return { processGroupFlow: { flow: { processors, processGroups: [] } } };
    }
    if (method === "PUT" && group !== undefined) {
      group.comments = body?.component?.comments ?? "";
      return {};
    }
    if (group !== undefined) return this.#entity(id);
    return {};
  }
}
