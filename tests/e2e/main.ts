/**
 * The whole life of the platform on this machine: up, check, up again, faults, down, by the same commands that a user
 * types. The last line is `N passed, N failed`.
 */
import { parseArgs } from "node:util";

import type { DownReport } from "../../cli/down.ts";
import type { StatusReport } from "../../cli/status.ts";
import type { UpReport } from "../../cli/up.ts";
import { bytes } from "../../cli/table.ts";
import { pages } from "../browser/pages.ts";
import { censusBatch } from "./census.ts";
import * as airflow from "./faults/airflow.ts";
import { brokenDataPath, brokenStudio } from "./faults/broken-hops.ts";
import { brokerKilled, driverKilled, refusesBadConfig } from "./faults/data-path.ts";
import * as jupyterhub from "./faults/jupyterhub.ts";
import * as postgres from "./faults/postgres.ts";
import * as sparkConnect from "./faults/spark-connect.ts";
import { fingerprints } from "./platform.ts";
import { check, failures } from "./proofs.ts";
import { document, millrace, must, Runner } from "./runner.ts";

const MINUTE = 60_000;
const GIB = 2 ** 30;

const { values } = parseArgs({
  options: {
    /** Services of the platform: `core` or `studio`. */
    profile: { type: "string", default: "studio" },
    /** Only these parts, on a platform that is up already and stays up: `--only airflow,browser`; a wrong name lists all. */
    only: { type: "string" },
    /** Further times up and down at the end. */
    rounds: { type: "string", default: "0" },
    /** Leave the platform up. */
    keep: { type: "boolean", default: false },
    /** Only up, check, up again and down. */
    "no-faults": { type: "boolean", default: false },
  },
});
const isStudio = values.profile === "studio";

const runner = new Runner();

async function up(name: string, limitMs: number): Promise<boolean> {
  return await runner.step(name, limitMs + MINUTE, async () => {
    const ran = await millrace(["up", "--json", "--profile", values.profile], limitMs);
    const report = document(ran) as UpReport;
    must(ran.code === 0 && report.ok, report.errors.join("; ") || `exit code ${ran.code}`);
    must(report.proof?.ok === true, "there is no proof");
    return `${Math.round(ran.ms / 1000)} s, ${report.proof.hops.length} hops`;
  });
}

const dataPath = ["kafka", "object-store", "spark", "catalog", "presto", "dead-letter"];

async function proof(): Promise<void> {
  await runner.step("npm run check passes and counts the same records at every hop", 6 * MINUTE, async () => {
    const { code, report } = await check();
    must(code === 0 && report.ok, failures(report));
    const names = report.hops.map((hop) => hop.hop).join(", ");
    const wanted = [...dataPath, ...(isStudio ? ["airflow", "notebooks"] : [])].join(", ");
    must(names === wanted, `the hops are ${names}`);
    must(
      report.hops.every((hop) => hop.ok),
      "a hop is not ok",
    );
    const figures = report.hops.slice(0, 5).map((hop) => `${hop.count} ${hop.distinct} ${hop.checksum}`);
    must(new Set(figures).size === 1, `the hops differ: ${figures.join("; ")}`);
    const empty = report.hops.slice(5).filter((hop) => !((hop.count ?? 0) > 0));
    must(empty.length === 0, `nothing was counted at ${empty.map((hop) => hop.hop).join(", ")}`);
    return `${names} in ${report.ms} ms`;
  });
}

const without = (all: readonly string[], others: readonly string[]): string[] =>
  all.filter((one) => !others.includes(one));

async function unchangedUp(): Promise<void> {
  await runner.step("a second up changes nothing and restarts no pod", 8 * MINUTE, async () => {
    const before = await fingerprints();
    const ran = await millrace(["up", "--json"], 7 * MINUTE);
    const report = document(ran) as UpReport;
    must(ran.code === 0 && report.ok, report.errors.join("; "));
    const { create, update, replace, delete: deleted } = report.changes ?? {};
    must(create === 0 && update === 0 && replace === 0 && deleted === 0, JSON.stringify(report.changes));
    const after = await fingerprints();
    const [gone, come] = [without(before, after), without(after, before)];
    must(gone.length + come.length === 0, `pods differ: gone ${gone.join()}; come ${come.join()}`);
    const ownMs = report.durationMs - (report.proof?.ms ?? 0);
    must(ownMs <= 20_000, `${ownMs} ms without the proof`);
    return `${Math.round(ownMs / 1000)} s beside the proof`;
  });
}

async function memory(): Promise<void> {
  // People's services add at most 5 GiB.
  const limitGiB = isStudio ? 13 : 8;
  await runner.step(`everything is ready and uses at most ${limitGiB} GiB`, MINUTE, async () => {
    const report = document(await millrace(["status", "--json"], 50_000)) as StatusReport;
    const sick = report.services.filter((service) => !service.ready);
    must(report.ok, sick.map((service) => `${service.name}: ${service.reason ?? ""}`).join("; ") || "not ok");
    const total = report.totalMemory ?? Number.POSITIVE_INFINITY;
    must(total <= limitGiB * GIB, bytes(total));
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

interface Part {
  readonly run: (runner: Runner) => Promise<void>;
  /** Whether it needs what only profile `studio` has. @default false */
  readonly isStudio?: boolean;
}

/** The faults and the pages, in order: what locks an account comes after those who need it. */
const parts: Readonly<Record<string, Part>> = {
  kafka: { run: brokerKilled },
  stream: { run: driverKilled },
  census: { run: censusBatch, isStudio: true },
  browser: { run: pages, isStudio: true },
  servers: { run: jupyterhub.servers, isStudio: true },
  dags: { run: airflow.badInput, isStudio: true },
  scheduler: { run: airflow.schedulerKilled, isStudio: true },
  "api-server": { run: airflow.apiServerKilled, isStudio: true },
  hub: { run: jupyterhub.hubKilled, isStudio: true },
  "spark-connect": { run: sparkConnect.serverKilled, isStudio: true },
  postgres: { run: postgres.killed, isStudio: true },
  restore: { run: postgres.restored, isStudio: true },
  "data-path": { run: brokenDataPath },
  studio: { run: brokenStudio, isStudio: true },
  "airflow-login": { run: airflow.wrongPassword, isStudio: true },
  "hub-login": { run: jupyterhub.wrongPassword, isStudio: true },
};

/** Parts that look at the whole platform, for a platform that is up. */
const looks: Readonly<Record<string, Part>> = {
  check: { run: proof },
  unchanged: { run: unchangedUp },
  memory: { run: memory },
};

async function onlyParts(names: readonly string[]): Promise<void> {
  const known = { ...looks, ...parts };
  for (const name of names) {
    const part = known[name];
    if (part === undefined) {
      await runner.step(`--only ${name}`, MINUTE, () =>
        Promise.reject(new Error(`there is no such part; there are ${Object.keys(known).join(", ")}`)),
      );
    } else await part.run(runner);
  }
}

async function wholeLife(): Promise<void> {
  await refusesBadConfig(runner);
  if (await up("npm run up ends in a proven platform", 55 * MINUTE)) {
    for (const part of Object.values(looks)) await part.run(runner);
    for (const part of Object.values(parts)) {
      if (!values["no-faults"] && (isStudio || part.isStudio !== true)) await part.run(runner);
    }
  }
  if (values.keep) return;
  await down("npm run down leaves nothing");
  await down("a second down finds nothing to do");
  for (let round = 1; round <= Number(values.rounds); round++) {
    await up(`round ${round}: up again`, 15 * MINUTE);
    await down(`round ${round}: down again`);
  }
}

if (values.only === undefined) await wholeLife();
else await onlyParts(values.only.split(","));
console.log(`${runner.passed} passed, ${runner.failed} failed`);
process.exitCode = runner.failed === 0 ? 0 : 1;
// A watch or a socket that a failed step left open must not keep the program.
process.exit();
