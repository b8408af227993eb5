import { expect } from "chai";
import { postgresSamples, postgresWatch } from "../../../components/postgres/watch.ts";

describe("figures of PostgreSQL", () => {
  it("are those of each database and of the server, whose large numbers come as text", () => {
    const database = {
      datname: "airflow",
      numbackends: 7,
      ...{ xact_commit: "9007199254740", xact_rollback: "3", blks_read: "5", blks_hit: "95", deadlocks: "0" },
      ...{ temp_bytes: "0", size_bytes: "8000000" },
    };
    const server = { max_connections: 60, waiting: "1" };
    const transaction = { usename: "airflow", application_name: "", seconds: 72.5 };
    const samples = postgresSamples({ databases: [database], server: [server], transactions: [transaction] });
    const labels = { datname: "airflow" };
    expect(samples).to.have.length(11);
    expect(samples).to.deep.include({ name: "pg_stat_database_numbackends", value: 7, labels });
    expect(samples).to.deep.include({ name: "pg_stat_database_xact_commit", value: 9_007_199_254_740, labels });
    expect(samples).to.deep.include({ name: "pg_database_size_bytes", value: 8_000_000, labels });
    expect(samples).to.deep.include({ name: "pg_settings_max_connections", value: 60 });
    expect(samples).to.deep.include({
      name: "pg_longest_transaction_seconds",
      value: 72.5,
      labels: { usename: "airflow", application: "" },
    });
  });

  it("are told apart from an answer of another kind", () => {
    expect(() => postgresSamples({ databases: [{ datname: "a" }], server: [], transactions: [] })).to.throw(
      /numbackends/,
    );
  });

  it("say that nothing runs, again at each look", async () => {
    const ask = postgresWatch.make({
      host: "127.0.0.1",
      port: 1,
      database: "a",
      user: "metrics",
      monitorPassword: "x",
    });
    for (const _ of [1, 2]) expect(await ask(AbortSignal.timeout(5000)).catch(String)).to.match(/ECONNREFUSED/);
  });
});
