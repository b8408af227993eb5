/**
 * More brokers, and more and fewer nodes of Cassandra, on a platform that is up, with what it holds. It changes Pulumi.dev.yaml and
 * leaves three brokers, which the next `up` needs to be told: it runs only when it is asked for, last.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

import { measured, MONITORING, send } from "../pipeline.ts";
import { execute, killPod, profileNow, sql } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import { millrace, must, type Runner, until } from "../runner.ts";
import { setServices, stackFile, upAgain } from "../stack-file.ts";

const MINUTE = 60_000;
const KEPT = 500;

export async function grown(runner: Runner): Promise<void> {
  await runner.step("three brokers hold all records that one had", 30 * MINUTE, async () => {
    const run = `e2e-${randomUUID()}`;
    await send(
      MONITORING,
      measured(
        run,
        "e2e.scale",
        Array.from({ length: KEPT }, (_, index) => index),
      ),
    );
    const count = async (): Promise<number> =>
      Number((await sql(`SELECT count(*) AS n FROM lake.telemetry.samples WHERE run = '${run}'`))[0]?.["n"]);
    await until(`${KEPT} records in the lake`, 2 * MINUTE, async () => ((await count()) === KEPT ? true : undefined));
    await upWith({ kafka: 3 });
    must((await count()) === KEPT, `${await count()} of ${KEPT} records are in the lake`);
    const topics = await kafkaTool("topics", "--describe");
    const few = topics.split("\n").filter((line) => /^Topic: (telemetry|random-numbers|__)\S*\s+TopicId/.test(line));
    for (const line of few) must(line.includes("ReplicationFactor: 3"), `not on three brokers: ${line}`);
    const quorum = await kafkaTool("metadata-quorum", "describe", "--status");
    must((quorum.match(/CurrentVoters:.*/)?.[0].match(/"id"/g) ?? []).length === 3, `not three voters: ${quorum}`);
    return `${few.length} topics on three brokers`;
  });
  const killed = Date.now();
  await runner.step("the proof is green again after the first broker was killed", 10 * MINUTE, async () => {
    await killPod("kafka-0");
    return await greenAgain(killed, 6 * MINUTE);
  });
  await refused(runner, "kafka", 1, "3 brokers have the cluster's records");
  await runner.step("two nodes of Cassandra are up and have all rows", 30 * MINUTE, async () => {
    await upWith({ kafka: 3, cassandra: 2 });
    const stdout = await printed("cassandra-0", "node", ["nodetool", "status"]);
    must((stdout.match(/^UN /gm) ?? []).length === 2, `not two nodes up: ${stdout}`);
    return "2 nodes";
  });
  await runner.step("one node of Cassandra has all rows that two had", 30 * MINUTE, async () => {
    const before = await summaries();
    must(before > 0, "there are no figures of the census to look after");
    setServices({ cassandra: { replicationFactor: 1 } });
    await upWith({ kafka: 3, cassandra: 2 });
    await upWith({ kafka: 3, cassandra: 1 });
    const stdout = await printed("cassandra-0", "node", ["nodetool", "status"]);
    must((stdout.match(/^[UD]\w /gm) ?? []).length === 1, `not one node: ${stdout}`);
    const after = await summaries();
    must(after === before, `${after} rows of ${before}`);
    return `${after} rows`;
  });
}

/** Rows of the census' figures, which nothing ever ends. */
async function summaries(): Promise<number> {
  const [row] = await sql("SELECT count(*) AS n FROM cassandra.census.summary");
  return Number(row?.["n"]);
}

/** What would lose data ends before anything happens. */
async function refused(runner: Runner, service: string, replicas: number, words: string): Promise<void> {
  await runner.step(`${replicas} of ${service} is refused with words`, 3 * MINUTE, async () => {
    const before = readFileSync(stackFile, "utf8");
    try {
      write({ [service]: replicas });
      const ran = await millrace(["up", "--yes", "--profile", await profileNow()], 2 * MINUTE);
      must(ran.code !== 0, "it was accepted");
      must(`${ran.stdout}${ran.stderr}`.includes(words), `the message lacks "${words}"`);
      return `${Math.round(ran.ms)} ms`;
    } finally {
      writeFileSync(stackFile, before);
    }
  });
}

async function upWith(replicas: Readonly<Record<string, number>>): Promise<void> {
  write(replicas);
  await upAgain();
}

function write(replicas: Readonly<Record<string, number>>): void {
  setServices(Object.fromEntries(Object.entries(replicas).map(([service, count]) => [service, { replicas: count }])));
}

async function kafkaTool(tool: string, ...args: readonly string[]): Promise<string> {
  const path = `/opt/kafka/bin/kafka-${tool}.sh`;
  const command = ["env", "KAFKA_HEAP_OPTS=-Xmx96m", path, "--bootstrap-server", "localhost:9092", ...args];
  return await printed("kafka-1", "broker", command);
}

async function printed(pod: string, container: string, command: readonly string[]): Promise<string> {
  const program = await execute(pod, container, command);
  must(await program.ended, `${command.join(" ")} failed in ${pod}`);
  return program.stdout();
}
