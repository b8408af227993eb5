import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { HopFailure } from "../../../../platform/hops/hop.ts";
import { sparkHop } from "../../../../components/spark/hops/spark.ts";
import { makeMarkedRun } from "../../../../components/telemetry/hops/marked-records.ts";
import type { SamplesFiles } from "../../../../components/catalog/hops/samples-files.ts";

const marked = makeMarkedRun({ records: 2, poison: 0 });
const context = (signal: AbortSignal) => ({
  signal,
  needed: Promise.resolve(),
  onCleanup: () => undefined,
  onProgress: () => undefined,
});

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

/** The reply to getName, the text "a": it needs no database. */
const itsName = "80010002000000076765744e616d65000000000b0000000000016100";

/** A metastore that says its name, and gives the same reply to every other call. */
async function withMetastore<T>(reply: string, body: (uri: string) => Promise<T>): Promise<T> {
  const server = createServer((socket) =>
    socket.once("data", (call) => socket.end(Buffer.from(call.includes("getName") ? itsName : reply, "hex"))),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await body(`thrift://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
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
    expect(failure.message).to.match(
      /^the metastore thrift:\/\/127\.0\.0\.1:1 does not list its databases: .*nothing runs there/,
    );
    expect(failure.message).to.contain("1 of 2 records in 1 data files");
  });

  it("blames the catalog when records are missing and the metastore answers, but not with what is in its database", async () => {
    // The reply to get_all_databases, an exception with the message "no database".
    const reply =
      "80010002000000116765745f616c6c5f64617461626173657300000000" + "0c00010b00010000000b6e6f2064617461626173650000";
    const failure = await withMetastore(reply, (uri) =>
      failureOf(
        sparkHop(filesWith(1), marked, uri, { metastorePatienceMs: 0 }).run(context(AbortSignal.timeout(5000))),
      ),
    );
    expect(failure.hop).to.equal("catalog");
    expect(failure.message).to.contain("does not list its databases: metastore: no database");
  });

  it("blames the stream when records are missing and the metastore lists its databases", async () => {
    // The reply to get_all_databases, an empty list of texts.
    const reply = "80010002000000116765745f616c6c5f64617461626173657300000000" + "0f00000b0000000000";
    const failure = await withMetastore(reply, (uri) =>
      failureOf(sparkHop(filesWith(1), marked, uri, { metastorePatienceMs: 0 }).run(context(AbortSignal.timeout(300)))),
    );
    expect(failure.hop).to.equal(undefined);
    expect(failure.message).to.contain("the stream or its checkpoint is at fault");
  });
});
