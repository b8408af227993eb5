import { expect } from "chai";
import { airflowAudit, airflowDeeds } from "../../../components/airflow/audit.ts";

describe("who did what in Airflow", () => {
  const at = new Date("2026-11-29T10:00:00.500Z");

  it("is its own record of events, and of logins", () => {
    const event = {
      id: 7,
      dttm: at,
      event: "trigger_dag_run",
      owner: "ana",
      dag_id: "report",
      task_id: null,
      run_id: "r1",
    };
    const logins = [{ username: "ana", at }];
    expect(airflowDeeds({ events: [event], logins })).to.deep.equal([
      {
        ...{ id: "event-7", at: at.toISOString(), user: "ana", action: "trigger dag run" },
        ...{ object: "report r1", outcome: "ok" },
      },
      {
        ...{ id: `login-ana-${at.toISOString()}`, at: at.toISOString(), user: "ana", action: "signed in" },
        ...{ object: "", outcome: "ok" },
      },
    ]);
  });

  it("is not known where nothing runs", async () => {
    const ask = airflowAudit.make({ host: "127.0.0.1", port: 1, database: "a", user: "u", databasePassword: "x" });
    expect(await ask(at, AbortSignal.timeout(5000)).catch(String)).to.match(/ECONNREFUSED/);
  });
});
