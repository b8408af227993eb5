import { expect } from "chai";
import { fingerprint, hash, readFlow } from "../../../../components/nifi/programs/flow-file.ts";
import { Watch, wantedHash } from "../../../../components/nifi/programs/watch.ts";
import { ApiRefusal } from "../../../../platform/api-refusal.ts";
import { definition, textOf } from "../definition.ts";
import { Canvas } from "../fake-canvas.ts";

describe("what watches over the flows", () => {
  const file = "flows/mine.json";
  const text = textOf(definition({}));
  const now = Date.UTC(2026, 10, 29);
  const watching = (canvas: Canvas, content = text) => {
    const lines: string[] = [];
    const options = { files: [{ file, text: content }], parameters: { a: "1" } };
    const login = () => Promise.resolve(canvas.api);
    const watch = new Watch({ ...options, login, log: (line) => lines.push(line), startMs: 0, now: () => now });
    return { watch, lines, wanted: wantedHash(options) };
  };
  const groupOf = (canvas: Canvas) => canvas.groups.get("g1") ?? expect.fail("no group");

  it("puts them in at its first look, and says how they are from then on", async () => {
    const canvas = new Canvas();
    const { watch, lines, wanted } = watching(canvas);
    expect(watch.report).to.deep.equal({ seen: null, wanted, round: 0, flows: [] });
    await watch.look();
    expect(lines).to.deep.equal(["parameters: set", "flow mine: made"]);
    canvas.calls.length = 0;
    canvas.queues = [
      { name: "", sourceName: "send", destinationName: "log", flowFilesQueued: 2, percentUseCount: 100 },
      { name: "failed", sourceName: "send", destinationName: "Funnel", flowFilesQueued: 1, percentUseCount: 0 },
    ];
    canvas.errors = ["S3 is away", "S3 refuses the key"];
    await watch.look();
    expect(canvas.calls).to.deep.equal([]);
    expect(watch.report).to.deep.equal({
      seen: "2026-11-29T00:00:00.000Z",
      wanted,
      round: 2,
      flows: [
        {
          name: "mine",
          file,
          hash: hash(text),
          condition: "same",
          group: {
            running: 2,
            processors: 2,
            queued: 3,
            queuedBytes: 30,
            fullest: { name: "send → log", percent: 100 },
            failed: 1,
            idle: [],
            full: ["send → log"],
            lastError: "send: S3 refuses the key",
          },
          problems: [],
        },
      ],
    });
  });

  it("puts one in again whose group is gone, and tells what does not run without touching it", async () => {
    const canvas = new Canvas();
    const { watch, lines } = watching(canvas);
    await watch.look();
    canvas.groups.clear();
    await watch.look();
    expect(lines.slice(2)).to.deep.equal(["flow mine: made"]);
    canvas.invalid = ["a port is taken"];
    canvas.calls.length = 0;
    await watch.look();
    expect(canvas.calls).to.deep.equal([]);
    expect(watch.report.flows[0]?.group?.idle).to.deep.equal(['"send" is stopped: a port is taken']);
  });

  it("tells what did not run when it was put in, until it does", async () => {
    const canvas = new Canvas();
    canvas.invalid = ["a port is taken"];
    const { watch } = watching(canvas);
    await watch.look();
    expect(watch.report.flows[0]).to.deep.include({
      condition: "changed",
      problems: ['flow mine: "send" is stopped: a port is taken'],
    });
    canvas.invalid = [];
    await watch.look();
    await watch.look();
    expect(watch.report.flows[0]).to.deep.include({ condition: "same", problems: [] });
  });

  it("leaves what people have drawn, tells the ways out, and has the text for the file", async () => {
    const canvas = new Canvas();
    const { watch } = watching(canvas);
    await watch.look();
    const drawn = definition({ properties: { Url: "http://drawn" } });
    groupOf(canvas).flow = { ...drawn, flowContents: { ...drawn.flowContents, instanceIdentifier: "here" } };
    canvas.calls.length = 0;
    await watch.look();
    expect(canvas.calls).to.deep.equal([]);
    const [flow] = watch.report.flows;
    expect(flow).to.deep.include({ condition: "drifted", problems: [] });
    expect(flow?.drift).to.contain("npm run flows -- --pull");
    const pulled = (await watch.textOf("mine")) ?? "";
    expect(pulled).not.to.contain("instanceIdentifier");
    const { flow: read, problems } = readFlow(file, pulled);
    expect(problems).to.deep.equal([]);
    expect(read && fingerprint(read)).to.equal(fingerprint(drawn));
    expect(await watch.textOf("other")).to.equal(undefined);
    // The file has it now: nothing is to be done.
    const { watch: next } = watching(canvas, pulled);
    await next.look();
    expect(next.report.flows[0]).to.deep.include({ condition: "same", problems: [] });
  });

  it("fails where canvas and file have changed, until one of them is as before", async () => {
    const canvas = new Canvas();
    await watching(canvas).watch.look();
    const { flow } = groupOf(canvas);
    groupOf(canvas).flow = definition({ properties: { Url: "http://drawn" } });
    const { watch } = watching(canvas, textOf(definition({ properties: { Url: "http://other" } })));
    await watch.look();
    expect(watch.report.flows[0]?.condition).to.equal("both");
    expect(watch.report.flows[0]?.problems[0]).to.contain("changed both on the canvas and in flows/mine.json");
    groupOf(canvas).flow = flow;
    await watch.look();
    expect(watch.report.flows[0]).to.deep.include({ condition: "same", problems: [] });
  });

  it("tells groups of the canvas alone from those whose file is gone", async () => {
    const canvas = new Canvas();
    await watching(canvas).watch.look();
    const other = definition({ name: "theirs" });
    canvas.groups.set("g2", { flow: other, comments: "mine!", state: "RUNNING" });
    const lines: string[] = [];
    const watch = new Watch({
      files: [],
      parameters: {},
      login: () => Promise.resolve(canvas.api),
      log: (line) => lines.push(line),
    });
    await watch.look();
    expect(watch.report.flows.map(({ name, condition }) => [name, condition])).to.deep.equal([
      ["mine", "file is gone"],
      ["theirs", "without file"],
    ]);
    expect(watch.report.flows.map(({ drift }) => drift)).to.deep.equal([
      "flow mine is on the canvas, and its file is gone: stop and delete its group there, or bring the file back with npm run flows -- --pull --flow mine",
      "flow theirs is drawn on the canvas alone; npm run flows -- --pull --flow theirs makes a file of it",
    ]);
  });

  it("tries what NiFi has refused again after a pause, and at once when it is asked to", async () => {
    const canvas = new Canvas();
    canvas.refuses = "the name is taken";
    canvas.hasContext = true;
    canvas.parameters.set("a", "1");
    let time = now;
    const watch = new Watch({
      files: [{ file, text }],
      parameters: { a: "1" },
      login: () => Promise.resolve(canvas.api),
      log: () => undefined,
      startMs: 0,
      now: () => time,
    });
    const tries = async (): Promise<number> => {
      canvas.calls.length = 0;
      await watch.look();
      return canvas.calls.filter((call) => call.endsWith("/import")).length;
    };
    expect(await tries()).to.equal(1);
    expect(watch.report.flows[0]).to.deep.include({
      condition: "refused",
      problems: ["flow flows/mine.json: NiFi refuses it: the name is taken"],
    });
    expect(await tries()).to.equal(0);
    time += 61_000;
    expect(await tries()).to.equal(1);
    time += 61_000;
    expect(await tries()).to.equal(0);
    expect(watch.again()).to.equal(5);
    expect(await tries()).to.equal(1);
    canvas.refuses = undefined;
    watch.again();
    expect(await tries()).to.equal(1);
    expect(watch.report).to.deep.include({ round: 6 });
    expect(watch.report.flows[0]).to.deep.include({ condition: "same", problems: [] });
  });

  it("puts the others in where NiFi fails at one", async () => {
    const canvas = new Canvas();
    const other = textOf(definition({ name: "other" }));
    const watch = new Watch({
      files: [
        { file: "flows/bad.json", text: textOf(definition({ name: "bad" })) },
        { file: "flows/other.json", text: other },
      ],
      parameters: {},
      login: () => {
        let first = true;
        canvas.before = (call) => {
          if (!call.endsWith("/import") || !first) return;
          first = false;
          throw new ApiRefusal(500, "An unexpected error has occurred");
        };
        return Promise.resolve(canvas.api);
      },
      log: () => undefined,
      startMs: 0,
    });
    await watch.look();
    expect(watch.report.flows.map(({ name, condition, problems }) => [name, condition, ...problems])).to.deep.equal([
      ["bad", "refused", "flow flows/bad.json: NiFi fails: An unexpected error has occurred"],
      ["other", "same"],
    ]);
  });

  it("tells a flow once, by its name, where NiFi fails at a look at it", async () => {
    const canvas = new Canvas();
    const { watch } = watching(canvas);
    await watch.look();
    canvas.before = (call) => {
      if (call.endsWith("/download")) throw new ApiRefusal(500, "An unexpected error has occurred");
    };
    await watch.look();
    expect(watch.report.flows.map(({ name, condition }) => [name, condition])).to.deep.equal([["mine", "refused"]]);
  });

  it("takes a copy of a flow's group for people's own", async () => {
    const canvas = new Canvas();
    const { watch } = watching(canvas);
    await watch.look();
    const { comments } = groupOf(canvas);
    canvas.groups.set("g2", { flow: definition({ name: "Copy of mine" }), comments, state: "STOPPED" });
    await watch.look();
    expect(watch.report.flows.map(({ name, condition }) => [name, condition])).to.deep.equal([
      ["mine", "same"],
      ["Copy of mine", "without file"],
    ]);
  });

  it("keeps what it knew while NiFi is away, with why, and logs in anew", async () => {
    const canvas = new Canvas();
    let logins = 0;
    let isAway = false;
    const watch = new Watch({
      files: [{ file, text }],
      parameters: {},
      login: () => {
        logins++;
        return isAway ? Promise.reject(new Error("NiFi does not answer")) : Promise.resolve(canvas.api);
      },
      log: () => undefined,
      startMs: 0,
    });
    await watch.look();
    const { flows } = watch.report;
    canvas.cutAt = "GET /flow/parameter-contexts";
    isAway = true;
    await watch.look();
    expect(watch.report).to.deep.include({ problem: "cut off", flows });
    canvas.cutAt = undefined;
    await watch.look();
    expect(watch.report.problem).to.equal("NiFi does not answer");
    isAway = false;
    await watch.look();
    expect(watch.report.problem).to.equal(undefined);
    expect(logins).to.equal(3);
  });
});
