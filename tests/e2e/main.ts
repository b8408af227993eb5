/**
 * The whole life of the platform on this machine: up, check, up again, faults, down, by the same commands that a user
 * types. The last line is `N passed, N failed`.
 */
import { parseArgs } from "node:util";

import type { DownReport } from "../../cli/down.ts";
import type { ProofReport } from "../../cli/proof.ts";
import type { StatusReport } from "../../cli/status.ts";
import type { UpReport } from "../../cli/up.ts";
import { bytes } from "../../cli/table.ts";
import { brokenHops, brokerKilled, driverKilled, refusesBadConfig } from "./faults.ts";
import { fingerprints } from "./platform.ts";
import { document, millrace, must, Runner } from "./runner.ts";

const MINUTE = 60_000;
const GIB = 2 ** 30;

const { values } = parseArgs({
  options: {
    /** Further times up and down at the end. */
    rounds: { type: "string", default: "0" },
    /** Leave the platform up. */
    keep: { type: "boolean", default: false },
    /** Only up, check, up again and down. */
    "no-faults": { type: "boolean", default: false },
  },
});

const runner = new Runner();

async function up(name: string, limitMs: number): Promise<boolean> {
  return await runner.step(name, limitMs + MINUTE, async () => {
    const ran = await millrace(["up", "--json"], limitMs);
    const report = document(ran) as UpReport;
    must(ran.code === 0 && report.ok, report.errors.join("; ") || `exit code ${ran.code}`);
    must(report.proof?.ok === true, "there is no proof");
    return `${Math.round(ran.ms / 1000)} s, ${report.proof.hops.length} hops`;
  });
}

async function check(): Promise<void> {
  await runner.step("npm run check passes and counts the same records at every hop", 4 * MINUTE, async () => {
    const ran = await millrace(["check", "--json"], 3 * MINUTE);
    const report = document(ran) as ProofReport;
    must(ran.code === 0 && report.ok, report.error ?? `failed at ${report.failedHop ?? "?"}`);
    const names = report.hops.map((hop) => hop.hop).join(", ");
    must(names === "kafka, object-store, spark, catalog, presto, dead-letter", `the hops are ${names}`);
    must(
      report.hops.every((hop) => hop.ok),
      "a hop is not ok",
    );
    const figures = report.hops.slice(0, -1).map((hop) => `${hop.count} ${hop.distinct} ${hop.checksum}`);
    must(new Set(figures).size === 1, `the hops differ: ${figures.join("; ")}`);
    must((report.hops.at(-1)?.count ?? 0) > 0, "no poison record was kept");
    return `${names} in ${report.ms} ms`;
  });
}

async function unchangedUp(): Promise<void> {
  await runner.step("a second up changes nothing and restarts no pod", 5 * MINUTE, async () => {
    const before = await fingerprints();
    const ran = await millrace(["up", "--json"], 4 * MINUTE);
    const report = document(ran) as UpReport;
    must(ran.code === 0 && report.ok, report.errors.join("; "));
    const { create, update, replace, delete: deleted } = report.changes ?? {};
    must(create === 0 && update === 0 && replace === 0 && deleted === 0, JSON.stringify(report.changes));
    const after = await fingerprints();
    must(after.join("\n") === before.join("\n"), `pods differ: ${after.filter((pod) => !before.includes(pod)).join()}`);
    const without = report.durationMs - (report.proof?.ms ?? 0);
    must(without <= 20_000, `${without} ms without the proof`);
    return `${Math.round(without / 1000)} s beside the proof`;
  });
}

async function memory(): Promise<void> {
  await runner.step("everything is ready and uses at most 8 GiB", MINUTE, async () => {
    const report = document(await millrace(["status", "--json"], 50_000)) as StatusReport;
    const sick = report.services.filter((service) => !service.ready);
    must(report.ok, sick.map((service) => `${service.name}: ${service.reason ?? ""}`).join("; ") || "not ok");
    const total = report.totalMemory ?? Number.POSITIVE_INFINITY;
    must(total <= 8 * GIB, bytes(total));
    return bytes(total);
  });
}

async function down(name: string): Promise<boolean> {
  return await runner.step(name, 4 * MINUTE, async () => {
    const ran = await millrace(["down", "--json"], 3 * MINUTE);
    const report = document(ran) as DownReport;
    must(report.left.length === 0, report.left.map((item) => `${item.kind} ${item.name}`).join(", "));
    must(ran.code === 0, report.errors.join("; "));
    must(ran.ms <= 2 * MINUTE, `it took ${Math.round(ran.ms / 1000)} s`);
    return `${Math.round(ran.ms / 1000)} s`;
  });
}

await refusesBadConfig(runner);
if (await up("npm run up ends in a proven data path", 45 * MINUTE)) {
  await check();
  await unchangedUp();
  await memory();
  if (!values["no-faults"]) {
    await brokerKilled(runner);
    await driverKilled(runner);
    await brokenHops(runner);
  }
}
if (!values.keep) {
  await down("npm run down leaves nothing");
  await down("a second down finds nothing to do");
  for (let round = 1; round <= Number(values.rounds); round++) {
    await up(`round ${round}: up again`, 15 * MINUTE);
    await down(`round ${round}: down again`);
  }
}
console.log(`${runner.passed} passed, ${runner.failed} failed`);
process.exitCode = runner.failed === 0 ? 0 : 1;
