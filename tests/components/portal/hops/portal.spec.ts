import { expect } from "chai";
import { portalHop } from "../../../../components/portal/hops/portal.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import { runHop } from "../../../support/hops.ts";

describe("hop portal", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  const hop = () => portalHop({ url: server.url, pauseMs: 1 });
  const page = { "GET /": { body: "<main></main>" } };
  const state = (problems: readonly string[], ...names: readonly string[]) => ({
    "GET /state": { body: { problems, services: names.map((name) => ({ name, wanted: 1, ready: 1 })) } },
  });

  it("passes when the page comes, and it knows how the services are", async () => {
    server.reset({ ...page, ...state([], "kafka", "presto") });
    expect((await runHop(hop())).result).to.deep.include({ ok: true, count: 2, distinct: 2 });
  });

  it("says what it does not know, or that there is no page", async () => {
    server.reset({ ...page, ...state(["figures: no"], "kafka") });
    expect((await runHop(hop(), 50)).result.message).to.include("does not know all: figures: no");
    server.reset({ ...page, ...state([]) });
    expect((await runHop(hop(), 50)).result.message).to.include("knows of no service");
    server.reset({ "GET /": { body: "" }, ...state([], "kafka") });
    expect((await runHop(hop(), 50)).result.message).to.include("a page without content");
  });
});
