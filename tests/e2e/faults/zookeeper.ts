/** Bad luck of ZooKeeper: a crash in the middle of writing, and somebody who does not say who he is. */
import { setTimeout as sleep } from "node:timers/promises";

import { execute, killPod, ready, secret } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const POD = "zookeeper-0";
const CONTAINER = "member";
/** The proof's own node. */
export const ROOT = "/proof";

interface Login {
  readonly user: string;
  readonly password: string;
}

/** Runs the shell with these lines, in the member of a pod. @param login Of SASL. @default - nobody's */
export async function shell(lines: string, login?: Login, pod = POD) {
  const jaas =
    login === undefined
      ? ""
      : `Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="${login.user}" password="${login.password}"; };`;
  const script =
    'file=$(mktemp) && echo "$0" > $file && export CLIENT_JVMFLAGS="' +
    (login === undefined ? "" : "-Djava.security.auth.login.config=$file") +
    '" && eval "$1" | zkCli.sh -server localhost:2181 2>&1';
  return await execute(pod, CONTAINER, ["bash", "-c", script, jaas, lines]);
}

/** The proof's own account. */
export async function login(): Promise<Login> {
  return { user: "proof", password: await secret("zookeeper-role-proof", "password") };
}

/** Each node that was acknowledged before the crash is there after it; who does not log in is refused. */
export async function zookeeperKilled(runner: Runner): Promise<void> {
  await runner.step("ZooKeeper refuses who does not log in, and what is another's", 3 * MINUTE, async () => {
    await ready("zookeeper", 2 * MINUTE);
    const nobody = await shell("echo ls /");
    await nobody.ended;
    must(
      !nobody.stdout().includes("[proof"),
      `it shows its nodes to nobody in particular: ${nobody.stdout().slice(-300)}`,
    );
    const known = await shell("echo ls /", await login());
    await known.ended;
    must(known.stdout().includes("[proof"), `it does not show its nodes to proof: ${known.stdout().slice(-300)}`);
    const other = await shell("echo create /e2e-mine x", await login());
    await other.ended;
    must(
      /Insufficient permission|NoAuth/.test(other.stdout()),
      `proof may make /e2e-mine: ${other.stdout().slice(-300)}`,
    );
    return "no login, no nodes; no node beside one's own";
  });

  await runner.step(
    "a killed ZooKeeper loses nothing acknowledged, and the proof is green again",
    8 * MINUTE,
    async () => {
      const marker = `${ROOT}/e2e`;
      await (
        await shell(`echo create ${marker}`, await login())
      ).ended;
      try {
        const writes = `for n in $(seq 20000); do echo create ${marker}/$n $n; done`;
        const writer = await shell(writes, await login());
        const acknowledged = (): string[] =>
          Array.from(
            writer.stdout().matchAll(/Created (?<node>\/proof\/e2e\/\d+)\r?\n/g),
            ({ groups }) => groups?.["node"] ?? "",
          );
        await until("nodes", 2 * MINUTE, () => Promise.resolve(acknowledged().length > 100 ? true : undefined));
        const since = Date.now();
        await killPod(POD);
        await writer.ended;
        const written = acknowledged();
        await sleep(2000);
        await ready("zookeeper", 2 * MINUTE);
        const back = Math.round((Date.now() - since) / 1000);
        const listed = await shell(`echo ls ${marker}`, await login());
        await listed.ended;
        const [, names = ""] = /\[([\d, ]*)\]\r?\n/.exec(listed.stdout()) ?? [];
        const found = new Set(names.split(", ").map((name) => `${marker}/${name}`));
        const lost = written.filter((node) => !found.has(node));
        must(lost.length === 0, `${lost.length} of ${written.length} acknowledged nodes are lost`);
        const green = await greenAgain(since, 2 * MINUTE);
        return `${written.length} acknowledged, 0 lost, back after ${back} s; ${green}`;
      } finally {
        await (
          await shell(`echo deleteall ${marker}`, await login())
        ).ended;
      }
    },
  );
}
