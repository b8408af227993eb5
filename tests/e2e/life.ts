/** Steps of the platform's life, by the commands that a user types: up, check, up again, another profile, down. */
import { randomUUID } from "node:crypto";

import type { DownReport } from "../../cli/down.ts";
import type { ProofReport } from "../../cli/proof.ts";
import type { StatusReport } from "../../cli/status.ts";
import { bytes } from "../../cli/table.ts";
import type { UpReport } from "../../cli/up.ts";
import { hopNames } from "../../check/table.ts";
import { type Profile, servicesOf } from "../../config/profiles.ts";
import { dataPath, hopsOfProfile, inTime, LOGINS } from "../support/profile-hops.ts";
import { serviceNames } from "../support/service-names.ts";
import { measured, MONITORING, send } from "./pipeline.ts";
import { fingerprints, pods, sql, stack } from "./platform.ts";
import { check, failures } from "./proofs.ts";
import { document, millrace, must, type Runner, until } from "./runner.ts";

const MINUTE = 60_000;
const GIB = 2 ** 30;

export async function up(runner: Runner, profile: Profile, name: string, limitMs: number): Promise<boolean> {
  return await runner.step(name, limitMs + MINUTE, () => bringUp(profile, limitMs));
}

async function bringUp(profile: Profile, limitMs: number): Promise<string> {
  const ran = await millrace(["up", "--json", "--yes", "--profile", profile], limitMs);
  const report = document(ran) as UpReport;
  must(ran.code === 0 && report.ok, report.errors.join("; ") || `exit code ${ran.code}`);
  must(report.proof?.ok === true, "there is no proof");
  mustCount(report.proof, profile);
  return `${Math.round(ran.ms / 1000)} s, ${report.proof.hops.length} hops`;
}

/** Records that are in the lake before another profile comes, and must be there after it. */
const KEPT = 500;

/** The Services of one profile that another is without. */
export function leaving(last: Profile, next: Profile): string[] {
  const kept = servicesOf(next);
  return servicesOf(last)
    .filter((name) => !kept.includes(name))
    .map((name) => {
      const service = (serviceNames as Readonly<Record<string, string>>)[name];
      if (service === undefined) throw new Error(`no name of a Service is written down for ${name}`);
      return service;
    });
}

/** From one profile to the next on the same cluster: its services come, those of the last one go, and the data stays. */
export async function switchTo(runner: Runner, profile: Profile, limitMs: number): Promise<boolean> {
  const title = `npm run up -- --profile ${profile} changes the services and keeps the data`;
  return await runner.step(title, limitMs + 4 * MINUTE, async () => {
    const run = `e2e-${randomUUID()}`;
    const count = async (): Promise<number> => {
      const [row] = await sql(`SELECT count(*) AS n FROM lake.telemetry.samples WHERE run = '${run}'`);
      return Number(row?.["n"]);
    };
    const values = Array.from({ length: KEPT }, (_, index) => index);
    await send(MONITORING, measured(run, "e2e.kept", values));
    await until(`${KEPT} records in the lake`, 2 * MINUTE, async () => ((await count()) === KEPT ? true : undefined));
    try {
      const words = await bringUp(profile, limitMs);
      const kept = await count();
      must(kept === KEPT, `${kept} of ${KEPT} records are in the lake`);
      const left = (await Promise.all(leaving("studio", profile).map((service) => pods(service)))).flat();
      must(left.length === 0, `of the last profile there are still ${left.map((pod) => pod.metadata.name).join(", ")}`);
      return `${words}, ${kept} records kept`;
    } finally {
      await sql(`DELETE FROM lake.telemetry.samples WHERE run = '${run}'`).catch(() => undefined);
    }
  });
}

/** Hops that must have seen the very same records. */
const alike: readonly (readonly string[])[] = [
  dataPath.slice(0, 5),
  ["pump", "live", "cassandra", "presto-cassandra", "lake"],
];

export async function proof(runner: Runner, profile: Profile): Promise<void> {
  await runner.step("npm run check passes and counts the same records at every hop", 6 * MINUTE, async () => {
    const { code, report } = await check();
    must(code === 0 && report.ok, failures(report));
    mustCount(report, profile);
    return `${report.hops.map((hop) => hop.hop).join(", ")} in ${report.ms} ms`;
  });
}

/** The proof has every hop of the profile, each has counted something, and those of one path the same. */
function mustCount(report: ProofReport, profile: Profile): void {
  const asked = report.hops.map((hop) => hop.hop);
  const wanted = hopsOfProfile[profile];
  must(without(asked, [...inTime, LOGINS]).join() === wanted.join(), `the hops are ${asked.join(", ")}`);
  must(asked.includes(LOGINS) === (stack.profile.exposure.guarded !== undefined), `the hops are ${asked.join(", ")}`);
  const skipped = report.skipped.map((one) => one.hop);
  const left = without(hopNames, asked);
  must(skipped.toSorted().join() === left.toSorted().join(), `skipped are ${skipped.join(", ")}`);
  must(
    report.hops.every((hop) => hop.ok),
    "a hop is not ok",
  );
  const empty = report.hops.filter((hop) => !((hop.count ?? 0) > 0));
  must(empty.length === 0, `nothing was counted at ${empty.map((hop) => hop.hop).join(", ")}`);
  for (const group of alike) {
    const hops = report.hops.filter(({ hop }) => group.includes(hop));
    const figures = new Set(hops.map((hop) => `${hop.count} ${hop.distinct} ${hop.checksum}`));
    must(figures.size <= 1, `${group.join(", ")} differ: ${[...figures].join("; ")}`);
  }
}

const without = (all: readonly string[], others: readonly string[]): string[] =>
  all.filter((one) => !others.includes(one));

/** Time of an `up` that changes nothing, without the proof. Profile streams has cars that keep both engines at work on the same cores. */
const unchangedMs = (profile?: Profile): number => (profile === "streams" ? 60_000 : 20_000);

export async function unchangedUp(runner: Runner, profile?: Profile): Promise<void> {
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
    must(ownMs <= unchangedMs(profile), `${ownMs} ms without the proof`);
    return `${Math.round(ownMs / 1000)} s beside the proof`;
  });
}

/** Most that everything may use: the data path, and what people's services (5 GiB) and the pipeline (3 GiB) may add. */
const limitGiB: Readonly<Record<Profile, number>> = { core: 8, studio: 13, pipeline: 11, streams: 8, full: 16 };
const pipelineServices = /^(cassandra|random-numbers|display)/;
const PIPELINE_GIB = 3;

export async function memory(runner: Runner, profile: Profile): Promise<void> {
  const limit = limitGiB[profile];
  await runner.step(`everything is ready and uses at most ${limit} GiB`, MINUTE, async () => {
    const report = document(await millrace(["status", "--json"], 50_000)) as StatusReport;
    const sick = report.services.filter((service) => !service.ready);
    must(report.ok, sick.map((service) => `${service.name}: ${service.reason ?? ""}`).join("; ") || "not ok");
    const total = report.totalMemory ?? Number.POSITIVE_INFINITY;
    must(total <= limit * GIB, bytes(total));
    const added = report.services.filter(({ name }) => pipelineServices.test(name));
    const addedBytes = added.reduce((sum, service) => sum + (service.memory ?? 0), 0);
    must(addedBytes <= PIPELINE_GIB * GIB, `the pipeline adds ${bytes(addedBytes)}`);
    return added.length === 0 ? bytes(total) : `${bytes(total)}, of it the pipeline ${bytes(addedBytes)}`;
  });
}

export async function down(runner: Runner, name: string): Promise<boolean> {
  return await runner.step(name, 4 * MINUTE, async () => {
    const ran = await millrace(["down", "--json", "--yes"], 3 * MINUTE);
    const report = document(ran) as DownReport;
    must(ran.code === 0, report.errors.join("; "));
    must(report.left.length === 0, report.left.map((item) => `${item.kind} ${item.name}`).join(", "));
    must(ran.ms <= 2 * MINUTE, `it took ${Math.round(ran.ms / 1000)} s`);
    return `${Math.round(ran.ms / 1000)} s`;
  });
}
