/** Pages that ask nobody by themselves, with `cluster.askForLogin: always`: nobody comes in without a password, on 127.0.0.1 either. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { io } from "socket.io-client";
import { parseDocument } from "yaml";

import { PrestoClient } from "../../../components/presto/programs/presto-client.ts";
import { livePath } from "../../../display/protocol.ts";
import { projectDir } from "../../../cli/paths.ts";
import type { UpReport } from "../../../cli/up.ts";
import type { Profile } from "../../../config/profiles.ts";
import { ROBOT } from "../../../platform/names.ts";
import { addressOf, fingerprints, kube, namespace, secret, stack } from "../platform.ts";
import { document, millrace, must, type Runner, until } from "../runner.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const file = join(projectDir, `Pulumi.${stack.name}.yaml`);
const SETTING = ["config", "millrace:cluster", "askForLogin"] as const;
const STRANGER = "somebody-else";

/** With the setting on a stack that publishes on the loopback, and back; elsewhere the pages ask in any case. */
export async function logins(runner: Runner, profile: Profile): Promise<void> {
  if (stack.profile.exposure.guarded !== undefined) {
    await runner.step("published pages ask for a login", 3 * MINUTE, () => asked(profile));
    return;
  }
  await runner.step(
    "with askForLogin: always, pages ask for a login and restart no other pod",
    12 * MINUTE,
    async () => {
      const text = readFileSync(file, "utf8");
      const putBack = (): void => {
        writeFileSync(file, text);
      };
      // Before what was registered earlier, which puts back what it has found itself.
      process.prependOnceListener("exit", putBack);
      const before = await fingerprints();
      const values = parseDocument(text);
      values.setIn(SETTING, "always");
      writeFileSync(file, values.toString());
      try {
        const report = await up();
        must(
          report.proof?.hops.some(({ hop, ok }) => hop === "logins" && ok) === true,
          "the proof does not ask for logins",
        );
        const after = (await fingerprints()).filter((one) => !one.startsWith("auth-proxy-"));
        must(
          after.join() === before.join(),
          `other pods differ: ${after.filter((one) => !before.includes(one)).join("; ")}`,
        );
        return await asked(profile);
      } finally {
        putBack();
      }
    },
  );
  await runner.step("without the setting they are open on 127.0.0.1 again", 8 * MINUTE, async () => {
    await up();
    must((await statusOf("presto")) < 400, "Presto still asks");
    const { items } = await kube().get<{ items: readonly unknown[] }>(
      `/api/v1/namespaces/${namespace}/secrets?labelSelector=${encodeURIComponent("app.kubernetes.io/name=auth-proxy")}`,
    );
    must(items.length === 0, "the passwords are still there");
    return undefined;
  });
}

async function up(): Promise<UpReport> {
  const ran = await millrace(["up", "--json", "--yes"], 7 * MINUTE);
  const report = document(ran) as UpReport;
  must(ran.code === 0 && report.ok, report.errors.join("; "));
  return report;
}

async function asked(profile: Profile): Promise<string> {
  const password = await secret("auth-proxy-users", ROBOT);
  const pages = [
    "presto",
    "sparkUi",
    ...(has("studio", profile) ? ["sparkHistory"] : []),
    ...(has("pipeline", profile) ? ["display"] : []),
  ];
  for (const page of pages) {
    for (const headers of [{}, basic(ROBOT, `${password}x`), basic(STRANGER, password)]) {
      const status = await statusOf(page, headers);
      must(status === 401, `${page} answers ${JSON.stringify(headers)} with ${status}`);
    }
    const status = await statusOf(page, basic(ROBOT, password));
    must(status < 400, `${page} answers ${ROBOT} with ${status}`);
    const foreign = await statusOf(page, { ...basic(ROBOT, password), origin: "http://evil.example" });
    must(foreign === 403, `${page} answers another site's page with ${foreign}`);
  }
  const client = new PrestoClient({
    url: `http://${addressOf("presto")}`,
    catalog: "lake",
    schema: "telemetry",
    user: STRANGER,
    login: { user: ROBOT, password },
    statementTimeoutMs: MINUTE,
  });
  const [who] = await client.query("SELECT current_user AS who");
  must(who?.["who"] === ROBOT, `SQL says that it runs as ${String(who?.["who"])}`);
  const [samples] = await client.query("SELECT count(*) AS n FROM samples");
  must(Number(samples?.["n"]) > 0, `SQL counts ${String(samples?.["n"])} samples`);
  const inner = await statusOf("presto", basic(ROBOT, password), "/v1/task");
  must(inner === 404, `what nodes ask each other is answered with ${inner}`);
  if (has("pipeline", profile)) await live(password);
  return `${pages.join(", ")}: 401 without a password, there with it`;
}

const has = (group: "studio" | "pipeline", profile: Profile): boolean => profile === group || profile === "full";

async function statusOf(page: string, headers: Record<string, string> = {}, path = "/"): Promise<number> {
  const url = `http://${addressOf(page)}${path}`;
  const answer = await fetch(url, { redirect: "manual", headers, signal: AbortSignal.timeout(20 * SECOND) });
  await answer.body?.cancel();
  return answer.status;
}

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

/** The display's stream comes through, for those who have logged in. */
async function live(password: string): Promise<void> {
  for (const [extraHeaders, comes] of [
    [basic(ROBOT, password), true],
    [{}, false],
  ] as const) {
    const socket = io(`http://${addressOf("display")}/random-numbers`, {
      path: livePath,
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
      extraHeaders,
    });
    try {
      const seen = { ended: false };
      socket.on("connect_error", () => (seen.ended = true));
      await until("an answer to the socket", 20 * SECOND, () =>
        Promise.resolve(socket.connected || seen.ended ? true : undefined),
      );
      must(
        socket.connected === comes,
        `a socket ${comes ? "with" : "without"} a login is ${comes ? "refused" : "taken"}`,
      );
    } finally {
      socket.disconnect();
    }
  }
}
