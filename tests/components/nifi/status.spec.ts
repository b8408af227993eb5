import { expect } from "chai";
import { drawings, drawnText, flowAnswer, flowStatus, type Report } from "../../../components/nifi/status.ts";

describe("NiFi's flows in npm run status", () => {
  const group = {
    running: 19,
    processors: 20,
    queued: 61,
    queuedBytes: 1000,
    fullest: { name: "a → b", percent: 100 },
    failed: 2,
    idle: ['"send" is stopped'],
    full: ["a → b"],
    lastError: "Send: Kafka does not take records",
  };
  const now = Date.UTC(2026, 10, 29, 10, 1);
  const drift = "flow mine was changed on the canvas";
  const flow: Report["flows"][number] = {
    name: "mine",
    file: "flows/mine.json",
    hash: "0a",
    condition: "drifted",
    group,
    problems: [],
    drift,
  };
  const rejected = { count: 2, last: "not JSON (post of 10.0.0.1, line 2)", lastAt: "2026-11-29T10:00:00.000Z" };
  const report: Report = { seen: "2026-11-29T10:00:00.000Z", flows: [flow], rejected };
  const answering = (answer: unknown) => ({ ask: () => Promise.resolve(answer) }) as never;

  it("are a table with what waits, and what is full, stuck or does not run is a fault", () => {
    const { table, faults } = flowAnswer(report, now);
    expect(table?.rows).to.deep.equal([
      ["mine", "drawn anew", "19/20", "61", "100% a → b", "Send: Kafka does not take records"],
    ]);
    expect(table?.below).to.deep.equal([
      drift,
      "2 lines were rejected (topic nifi-rejected); the last one at 2026-11-29T10:00:00Z: not JSON (post of 10.0.0.1, line 2)",
    ]);
    expect(faults).to.deep.equal([
      'flow mine: "send" is stopped',
      'flow mine: queue "a → b" is full, and holds back what is before it',
      'flow mine: 2 in queue "failed", which go on by hand only',
    ]);
  });

  it("that people have drawn on the canvas alone may stand still", () => {
    const own: typeof flow = { ...flow, condition: "without file", group: { ...group, full: [], failed: 0 } };
    expect(flowAnswer({ ...report, flows: [own] }, now).faults).to.deep.equal([]);
  });

  it("say where nothing is known, or what is known is old", () => {
    const nothing = { ...report, flows: [] };
    expect(flowAnswer({ ...nothing, seen: null }, now).faults).to.deep.equal([
      "NiFi: nothing is known of its flows yet",
    ]);
    expect(flowAnswer(nothing, now).faults).to.deep.equal([]);
    expect(flowAnswer(nothing, now + 15 * 60_000).faults).to.deep.equal([
      "NiFi: what is known of its flows is of 2026-11-29T10:00:00Z",
    ]);
  });

  it("say why NiFi is not known, and count what was rejected", () => {
    const away = { seen: null, problem: "NiFi does not answer", flows: [], rejected: { count: null } };
    expect(flowAnswer(away).faults).to.deep.equal(["NiFi: NiFi does not answer"]);
    expect(flowAnswer(away).table?.below).to.deep.equal(["topic nifi-rejected has not been read yet"]);
    expect(flowAnswer({ ...away, rejected: { count: 0 } }).table?.below).to.deep.equal([
      "no line was rejected (topic nifi-rejected)",
    ]);
  });

  it("are not asked for where NiFi is off, and unknown where nobody answers", async () => {
    const running = { ask: (): Promise<never> => Promise.reject(new Error("HTTP 503")) };
    expect(await flowStatus({ enabled: false }, running)).to.equal(undefined);
    expect(String(await flowStatus({ enabled: true }, running).catch((error: unknown) => error))).to.equal(
      "Error: what watches over the flows does not answer (HTTP 503), so nothing is known of them",
    );
  });

  it("are drawings, of which those that were changed on the canvas can be pulled", async () => {
    const same = { ...flow, name: "other", condition: "same" };
    expect(await drawings({ enabled: true }, answering({ ...report, flows: [flow, same] }))).to.deep.equal([
      { name: "mine", file: "flows/mine.json", hash: "0a", state: "drawn anew", isDrawn: true },
      { name: "other", file: "flows/mine.json", hash: "0a", state: "as its file", isDrawn: false },
    ]);
    expect(await drawings({ enabled: false }, answering({}))).to.equal(undefined);
    const away = drawings({ enabled: true }, answering({ ...report, problem: "NiFi is away" }));
    expect(String(await away.catch((error: unknown) => error))).to.equal("Error: NiFi is away");
    expect(await drawnText(answering({ text: "{}" }), "mine")).to.equal("{}");
  });
});
