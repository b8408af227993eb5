/** Every claim grows on the live platform, and nothing is lost; a smaller size is refused before anything happens. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { projectDir } from "../../../cli/paths.ts";
import { livePlatform } from "../../../clusters/claims.ts";
import { serviceNames } from "../../support/service-names.ts";
import type { LiveClaim } from "../../../config/live-platform.ts";
import { kube, namespace, sql, stack } from "../platform.ts";
import { millrace, must, type Runner } from "../runner.ts";

const MINUTE = 60_000;
const GI = 2 ** 30;
const file = join(projectDir, `Pulumi.${stack.name}.yaml`);
/** What is in the file by this run; `undefined` before its first change. */
let written: string | undefined;

const keys = Object.entries({
  kafka: serviceNames.kafka,
  objectStore: serviceNames.objectStore,
  postgres: serviceNames.postgres,
  cassandra: serviceNames.cassandra,
});

/** GiB of claims that nobody has yet: the run's data are a few MiB, and the machine may be small. */
export const SMALL_GIB: Readonly<Record<string, number>> = { kafka: 3, objectStore: 3, postgres: 1, cassandra: 2 };

async function claims(): Promise<readonly LiveClaim[]> {
  const live = await livePlatform(stack.profile, { namespaces: [namespace] });
  // The stack's id is on the namespace: ask by what is there, whoever the stack is.
  if (live !== undefined && live.claims.length > 0) return live.claims;
  const found = await kube().get<{ metadata: { labels?: Record<string, string> } }>(`/api/v1/namespaces/${namespace}`);
  const stackId = found.metadata.labels?.["millrace/stack-id"];
  const own = await livePlatform(stack.profile, {
    namespaces: [namespace],
    ...(stackId === undefined ? {} : { stackId }),
  });
  must(own !== undefined && own.claims.length > 0, "the platform has no claims");
  return own.claims;
}

/** `name uid` of each StatefulSet: one that was made anew has another UID. */
async function sets(): Promise<string[]> {
  const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
  const { items } = await kube().get<{ items: { metadata: { name: string; uid: string } }[] }>(path);
  return items.map(({ metadata }) => `${metadata.name} ${metadata.uid}`).sort();
}

/** Rows that were there before the change: those of minutes that are over. */
async function rows(before: string): Promise<number> {
  const [row] = await sql(
    `SELECT count(*) AS n FROM lake.telemetry.samples WHERE run IS NULL AND ts < TIMESTAMP '${before}'`,
  );
  return Number(row?.["n"]);
}

function writeSizes(text: string, sizes: ReadonlyMap<string, number>): void {
  const document = parseDocument(text);
  for (const [key, gibibytes] of sizes) {
    const storage = { kind: "persistent", size: `${gibibytes}Gi` };
    document.setIn(["config", "millrace:services", key, "storage"], storage);
  }
  written = document.toString();
  writeFileSync(file, written);
}

/** The size of each service's claims in GiB, and so much more. */
function sizesOf(live: readonly LiveClaim[], more: number): Map<string, number> {
  return new Map(
    keys.flatMap(([key, service]) => {
      const own = live.filter((claim) => claim.service === service);
      return own.length === 0
        ? []
        : [[key, Math.ceil(Math.max(...own.map((one) => one.sizeBytes)) / GI) + more] as const];
    }),
  );
}

/**
 * Puts the stack's file back as it was before its first change, however the run ends but by a kill.
 * @param isAlways Whether also over what others have written since: a part on a platform that stays up may mean it.
 */
function restoreAtExit(isAlways: boolean): void {
  if (written !== undefined) return;
  const text = readFileSync(file, "utf8");
  written = text;
  process.once("exit", () => {
    if (isAlways || readFileSync(file, "utf8") === written) writeFileSync(file, text);
  });
}

/**
 * Small claims for what is to come; a platform that is up keeps the sizes that another run has given to its claims.
 * @param isWhole Whether the run is a whole life of the platform, after which the stack's file is as it was.
 */
export async function giveSizes(isWhole: boolean): Promise<void> {
  const live = sizesOf(await claims().catch(() => []), 0);
  if (live.size === 0 && !isWhole) return;
  restoreAtExit(isWhole);
  writeSizes(readFileSync(file, "utf8"), new Map([...Object.entries(SMALL_GIB), ...live]));
}

/**
 * The stack's file keeps the new sizes until this process ends: a claim can't be made smaller, so the old ones would be
 * refused by the next `up`.
 */
export async function resize(runner: Runner): Promise<void> {
  const sizes = sizesOf(await claims(), 1);
  restoreAtExit(true);

  await runner.step("every claim grows under its pod, and no row is lost", 15 * MINUTE, async () => {
    const until = new Date(Date.now() - MINUTE).toISOString().slice(0, 19).replace("T", " ");
    const [count, made] = [await rows(until), await sets()];
    writeSizes(readFileSync(file, "utf8"), sizes);
    const ran = await millrace(["up"], 14 * MINUTE);
    must(ran.code === 0, `up ended with ${ran.code}:\n${ran.stderr.slice(-2000)}`);
    must((await sets()).join() === made.join(), "a StatefulSet was made anew");
    const after = await claims();
    for (const [key, service] of keys) {
      const wanted = sizes.get(key);
      for (const claim of after.filter((one) => one.service === service)) {
        const has = (claim.capacityBytes ?? 0) / GI;
        must(has === wanted, `${claim.name} has ${has} GiB instead of ${wanted ?? "?"}`);
      }
    }
    const now = await rows(until);
    must(count > 0 && now === count, `${count} rows before, ${now} after`);
    return `${sizes.size} services, ${count} rows before and after`;
  });

  await runner.step("a smaller size is refused in words, and changes nothing", 2 * MINUTE, async () => {
    const large = readFileSync(file, "utf8");
    const state = JSON.stringify([await claims(), await sets()]);
    try {
      writeSizes(large, new Map([...sizes].map(([key, gibibytes]) => [key, gibibytes - 1])));
      const ran = await millrace(["up"], MINUTE);
      must(ran.code !== 0, "up took a smaller size");
      for (const key of sizes.keys()) {
        const words = `millrace:services.${key}.storage.size`;
        must(ran.stderr.includes(words), `up does not name ${words}:\n${ran.stderr.slice(-2000)}`);
      }
      must(ran.stderr.includes("can't be made smaller"), "up does not say that a claim can't be made smaller");
    } finally {
      writeSizes(large, sizes);
    }
    must(JSON.stringify([await claims(), await sets()]) === state, "the refused up changed a claim or a set");
    return "all services named in one message";
  });
}
