import { expect } from "chai";
import { applyFlow } from "../../../../components/nifi/programs/apply-flows.ts";
import { applyParameters } from "../../../../components/nifi/programs/parameters.ts";
import { ApiRefusal } from "../../../../platform/api-refusal.ts";
import { definition, textOf } from "../definition.ts";
import { Canvas } from "../fake-canvas.ts";

describe("flows of the files", () => {
  const file = "flows/mine.json";
  const text = textOf(definition({}));
  const apply = (canvas: Canvas, content = text) => applyFlow(canvas.api, { file, text: content }, 0);
  const ways =
    "to keep the canvas, run npm run flows -- --pull, and then npm run up; to have the file's, stop the group on the canvas, empty its queues " +
    "and delete it";

  it("come onto an empty canvas, with the archives that this NiFi has, and run", async () => {
    const canvas = new Canvas();
    expect(await apply(canvas)).to.deep.equal({ name: "mine", done: "made", problems: [] });
    const group = canvas.groups.get("g1");
    expect(group?.state).to.equal("RUNNING");
    expect(group?.flow.flowContents.processors.map(({ bundle }) => bundle.version)).to.deep.equal(["2.9.9", "2.9.9"]);
    expect(group?.flow.parameterContexts).to.have.property("millrace");
  });

  it("change nothing the second time", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    canvas.calls.length = 0;
    expect(await apply(canvas)).to.deep.equal({ name: "mine", problems: [] });
    expect(canvas.calls).to.deep.equal([]);
  });

  it("change with their files, after the old ones are at rest", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    canvas.calls.length = 0;
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    expect(await apply(canvas, other)).to.deep.equal({ name: "mine", done: "changed", problems: [] });
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
      name: "mine",
      drift: `flow mine was changed on the canvas, and is not as flows/mine.json has it; ${ways}`,
      problems: [],
    });
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    expect(await apply(canvas, other)).to.deep.equal({
      name: "mine",
      drift: `flow mine was changed both on the canvas and in flows/mine.json; ${ways}`,
      problems: [],
    });
    expect(canvas.calls).to.deep.equal([]);
    // Once the file has what was drawn, they are the same.
    expect(await apply(canvas, textOf(group.flow))).to.deep.equal({ name: "mine", problems: [] });
    canvas.calls.length = 0;
    expect(await apply(canvas, textOf(group.flow))).to.deep.equal({ name: "mine", problems: [] });
    expect(canvas.calls).to.deep.equal([]);
  });

  it("with a processor that this NiFi lacks are not put in, with its name", async () => {
    const canvas = new Canvas();
    const { problems } = await apply(canvas, textOf(definition({ type: "org.example.Nothing" })));
    expect(problems).to.deep.equal([
      'flow flows/mine.json: it has what this NiFi does not: org.example.Nothing ("send"); its canvas lists what there is, and own archives come with services.nifi.image',
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
      expect(String(await apply(canvas).catch((error: unknown) => error))).to.equal("Error: cut off");
      canvas.cutAt = undefined;
      expect(await apply(canvas)).to.deep.equal({ name: "mine", done: "changed", problems: [] });
      expect(canvas.groups.get("g1")?.state).to.equal("RUNNING");
      expect(await apply(canvas)).to.deep.equal({ name: "mine", problems: [] });
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
    expect(await apply(canvas)).to.deep.equal({ name: "mine", problems: [] });
  });

  it("that did not run, and were mended on the canvas, are left as they are there", async () => {
    const canvas = new Canvas();
    canvas.invalid = ["a port is taken"];
    await apply(canvas);
    const group = canvas.groups.get("g1") ?? expect.fail("no group");
    group.flow = definition({ properties: { Url: "http://mended" } });
    expect((await apply(canvas)).drift).to.contain("flow mine was changed on the canvas");
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
    expect(await apply(canvas, other)).to.deep.equal({ name: "mine", done: "changed", problems: [] });
  });

  it("that can't be stopped go on as before", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    const { comments } = canvas.groups.get("g1") ?? expect.fail("no group");
    canvas.before = (call, state) => {
      if (call === "PUT /flow/process-groups/g1" && state === "STOPPED")
        throw new ApiRefusal(409, "somebody else is at it");
    };
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    expect((await apply(canvas, other)).problems).to.deep.equal([
      "flow flows/mine.json: NiFi refuses it: somebody else is at it",
    ]);
    expect(canvas.groups.get("g1")).to.include({ state: "RUNNING", comments });
  });

  it("that are changed on the canvas while they are stopped are left as they are there", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    const group = canvas.groups.get("g1") ?? expect.fail("no group");
    canvas.before = (_, state) => {
      if (state === "STOPPED") group.flow = definition({ properties: { Url: "http://drawn" } });
    };
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    expect((await apply(canvas, other)).problems).to.deep.equal([
      "flow flows/mine.json: it was changed on the canvas just now, so it was not put in",
    ]);
    expect(group.state).to.equal("RUNNING");
    expect(group.flow.flowContents.processors[0]?.properties).to.deep.equal({ Url: "http://drawn" });
    expect((await apply(canvas, other)).drift).to.contain("changed both on the canvas and in flows/mine.json");
  });

  it("that were mended on the canvas after the putting in was cut off are left as they are there", async () => {
    const canvas = new Canvas();
    await apply(canvas);
    const group = canvas.groups.get("g1") ?? expect.fail("no group");
    const other = textOf(definition({ properties: { Url: "http://other" } }));
    // The supervisor has ended before the replacement.
    canvas.before = (call) => {
      if (call.includes("replace-requests") || call.startsWith("GET /process-groups/g1")) throw new Error("ended");
    };
    canvas.cutAt = "POST /process-groups/g1/replace-requests";
    await apply(canvas, other).catch(() => undefined);
    canvas.before = () => undefined;
    canvas.cutAt = undefined;
    group.flow = definition({ properties: { Url: "http://mended" } });
    expect((await apply(canvas, other)).drift).to.contain("changed both");
    expect(group.flow.flowContents.processors[0]?.properties).to.deep.equal({ Url: "http://mended" });
  });

  it("that are mended on the canvas while they start are not taken for their files'", async () => {
    const canvas = new Canvas();
    canvas.before = (_, state) => {
      const group = canvas.groups.get("g1");
      if (state === "RUNNING" && group) group.flow = definition({ properties: { Url: "http://mended" } });
    };
    expect((await apply(canvas)).done).to.equal("made");
    canvas.before = () => undefined;
    expect((await apply(canvas)).drift).to.contain("flow mine was changed on the canvas");
  });

  it("keep what their own comments say", async () => {
    const canvas = new Canvas();
    const flow = definition({});
    await apply(canvas, textOf({ ...flow, flowContents: { ...flow.flowContents, comments: "Takes orders." } }));
    expect(canvas.groups.get("g1")?.comments).to.match(
      /^Takes orders\.\n\nKept as code.+\nmillrace: file .+, group mine$/,
    );
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
