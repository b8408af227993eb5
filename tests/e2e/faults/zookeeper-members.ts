/**
 * Three members of ZooKeeper, of which the leader is killed. Their number can't change while there are data, so the platform's own ones go
 * before and after: it runs only when it is asked for.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { kube, killPod, namespace, ready } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";
import { setServices, stackFile, upAgain } from "../stack-file.ts";
import { login, ROOT, shell } from "./zookeeper.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Most time in which nothing is written after the leader has died. */
const GAP_MS = 30 * SECOND;
const AFTER_MS = 45 * SECOND;
/** Writes, one in 20 ms at most: they go on for longer than the looks at them. */
const WRITES = 4000;

export async function leaderKilled(runner: Runner): Promise<void> {
  const before = readFileSync(stackFile, "utf8");
  try {
    await runner.step("ZooKeeper has three members, and the proof goes through all of them", 20 * MINUTE, async () => {
      await anew({ replicas: 3 });
      await ready("zookeeper", 4 * MINUTE);
      return await greenAgain(Date.now(), 3 * MINUTE);
    });
    await runner.step("writes go on when ZooKeeper's leader is killed, and none is lost", 8 * MINUTE, killed);
  } finally {
    writeFileSync(stackFile, before);
    await runner.step("ZooKeeper has one member again", 20 * MINUTE, async () => {
      await anew({ replicas: 1 });
      writeFileSync(stackFile, before);
      return undefined;
    });
  }
}

/** The room begins with an empty tree. */
async function anew(settings: Readonly<Record<string, unknown>>): Promise<void> {
  setServices({ zookeeper: { enabled: false } });
  await upAgain();
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  const { items } = await kube().get<{ items: readonly { readonly metadata: { readonly name: string } }[] }>(path);
  const claims = items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("data-zookeeper-"));
  for (const name of claims) await kube().delete(`${path}/${name}`);
  setServices({ zookeeper: { enabled: true, ...settings } });
  await upAgain();
}

async function stateOf(ordinal: number): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods/zookeeper-${ordinal}:8080/proxy/commands/monitor`;
  return (await kube().get<{ readonly server_state: string }>(path)).server_state;
}

async function killed(): Promise<string> {
  const states = await Promise.all([0, 1, 2].map(stateOf));
  const leader = states.indexOf("leader");
  must(leader >= 0, `no member leads: ${states.join(", ")}`);
  const other = `zookeeper-${(leader + 1) % 3}`;
  const marker = `${ROOT}/e2e-members`;
  await (
    await shell(`echo create ${marker}`, await login(), other)
  ).ended;
  try {
    const writes = `for n in $(seq ${WRITES}); do echo create ${marker}/$n $n; sleep 0.02; done`;
    const writer = await shell(writes, await login(), other);
    const acknowledged = (): string[] =>
      Array.from(writer.stdout().matchAll(/Created (\/proof\/e2e-members\/\d+)\r?\n/g), ([, node = ""]) => node);
    await until("nodes", 2 * MINUTE, () => Promise.resolve(acknowledged().length > 100 ? true : undefined));
    const since = Date.now();
    await killPod(`zookeeper-${leader}`);
    let [longest, last, count] = [0, Date.now(), acknowledged().length];
    while (Date.now() < since + AFTER_MS) {
      await sleep(100);
      const now = acknowledged().length;
      if (now > count) [last, count] = [Date.now(), now];
      longest = Math.max(longest, Date.now() - last);
    }
    await writer.ended;
    must(longest <= GAP_MS, `nothing was written for ${Math.round(longest / SECOND)} s`);
    const written = acknowledged();
    const listed = await shell(`echo ls ${marker}`, await login(), other);
    await listed.ended;
    const [, names = ""] = /\[([\d, ]+)\]\r?\n/.exec(listed.stdout()) ?? [];
    const found = new Set(names.split(", ").map((name) => `${marker}/${name}`));
    const lost = written.filter((node) => !found.has(node));
    must(lost.length === 0, `${lost.length} of ${written.length} acknowledged nodes are lost`);
    await ready("zookeeper", 2 * MINUTE);
    const green = await greenAgain(since, 3 * MINUTE);
    return `longest gap ${(longest / SECOND).toFixed(1)} s, ${written.length} acknowledged, 0 lost; ${green}`;
  } finally {
    await (
      await shell(`echo deleteall ${marker}`, await login(), other)
    ).ended;
  }
}
