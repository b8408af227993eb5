import { expect } from "chai";
import { OWN_TAG, prestoAudit } from "../../../components/presto/audit.ts";
import { FakeServer } from "../../support/fake-server.ts";

describe("who ran which SQL", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  it("is what Presto says of queries that have ended, those of the audit log aside", async () => {
    const query = (queryId: string, user: string, state: string, endTime?: string, more: object = {}) => ({
      ...{ queryId, session: { user }, state, query: `SELECT ${queryId}`, queryStats: { ...(endTime && { endTime }) } },
      ...more,
    });
    const end = "2026-11-29T10:00:00.000Z";
    server.reset({
      "GET /v1/query": {
        body: JSON.stringify([
          query("1", "ana", "FINISHED", end),
          query("2", "ben", "FAILED", end, { errorCode: { name: "SYNTAX_ERROR" } }),
          query("3", "ana", "RUNNING"),
          query("4", "audit_log", "FINISHED", end, { session: { user: "audit_log", clientTags: [OWN_TAG] } }),
          // A name that anybody may give.
          query("6", "audit_log", "FINISHED", end),
          query("5", "ana", "FINISHED", "2026-11-29T08:00:00.000Z"),
        ]),
      },
    });
    const ask = prestoAudit.make({ url: server.url });
    const deed = { at: end, action: "ran a query" };
    expect(await ask(new Date("2026-11-29T09:00:00Z"), AbortSignal.timeout(5000))).to.deep.equal([
      { ...deed, id: "1", user: "ana", object: "SELECT 1", outcome: "ok" },
      { ...deed, id: "2", user: "ben", object: "SELECT 2", outcome: "SYNTAX_ERROR" },
      { ...deed, id: "6", user: "audit_log", object: "SELECT 6", outcome: "ok" },
    ]);
  });
});
