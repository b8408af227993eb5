/** Bad luck of the logs: much is written while the store and what reads are killed, one pod writes without end, and secrets are written. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { MASK, secretTexts } from "../../../platform/masking.ts";
import { addressOf, kill, kube, loginHeaders, namespace, pods, ready } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const STORE = "logs";
const COLLECTOR = "logs-collector";
/** Lines in a second, and for how many seconds. */
const RATE = 5000;
const SECONDS = 60;
/** Time in which what was written last is found, in ms. */
const FOUND_MS = 10 * SECOND;

export async function logsKept(runner: Runner): Promise<void> {
  await runner.step(
    `of ${RATE} lines/s for ${SECONDS} s each is kept once, with store and collector killed`,
    8 * MINUTE,
    burst,
  );
  await runner.step("a pod that logs without end holds up no other, and what is left out is said", 6 * MINUTE, flood);
  await runner.step("passwords that are written do not get into the store", 4 * MINUTE, canary);
}

async function query(text: string): Promise<Record<string, string>[]> {
  const response = await fetch(`http://${addressOf("logs")}/select/logsql/query`, {
    method: "POST",
    body: new URLSearchParams({ query: text }),
    headers: await loginHeaders("logs"),
    signal: AbortSignal.timeout(MINUTE),
  });
  const body = await response.text();
  must(response.ok, `the store answers ${response.status}: ${body}`);
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, string>);
}

/** Runs a program of Node in a pod of its own. @returns what removes it */
async function writer(name: string, program: string): Promise<() => Promise<void>> {
  const [like] = await pods(COLLECTOR);
  const image = (like as unknown as { readonly spec: { readonly containers: readonly { readonly image: string }[] } })
    .spec.containers[0]?.image;
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await kube().post(path, {
    metadata: { name, labels: { "app.kubernetes.io/name": name } },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "writer",
          image,
          command: ["node", "-e", program],
          resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "1", memory: "128Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
        },
      ],
    },
  });
  return async () => {
    await kube()
      .delete(`${path}/${name}`, { gracePeriodSeconds: 0 })
      .catch(() => undefined);
  };
}

async function burst(): Promise<string> {
  const name = `e2e-burst-${randomUUID().slice(0, 8)}`;
  const count = RATE * SECONDS;
  const end = await writer(
    name,
    `let n = 0; const t = Date.now();
     const go = () => { const due = Math.min(${count}, Math.floor((Date.now() - t) / 1000 * ${RATE}));
       let out = ""; while (n < due) out += "INFO burst " + (n++) + " of a line that is as long as lines of logs are, about a hundred bytes\\n";
       process.stdout.write(out, () => n < ${count} ? setTimeout(go, 20) : setTimeout(() => {}, 20000)); }; go();`,
  );
  try {
    await until("the first lines in the store", 2 * MINUTE, async () => ((await rows(name)) > 0 ? true : undefined));
    await sleep(10 * SECOND);
    await kill(STORE);
    await ready(STORE, 2 * MINUTE);
    await sleep(10 * SECOND);
    await kill(COLLECTOR);
    await ready(COLLECTOR, 2 * MINUTE);
    const found = await until(`${count} lines in the store`, 4 * MINUTE, async () => {
      const n = await rows(name);
      return n >= count ? n : undefined;
    });
    await sleep(3 * SECOND);
    const [row] = await query(`_time:1h {pod="${name}"} "burst" | stats count() n, count_uniq_hash(_msg) distinct`);
    // A log that was rotated in just that time is said to lack something, whether or not it does.
    must(Number(row?.["n"]) === count, `${row?.["n"] ?? "no"} entries of ${count} lines`);
    must(Number(row?.["distinct"]) === count, `${row?.["distinct"] ?? "no"} different ones of ${count} lines`);
    return `${found} lines, each once`;
  } finally {
    await end();
  }
}

async function rows(pod: string): Promise<number> {
  const [row] = await query(`_time:1h {pod="${pod}"} "burst" | stats count() n`).catch(
    (): Record<string, string>[] => [],
  );
  return Number(row?.["n"] ?? 0);
}

async function flood(): Promise<string> {
  const name = `e2e-flood-${randomUUID().slice(0, 8)}`;
  const quiet = `e2e-quiet-${randomUUID().slice(0, 8)}`;
  const endFlood = await writer(
    name,
    `const line = ("INFO flood " + "x".repeat(900) + "\\n").repeat(100); const go = () => process.stdout.write(line, go); go();`,
  );
  const endQuiet = await writer(
    quiet,
    `let n = 0; setInterval(() => console.log("INFO quiet " + n++ + " " + Date.now()), 1000);`,
  );
  try {
    await until("what is left out to be said", 2 * MINUTE, async () => {
      const said = await query(`_time:10m {pod="${name}"} "millrace:" | limit 1`);
      return said.length > 0 ? true : undefined;
    });
    const [said] = await query(`_time:10m {pod="${name}"} "millrace:" | limit 1`);
    let slowest = 0;
    for (let look = 0; look < 10; look++) {
      const [newest] = await query(`_time:5m {pod="${quiet}"} | stats max(_time) last`);
      slowest = Math.max(slowest, Date.now() - Date.parse(newest?.["last"] ?? ""));
      await sleep(2 * SECOND);
    }
    must(slowest <= FOUND_MS, `the newest line of another pod was ${Math.round(slowest / SECOND)} s old`);
    const restarts = [...(await pods(STORE)), ...(await pods(COLLECTOR))].flatMap(({ status }) =>
      (status?.containerStatuses ?? []).map(({ restartCount }) => restartCount),
    );
    return `another pod's lines found after ${(slowest / SECOND).toFixed(1)} s at most, restarts ${restarts.join(", ")}; ${said?.["_msg"] ?? ""}`;
  } finally {
    await Promise.all([endFlood(), endQuiet()]);
  }
}

interface SecretObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

async function canary(): Promise<string> {
  const word = randomUUID();
  const name = `e2e-canary-${word.slice(0, 8)}`;
  const end = await writer(
    name,
    `console.log("connecting with password=${word}"); console.log("jdbc:postgresql://user:${word}@host/db");
     console.log("Authorization: Bearer ${word}"); console.log(JSON.stringify({ api_key: "${word}" })); console.log("canary end"); setTimeout(() => {}, 60000);`,
  );
  try {
    await until("the canary's lines", MINUTE, async () => {
      const found = await query(`_time:10m {pod="${name}"} "canary end"`);
      return found.length > 0 ? true : undefined;
    });
    const written = await query(`_time:10m {pod="${name}"}`);
    must(written.length === 5, `${written.length} lines of 5`);
    must(!written.some(({ _msg = "" }) => _msg.includes(word)), "a password is in the store as it was written");
    must(written.filter(({ _msg = "" }) => _msg.includes(MASK)).length === 4, "a password is left out without a word");
    const { items } = await kube().get<{ items: readonly SecretObject[] }>(`/api/v1/namespaces/${namespace}/secrets`);
    const values = items.flatMap(({ data = {} }) => {
      // An access key is what the secret key belongs to: a name.
      const secrets = Object.entries(data).filter(([key]) => key !== "accessKey");
      return secretTexts(
        Object.fromEntries(secrets.map(([key, value]) => [key, Buffer.from(value, "base64").toString()])),
      );
    });
    const long = [...new Set(values)].filter(
      (value) => value.length >= 12 && value.length <= 200 && !value.includes("\n"),
    );
    must(long.length > 10, `only ${long.length} values of Secrets to look for`);
    for (const value of long) {
      const pattern = JSON.stringify(value.replaceAll(/[^A-Za-z0-9]/g, (sign) => `\\${sign}`));
      const found = await query(`_time:7d ~${pattern} | fields service, pod | limit 1`);
      must(found.length === 0, `${found[0]?.["pod"] ?? ""} has logged the value of a Secret`);
    }
    return `4 written passwords masked; ${long.length} values of Secrets in no line`;
  } finally {
    await end();
  }
}
