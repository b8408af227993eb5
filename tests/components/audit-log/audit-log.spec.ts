import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { AuditLog, type AuditLogArgs } from "../../../components/audit-log/audit-log.ts";
import { auditUpkeep } from "../../../components/audit-log/upkeep.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { endName, podsAt } from "../../../platform/network.ts";
import { envOf, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("the audit log", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (more: Partial<AuditLogArgs> = {}) =>
    new AuditLog("audit-log", {
      namespace: "data",
      toolsImage: "tools:1",
      resources,
      logs: {
        kind: "logs",
        at: podsAt({ service: "logs", component: "store" }, [9428], "logs"),
        url: pulumi.output("http://logs:9428"),
        collectorAt: podsAt({ service: "logs-collector", component: "collector" }, [8080], "logs"),
        collectorUrl: pulumi.output("http://logs-collector:8080"),
        ready: [],
      },
      presto: {
        kind: "presto",
        at: podsAt({ service: "presto", component: "coordinator" }, [8080], "SQL"),
        url: pulumi.output("http://presto:8080"),
        catalogs: ["lake"],
        ready: [],
      },
      keepDays: 30,
      writeMinutes: 5,
      audits: [
        {
          room: "airflow",
          settings: { host: pulumi.output("postgres"), port: 5432 },
          secrets: { databasePassword: { secretName: pulumi.output("role"), key: "password" } },
          env: [],
          reaches: [podsAt({ service: "postgres", component: "server" }, [5432], "PostgreSQL")],
        },
      ],
      ...more,
    });
  const clerk = async () => (await mocked.get("kubernetes:apps/v1:Deployment", "audit-log")).inputs;

  it("is told whom to ask, with secrets by reference, and connects to them alone", async () => {
    const audit = make();
    const { template } = (await clerk()).spec;
    expect(podProblems(template.spec, true)).to.deep.equal([]);
    expect(envOf(await clerk())).to.include({
      AUDIT_CONFIG: '{"airflow":{"host":"postgres","port":5432}}',
      AIRFLOW_DATABASE_PASSWORD: "role/password",
      LOGS_URL: "http://logs:9428",
      PRESTO_URL: "http://presto:8080",
      PRESTO_USER: "audit_log",
      KEEP_DAYS: "30",
      WRITE_SECONDS: "300",
    });
    expect(audit.edges.map(({ from, to }) => `${endName(from)} > ${endName(to)}`)).to.have.members([
      "audit-log/clerk > logs/store",
      "audit-log/clerk > presto/coordinator",
      "audit-log/clerk > postgres/server",
    ]);
    expect(await valueOf(audit.url)).to.equal("http://audit-log.data.svc:8080");
    expect(await namesOf(audit.ready)).to.deep.equal(["audit-log"]);
  });

  it("never has two that write, and time to write when it is stopped", async () => {
    make();
    const { strategy, template } = (await clerk()).spec;
    const { terminationGracePeriodSeconds: seconds } = template.spec as {
      readonly terminationGracePeriodSeconds?: number;
    };
    expect(strategy).to.deep.equal({ type: "Recreate" });
    expect(seconds).to.equal(30);
  });

  it("says what it knows in the log alone where there is no Presto", async () => {
    make({ presto: undefined });
    expect(envOf(await clerk())).to.not.have.property("PRESTO_URL");
  });

  it("has its table's files merged by the streams of Spark", () => {
    expect(auditUpkeep().env).to.deep.equal({ AUDIT_TABLE: "lake.audit.events" });
    expect(auditUpkeep().sinks.content).to.contain('Upkeep(written="at", has_runs=False)');
  });
});
