import { expect } from "chai";
import { markOf, metricsHop } from "../../../../components/metrics/hops/metrics.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import { runHop } from "../../../support/hops.ts";

describe("hop metrics", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  const run = "proof-1";
  const hop = () => metricsHop({ store: server.url, exporter: server.url, pages: ["kafka", "logs"], run, pauseMs: 1 });
  const answer = (...values: readonly (readonly [Record<string, string>, number])[]) => ({
    body: { data: { result: values.map(([metric, value]) => ({ metric, value: [1, String(value)] })) } },
  });
  /** @param pages Whether each page can be read. */
  const routes = (
    mark: () => number | undefined,
    pages: Readonly<Record<string, number>> = { kafka: 1, logs: 1, leaving: 0 },
    dropped = 0,
    isFull = false,
  ) => ({
    "POST /marks": { body: { slot: "3" } },
    "GET /metrics": { body: `vm_storage_is_read_only{path="/data"} ${Number(isFull)}\n` },
    "POST /api/v1/query": ({ body }: { readonly body: string }) => {
      const query = decodeURIComponent(body.replaceAll("+", " "));
      if (query === "query=up")
        return answer(...Object.entries(pages).map(([job, isUp]) => [{ job, instance: "x:1" }, isUp] as const));
      if (query.includes("rows_dropped")) return answer([{}, dropped]);
      expect(query).to.equal('query=millrace_proof_mark{slot="3"}');
      const value = mark();
      return value === undefined ? answer() : answer([{ slot: "3" }, value]);
    },
  });

  it("sets a figure once, and passes when it comes back and all pages are read", async () => {
    let looks = 0;
    server.reset(routes(() => (++looks < 3 ? undefined : markOf(run))));
    expect((await runHop(hop())).result).to.deep.include({
      ok: true,
      checksum: String(markOf(run)),
      message: "a figure came back as it was set; 2 pages of figures are read",
    });
    const marks = server.requests.filter(({ path }) => path === "/marks");
    expect(marks.map(({ body }) => JSON.parse(body) as unknown)).to.deep.equal([{ value: markOf(run) }]);
  });

  it("waits while the figure of an earlier proof is still there", async () => {
    let looks = 0;
    server.reset(routes(() => (++looks < 3 ? 1 : markOf(run))));
    expect((await runHop(hop())).result.ok).to.equal(true);
  });

  it("names what can't be read", async () => {
    server.reset(routes(() => markOf(run), { kafka: 0 }));
    expect((await runHop(hop(), 100)).result.message).to.include("figures can't be read of kafka at x:1");
  });

  it("says so when the figure does not come", async () => {
    server.reset(routes(() => undefined));
    expect((await runHop(hop(), 100)).result.message).to.include("the marked figure has not been read yet");
  });

  it("names the store's limit where it has too many series to take a new one", async () => {
    server.reset(routes(() => undefined, { kafka: 1 }, 40));
    expect((await runHop(hop(), 100)).result.message).to.include(
      "the store of metrics drops new series: it has as many as it may have in an hour or a day",
    );
  });

  it("names a disk that is full", async () => {
    server.reset(routes(() => undefined, { kafka: 1 }, 0, true));
    expect((await runHop(hop(), 100)).result.message).to.include(
      "the store of metrics takes nothing more: its disk is full",
    );
  });
});
