import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { CassandraEndpoint } from "../../../components/cassandra/endpoint.ts";
import { sampleRecord } from "../../../components/race-car/programs/sample.ts";
import { raceWindowsJob, sampleSql } from "../../../components/race-windows/flink-job.ts";
import type { Field } from "../../../platform/records/definition.ts";
import { topic } from "../../support/fixtures.ts";
import { mock, valueOf } from "../../support/mocks.ts";

describe("The job of the race's windows", () => {
  it("has the settings in its SQL, and leaves to Flink's room what is Kafka's", async () => {
    await mock();
    const cassandra = { ready: [] } as unknown as CassandraEndpoint;
    const job = raceWindowsJob({ windowSeconds: 7, latenessSeconds: 3 }, topic(), cassandra);
    const sql = await valueOf(pulumi.output(job.sql));
    expect(job.name).to.equal("race-windows");
    expect(sql).to.contain("WATERMARK FOR event_time AS event_time - INTERVAL '3' SECOND");
    expect(sql).to.contain("DESCRIPTOR(event_time), INTERVAL '7' SECOND)");
    expect(sql).to.contain("'topic' = 'telemetry'");
    expect(sql.match(/\$\{\w+\}/g)).to.deep.equal(["${kafka}"]);
  });

  it("takes for samples what the definition of samples does, with nothing of it written down once more", () => {
    const { columns, isSample, aheadSeconds } = sampleSql();
    const names = Object.keys(sampleRecord.fields);
    expect(columns.split(",\n").map((column) => /`(\w+)` (.+)/.exec(column)?.slice(1))).to.deep.equal(
      names.map((name) => [name, name === "ts" ? "TIMESTAMP_LTZ(3)" : typeOf(name)]),
    );
    const conditions = isSample.split("\n  AND ");
    expect(conditions).to.have.length(names.length + 2);
    expect(conditions).to.include.members([
      "`v` = 1",
      "event_time = `ts`",
      "`ts` >= TO_TIMESTAMP_LTZ(946684800000, 3)",
      "REGEXP(`car`, '^[A-Za-z0-9._:-]{1,32}\\z')",
      "(`run` IS NULL OR REGEXP(`run`, '^[A-Za-z0-9._:-]{1,64}\\z'))",
      "`speed` BETWEEN 0 AND 200",
      "`gear` BETWEEN -1 AND 10 AND FLOOR(`gear`) = `gear`",
      "(`lastLapTime` IS NULL OR `lastLapTime` BETWEEN 0 AND 86400)",
    ]);
    for (const name of names) expect(isSample, name).to.contain(`\`${name}\``);
    expect(aheadSeconds).to.equal("2");
  });

  it("lets no wrong clock move the time of others", async () => {
    await mock();
    const cassandra = { ready: [] } as unknown as CassandraEndpoint;
    const job = raceWindowsJob({ windowSeconds: 10, latenessSeconds: 5 }, topic(), cassandra);
    const sql = await valueOf(pulumi.output(job.sql));
    expect(sql).to.contain("kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL");
    expect(sql).to.match(/WHEN ts <= kafka_time \+ INTERVAL '2' SECOND THEN ts\s+ELSE TO_TIMESTAMP_LTZ\(0, 3\)\s+END,/);
  });
});

function typeOf(name: string): string {
  const field: Field | undefined = sampleRecord.fields[name];
  return field?.kind === "text" ? "STRING" : "DECIMAL(13, 3)";
}
