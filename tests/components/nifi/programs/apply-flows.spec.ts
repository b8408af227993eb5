import { expect } from "chai";
import type { Definition } from "../../../../components/nifi/programs/flow-file.ts";
import { applyFlows, applyParameters } from "../../../../components/nifi/programs/apply-flows.ts";
import type { NifiApi } from "../../../../components/nifi/programs/nifi-api.ts";
import { ApiRefusal } from "../../../../platform/api-refusal.ts";
import { definition, textOf } from "../definition.ts";

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
class Canvas {
  readonly groups = new Map<string, { flow: Definition; comments: string; state: string }>();
  readonly calls: string[] = [];
  readonly parameters = new Map<string, string>();
  hasContext = false;
  refuses: string | undefined;
  invalid: string[] = [];
  /** Begin of the path of a call that gets no answer. */
  cutAt: string | undefined;

  readonly api: NifiApi = {
    ask: (schema, method, path, body) => {
      if (method !== "GET") this.calls.push(`${method} ${path}`);
      if (`${method} ${path}` === this.cutAt) return Promise.reject(new Error("cut off"));
      return Promise.resolve(schema.parse(this.#answer(method, path, body as Body | undefined)));
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
      this.groups.set("g1", { flow, comments: flow.flowContents.comments ?? "", state: "STOPPED" });
      return this.#entity("g1");
    }
    if (path.endsWith("/download")) return group?.flow;
    if (path.endsWith("/status")) return { processGroupStatus: { aggregateSnapshot: { activeThreadCount: 0 } } };
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

describe("flows of the files", () => {
  const file = "flows/mine.json";
  const text = textOf(definition({}));
  const apply = (canvas: Canvas, content = text) => applyFlows(canvas.api, { [file]: content }, 0);
  const ways =
    'to keep the canvas, put what "Download flow definition" of its group writes into flows/mine.json; to have the file\'s, delete the ' +
    "group on the canvas; then npm run up";

  it("come onto an empty canvas, with the archives that this NiFi has, and run", async () => {
    const canvas = new Canvas();
    expect(await apply(canvas)).to.deep.equal({ done: ["flow mine: made"], drifted: [], problems: [] });
    const group = canvas.groups.get("g1");
    expect(group?.state).to.equal("RUNNING");
    expect(group?.flow.flowContents.processors.map(({ bundle }) => bundle.version)).to.deep.equal(["2.9.9", "2.9.9"]);
    expect(group?.flow.parameterContexts).to.have.property("millrace");
  });

  it("change nothing the second time", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    canvas.calls.length = 0;
    expect(await apply(canvas)).to.deep.equal({ done: [], drifted: [], problems: [] });
    expect(canvas.calls).to.deep.equal([]);
  });

  it("change with their files, after the old ones are at rest", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    canvas.calls.length = 0;
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    expect(await apply(canvas, other)).to.deep.equal({ done: ["flow mine: changed"], drifted: [], problems: [] });
    expect(canvas.calls).to.deep.equal([
      "PUT /process-groups/g1",
      "PUT /flow/process-groups/g1",
      "PUT /flow/process-groups/g1/controller-services",
      "POST /process-groups/g1/replace-requests",
      "DELETE /process-groups/replace-requests/r",
      "PUT /process-groups/g1",
      "PUT /flow/process-groups/g1/controller-services",
      "PUT /flow/process-groups/g1",
      "PUT /process-groups/g1",
    ]);
    expect(canvas.groups.get("g1")?.flow.flowContents.processors[0]?.properties).to.deep.equal({ Url: "http://other" });
  });

  it("are left as people have changed them on the canvas, and told", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    const group = canvas.groups.get("g1");
    if (group === undefined) throw new Error("no group");
    group.flow = definition({ properties: { Url: "http://drawn" } });
    canvas.calls.length = 0;
    expect(await apply(canvas)).to.deep.equal({
      done: [],
      drifted: [`flow mine was changed on the canvas, and is not as flows/mine.json has it; ${ways}`],
      problems: [],
    });
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    expect(await apply(canvas, other)).to.deep.equal({
      done: [],
      drifted: [],
      problems: [`flow mine was changed both on the canvas and in flows/mine.json; ${ways}`],
    });
    expect(canvas.calls).to.deep.equal([]);
    // Once the file has what was drawn, they are the same.
    expect(await apply(canvas, textOf(group.flow))).to.deep.equal({ done: [], drifted: [], problems: [] });
    canvas.calls.length = 0;
    expect(await apply(canvas, textOf(group.flow))).to.deep.equal({ done: [], drifted: [], problems: [] });
    expect(canvas.calls).to.deep.equal([]);
  });

  it("with a processor that this NiFi lacks are not put in, with its name", async () => {
    const canvas = new Canvas();
    const { problems } = await apply(canvas, textOf(definition({ type: "org.example.Nothing" })));
    expect(problems).to.deep.equal([
      'flow flows/mine.json has what this NiFi does not: org.example.Nothing ("send"); its canvas lists what there is, and own archives come with services.nifi.image',
    ]);
    expect(canvas.groups.size).to.equal(0);
  });

  it("that NiFi refuses, or that do not run, are told in NiFi's words", async () => {
    const canvas = new Canvas();
    canvas.refuses = "the name is taken";
    expect((await apply(canvas)).problems).to.deep.equal(["flow flows/mine.json: NiFi refuses it: the name is taken"]);
    canvas.refuses = undefined;
    canvas.invalid = ["'Url' is invalid because it is empty"];
    expect((await apply(canvas)).problems).to.deep.equal([
      `flow flows/mine.json: "send" is stopped: 'Url' is invalid because it is empty`,
    ]);
  });

  for (const cutAt of ["PUT /process-groups/g1", "PUT /flow/process-groups/g1"]) {
    it(`whose putting in was cut off at ${cutAt} are put in again, and run`, async () => {
      const canvas = new Canvas();
      canvas.cutAt = cutAt;
      expect((await apply(canvas)).problems).to.deep.equal(["cut off"]);
      canvas.cutAt = undefined;
      expect(await apply(canvas)).to.deep.equal({ done: ["flow mine: changed"], drifted: [], problems: [] });
      expect(canvas.groups.get("g1")?.state).to.equal("RUNNING");
      expect(await apply(canvas)).to.deep.equal({ done: [], drifted: [], problems: [] });
    });
  }

  it("that do not run are told each time, until they do", async () => {
    const canvas = new Canvas();
    canvas.invalid = ["a port is taken"];
    const problems = ['flow flows/mine.json: "send" is stopped: a port is taken'];
    expect((await apply(canvas)).problems).to.deep.equal(problems);
    expect((await apply(canvas)).problems).to.deep.equal(problems);
    canvas.invalid = [];
    expect((await apply(canvas)).problems).to.deep.equal([]);
    expect(await apply(canvas)).to.deep.equal({ done: [], drifted: [], problems: [] });
  });

  it("that did not run, and were mended on the canvas, are left as they are there", async () => {
    const canvas = new Canvas();
    canvas.invalid = ["a port is taken"];
    await apply(canvas);
    const group = canvas.groups.get("g1") ?? expect.fail("no group");
    group.flow = definition({ properties: { Url: "http://mended" } });
    expect((await apply(canvas)).drifted).to.have.length(1);
    expect(group.flow.flowContents.processors[0]?.properties).to.deep.equal({ Url: "http://mended" });
  });

  it("that NiFi does not take in the place of the old ones leave those at work", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    const { comments } = canvas.groups.get("g1") ?? expect.fail("no group");
    canvas.refuses = "a queue is not empty";
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    expect((await apply(canvas, other)).problems).to.deep.equal([
      "flow flows/mine.json: NiFi refuses it: a queue is not empty",
    ]);
    expect(canvas.groups.get("g1")).to.include({ state: "RUNNING", comments });
    canvas.refuses = undefined;
    expect(await apply(canvas, other)).to.deep.equal({ done: ["flow mine: changed"], drifted: [], problems: [] });
  });

  it("get the platform's parameters, of which only those that differ are set again", async () => {
    const canvas = new Canvas();
    expect(await applyParameters(canvas.api, { a: "1", b: "2" })).to.equal(true);
    canvas.parameters.set("own", "kept");
    expect(await applyParameters(canvas.api, { a: "1", b: "2" })).to.equal(false);
    expect(await applyParameters(canvas.api, { a: "1", b: "3" })).to.equal(true);
    expect([...canvas.parameters]).to.deep.equal([
      ["a", "1"],
      ["b", "3"],
      ["own", "kept"],
    ]);
  });
});
