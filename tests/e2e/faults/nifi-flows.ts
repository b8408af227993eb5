/** What people do on NiFi's canvas: they draw, and they delete. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { z } from "zod";
import type { FlowsReport } from "../../../cli/flows.ts";
import { done, groupsOnCanvas, revision, stop } from "../../../components/nifi/programs/canvas.ts";
import { type NifiApi, nifiApi } from "../../../components/nifi/programs/nifi-api.ts";
import type { Report } from "../../../components/nifi/status.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { addressOf, secret } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import { document, millrace, must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const FLOW = "intake";
const FILE = join(repositoryDir, "flows", `${FLOW}.json`);
const WORDS = "drawn by the end-to-end test";

const entity = z.object({ id: z.string(), revision });

export async function nifiFlows(runner: Runner): Promise<void> {
  setDefaultCACertificates([...getCACertificates("default"), await secret("nifi-certificate", "ca.crt")]);
  const api = await nifiApi({
    url: `https://${addressOf("nifi")}`,
    user: "admin",
    password: await secret("nifi-users", "admin"),
  });
  await runner.step("what is drawn on the canvas is told, stays, and can be pulled into its file", 4 * MINUTE, () =>
    drawnAndPulled(api),
  );
  await runner.step("a flow whose group is deleted is made again, and takes posts and files", 6 * MINUTE, async () => {
    await conditionIs("same");
    const { id } = await groupOf(api);
    const since = Date.now();
    await stop(api, id);
    const { revision: now } = await api.ask(entity, "GET", `/process-groups/${id}`);
    await api.ask(done, "DELETE", `/process-groups/${id}?version=${now.version}`);
    await until("another group of that name", MINUTE, async () => ((await groupOf(api)).id === id ? undefined : true));
    const made = Math.round((Date.now() - since) / 1000);
    await conditionIs("same");
    return `after ${made} s; ${await greenAgain(since, 3 * MINUTE)}`;
  });
}

async function drawnAndPulled(api: NifiApi): Promise<string> {
  await conditionIs("same");
  const before = readFileSync(FILE, "utf8");
  const { id } = await groupOf(api);
  const position = { x: 0, y: -500 };
  const label = await api.ask(entity, "POST", `/process-groups/${id}/labels`, {
    revision: { version: 0 },
    component: { label: WORDS, position, width: 300, height: 100, style: {} },
  });
  try {
    await conditionIs("drifted");
    const ran = await millrace(["flows", "--pull", "--json"], MINUTE);
    const { written } = document(ran) as FlowsReport;
    must(written.join() === `flows/${FLOW}.json`, `written was ${written.join() || "nothing"}`);
    must(readFileSync(FILE, "utf8").includes(WORDS), "the file lacks what was drawn");
  } finally {
    writeFileSync(FILE, before);
    const { revision: now } = await api.ask(entity, "GET", `/labels/${label.id}`);
    await api.ask(done, "DELETE", `/labels/${label.id}?version=${now.version}`);
  }
  await conditionIs("same");
  return "told, pulled, and as before again";
}

async function groupOf(api: NifiApi): Promise<{ readonly id: string }> {
  const { groups } = await groupsOnCanvas(api);
  const group = groups.find(({ component }) => component.name === FLOW);
  if (group === undefined) throw new Error(`the canvas has no group ${FLOW}`);
  return group;
}

async function conditionIs(wanted: Report["flows"][number]["condition"]): Promise<void> {
  await until(`status says ${wanted} of ${FLOW}`, MINUTE, async () => {
    const { flows } = document(await millrace(["status", "--json"], MINUTE)) as { readonly flows: Report | null };
    const found = flows?.flows.find(({ name }) => name === FLOW)?.condition;
    if (found !== wanted) throw new Error(`status says ${found ?? "nothing"}`);
    return true;
  });
}
