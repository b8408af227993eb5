import { expect } from "chai";
import type { IncomingMessage } from "node:http";
import { PrestoClient, PrestoError, sqlText } from "../../../../components/presto/programs/presto-client.ts";
import { type LocalServer, serveHttp } from "../../../support/local-server.ts";

describe("presto client", () => {
  let server: LocalServer;
  let url = "";
  let answers: [number, unknown][] = [];
  let requests: string[] = [];
  let delayMs = 0;
  let lastHeaders: IncomingMessage["headers"] = {};

  before(async () => {
    server = await serveHttp((request, _body, response) => {
      requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
      lastHeaders = request.headers;
      const [status, body] = answers.shift() ?? [500, "nothing more to say"];
      setTimeout(() => {
        response.writeHead(status);
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      }, delayMs);
    });
    ({ url } = server);
  });
  after(() => server.stop());
  beforeEach(() => {
    requests = [];
    delayMs = 0;
  });

  const client = (statementTimeoutMs = 5000): PrestoClient =>
    new PrestoClient({ url, catalog: "lake", schema: "telemetry", statementTimeoutMs });
  const columns = [{ name: "a" }, { name: "b" }];

  it("follows nextUri and gives all rows by column name", async () => {
    answers = [
      [200, { nextUri: `${url}/v1/statement/q/1` }],
      [200, { nextUri: `${url}/v1/statement/q/2`, columns, data: [[1, "x"]] }],
      [200, { columns, data: [[2, null]] }],
    ];
    expect(await client().query("SELECT 1")).to.deep.equal([
      { a: 1, b: "x" },
      { a: 2, b: null },
    ]);
    expect(requests).to.deep.equal(["POST /v1/statement", "GET /v1/statement/q/1", "GET /v1/statement/q/2"]);
    expect(lastHeaders).to.include({
      "x-presto-catalog": "lake",
      "x-presto-schema": "telemetry",
      "x-presto-time-zone": "UTC",
    });
  });

  it("asks again while Presto is busy", async () => {
    answers = [
      [503, "busy"],
      [200, { nextUri: `${url}/v1/statement/q/1` }],
      [503, "busy"],
      [200, { columns, data: [] }],
    ];
    expect(await client().query("SELECT 1")).to.deep.equal([]);
    expect(requests).to.have.length(4);
  });

  it("gives Presto's own error with its name", async () => {
    answers = [[200, { error: { message: "Table lake.telemetry.x does not exist", errorName: "TABLE_NOT_FOUND" } }]];
    const error = await client()
      .query("SELECT 1")
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(PrestoError);
    expect(error).to.include({ code: "TABLE_NOT_FOUND", message: "Table lake.telemetry.x does not exist" });
  });

  it("does not repeat a request that Presto refuses", async () => {
    answers = [[401, "who are you"]];
    const error = await client()
      .query("SELECT 1")
      .catch((reason: unknown) => reason);
    expect(String(error)).to.contain("Presto answered 401").and.to.contain("who are you");
    expect(requests).to.have.length(1);
  });

  it("gives up a query that hangs, in words", async () => {
    answers = Array.from({ length: 100 }, () => [503, "busy"]);
    const error = await client(50)
      .query("SELECT 1")
      .catch((reason: unknown) => reason);
    expect(String(error)).to.contain("did not answer it in time");
  });

  const at = (completedSplits: number): [number, unknown] => [
    200,
    {
      nextUri: `${url}/v1/statement/q/1`,
      stats: { state: "RUNNING", completedSplits, totalSplits: 9, processedRows: 10 * completedSplits },
    },
  ];

  it("waits for a query as long as Presto gets something of it done, and tells how far it is", async () => {
    const told: string[] = [];
    const patient = new PrestoClient({
      url,
      catalog: "lake",
      schema: "telemetry",
      standstillMs: 800,
      onProgress: (statement, done) => told.push(`${statement} ${done}`),
    });
    delayMs = 250;
    answers = [at(1), at(2), at(2), at(3), at(4), at(5), [200, { columns, data: [[1, "x"]] }]];
    expect(await patient.query("SELECT 1")).to.deep.equal([{ a: 1, b: "x" }]);
    expect(told).to.deep.equal([1, 2, 3, 4, 5].map((n) => `1 RUNNING: ${n} of 9 splits, ${n * 10} rows`));
    delayMs = 20;
    answers = Array.from({ length: 200 }, () => at(3));
    const error = await patient.query("SELECT 1").catch((reason: unknown) => reason);
    expect(String(error)).to.contain("did not answer it in time (RUNNING: 3 of 9 splits, 30 rows)");
    expect(told.at(-1)).to.equal("2 RUNNING: 3 of 9 splits, 30 rows");
  });

  it("quotes text for SQL", () => {
    expect(sqlText("it's")).to.equal("'it''s'");
  });
});
