import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { HopFailure } from "../../../check/hop.ts";
import { sparkHop } from "../../../check/hops/spark.ts";
import { makeMarkedRun } from "../../../check/marked-records.ts";
import type { SamplesFiles } from "../../../check/samples-files.ts";

const marked = makeMarkedRun({ records: 2, poison: 0 });
const context = (signal: AbortSignal) => ({ signal, onCleanup: () => undefined, onProgress: () => undefined });

/** Data files that hold the first records of the run. */
function filesWith(count: number): SamplesFiles {
  const rows = marked.records.slice(0, count).map((record) => ({ ...record, ts: Date.parse(record.ts) }));
  const files = { keys: () => Promise.resolve(["a.parquet"]), rows: () => Promise.resolve(rows) };
  return files as unknown as SamplesFiles;
}

async function failureOf(task: Promise<unknown>): Promise<HopFailure> {
  const error = await task.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HopFailure)) throw new Error(`no failure of a hop: ${String(error)}`);
  return error;
}

describe("hop spark", () => {
  it("holds when the data files have the records, whatever the metastore does", async () => {
    const figures = await sparkHop(filesWith(2), marked, "thrift://127.0.0.1:1").run(
      context(AbortSignal.timeout(1000)),
    );
    expect(figures).to.include({ count: 2, distinct: 2, message: "in 1 data file of the stream" });
  });

  it("blames the catalog when records are missing and the metastore stays away", async () => {
    const hop = sparkHop(filesWith(1), marked, "thrift://127.0.0.1:1", { metastorePatienceMs: 0 });
    const failure = await failureOf(hop.run(context(AbortSignal.timeout(5000))));
    expect(failure.hop).to.equal("catalog");
    expect(failure.message).to.match(/^the metastore thrift:\/\/127\.0\.0\.1:1 does not answer: .*nothing runs there/);
    expect(failure.message).to.contain("1 of 2 records in 1 data files");
  });

  it("blames the stream when records are missing and the metastore answers", async () => {
    // The reply to getName, the text "a".
    const reply = Buffer.from("80010002000000076765744e616d65000000000b0000000000016100", "hex");
    const server = createServer((socket) => socket.once("data", () => socket.end(reply))).listen(0, "127.0.0.1");
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const hop = sparkHop(filesWith(1), marked, `thrift://127.0.0.1:${port}`, { metastorePatienceMs: 0 });
      const failure = await failureOf(hop.run(context(AbortSignal.timeout(300))));
      expect(failure.hop).to.equal(undefined);
      expect(failure.message).to.contain("the stream or its checkpoint is at fault");
    } finally {
      server.close();
    }
  });
});
