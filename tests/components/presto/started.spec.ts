import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { FakeServer } from "../../support/fake-server.ts";
import type { Route } from "../../support/fake-server.ts";

const script = readFileSync(new URL("../../../components/presto/started.py", import.meta.url), "utf8");

describe("the probe of a Presto that starts", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  /** @returns its exit code, and the statements that Presto was asked */
  async function probe(
    routes: Readonly<Record<string, Route>>,
    catalogs: readonly string[] = ["lake"],
    seconds = 9,
  ): Promise<{ code: number; statements: string[] }> {
    server.reset(routes);
    const code = await new Promise<number>((resolve) => {
      const args = ["-c", script, new URL(server.url).port, String(seconds), ...catalogs];
      execFile("python3", args, (error) => {
        resolve(error === null ? 0 : Number(error.code));
      });
    });
    return { code, statements: server.requests.filter(({ method }) => method === "POST").map(({ body }) => body) };
  }

  const info = (starting: boolean): Record<string, Route> => ({ "GET /v1/info": { body: { starting } } });
  const list =
    "SELECT table_schema, table_name FROM lake.information_schema.tables WHERE table_schema <> 'information_schema'";
  const few = (table: string): string => `SELECT DISTINCT * FROM (SELECT * FROM lake."s"."${table}" LIMIT 10)`;
  /** Answers the list in two pages, and says which tables have rows. */
  const presto = (...filled: string[]): Record<string, Route> => ({
    ...info(false),
    "POST /v1/statement": ({ body }) => {
      if (body === list) return { body: { nextUri: `${server.url}/next`, data: [["s", "empty"]] } };
      return { body: { data: filled.some((table) => body === few(table)) ? [["a row"]] : [] } };
    },
    "GET /next": {
      body: {
        data: [
          ["s", "full"],
          ["s", "other"],
        ],
      },
    },
  });

  it("says no while it starts and while nothing answers, and asks nothing", async () => {
    expect(await probe(info(true))).to.deep.equal({ code: 1, statements: [] });
    expect(await probe({ "GET /v1/info": { status: 503 } })).to.deep.equal({ code: 1, statements: [] });
  });

  it("asks for the tables and for some rows of the first that has any, then says yes", async () => {
    expect(await probe(presto("full", "other"))).to.deep.equal({
      code: 0,
      statements: [list, few("empty"), few("full")],
    });
  });

  it("says yes also where there is no catalog, no row, no answer or an error", async () => {
    expect(await probe(presto(), [])).to.deep.equal({ code: 0, statements: [] });
    expect((await probe(presto())).code).to.equal(0);
    const error = { body: { error: { message: "Failed connecting to Hive metastore" } } };
    const broken = await probe({ ...info(false), "POST /v1/statement": error }, ["lake", "other"]);
    expect(broken.code).to.equal(0);
    expect(broken.statements).to.have.length(2);
  });

  it("cancels the question that is not answered in time, and asks no other", async () => {
    const silent = (): Promise<never> => new Promise(() => undefined);
    const begun = { body: { nextUri: `${server.url}/next` } };
    const routes = {
      ...info(false),
      "POST /v1/statement": begun,
      "GET /next": silent,
      "DELETE /next": { status: 204 },
    };
    expect(await probe(routes, ["lake", "other"], 1)).to.deep.equal({ code: 0, statements: [list] });
    expect(server.asked).to.deep.equal(["GET /v1/info", "POST /v1/statement", "GET /next", "DELETE /next"]);
  });

  it("ends in time also where pages without rows come for ever, and where a question gets no answer at all", async () => {
    const silent = (): Promise<never> => new Promise(() => undefined);
    const unanswered = await probe({ ...info(false), "POST /v1/statement": silent }, ["lake", "other"], 1);
    expect(unanswered).to.deep.equal({ code: 0, statements: [list] });
    const endless = { body: { nextUri: `${server.url}/next`, data: [] } };
    const routes = {
      ...info(false),
      "POST /v1/statement": endless,
      "GET /next": endless,
      "DELETE /next": { status: 204 },
    };
    expect(await probe(routes, ["lake"], 1)).to.deep.equal({ code: 0, statements: [list] });
    expect(server.asked.at(-1)).to.equal("DELETE /next");
  });
});
