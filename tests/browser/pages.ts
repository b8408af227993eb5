/** The pages that people see, as they see them: each is opened in a browser on a platform that is up. */
import { randomUUID } from "node:crypto";

import { poll } from "../../platform/hops/errors.ts";
import { messageOf } from "../../cli/errors.ts";
import {
  AIRFLOW_ADMIN,
  airflow,
  airflowPassword,
  airflowUrl,
  bucketOf,
  jupyterhubPassword,
  jupyterhubUrl,
  logIn,
  person,
} from "../e2e/clients.ts";
import { addressOf, sql } from "../e2e/platform.ts";
import { must, type Runner, until } from "../e2e/runner.ts";
import { visit } from "./chromium.ts";

const MINUTE = 60_000;

/** Every page in turn; pictures go to `.millrace/screenshots`. */
export async function pages(runner: Runner): Promise<void> {
  await notebook(runner);
  await dagRun(runner);
  await presto(runner);
}

/** What pages say by themselves: icons that are not there, and the Lab's question for language servers, which are optional. */
const harmless = /favicon|\/lsp\/status/;

function mustNotComplain(complaints: readonly string[]): void {
  const ours = complaints.filter((words) => !harmless.test(words));
  must(ours.length === 0, `the page's own programs complain: ${ours.join("; ")}`);
}

async function notebook(runner: Runner): Promise<void> {
  const title = "JupyterHub: a person logs in, opens a notebook and runs a cell";
  await runner.step(title, 10 * MINUTE, async () => {
    try {
      return await runCell();
    } catch (error) {
      // Lab has been seen to lose its server once after a hub was replaced; a person starts it again.
      console.log(`    first try: ${messageOf(error)}`);
      return `${await runCell()}, at the second try`;
    }
  });
}

async function runCell(): Promise<string> {
  const user = person();
  return await visit("jupyterhub", async ({ page, complaints, picture }) => {
    try {
      await page.goto(jupyterhubUrl());
      await page.locator("#username_input").fill(user);
      await page.locator("#password_input").fill(await jupyterhubPassword(user));
      await picture("jupyterhub-login");
      await page.locator("#login_submit").click();
      await page.waitForURL(/\/user\/[^/]+\/lab/, { timeout: 3 * MINUTE });
      // A new notebook from the launcher.
      await page
        .locator('.jp-LauncherCard[data-category="Notebook"]')
        .first()
        .click({ timeout: 2 * MINUTE });
      const cell = page.locator(".jp-Notebook .jp-Cell").first();
      await cell.locator(".cm-content").click();
      await page.keyboard.type("import millrace; print('seen', millrace.sql('SELECT 6 * 7 AS n').n[0])");
      await page.keyboard.press("Shift+Enter");
      await cell.locator(".jp-OutputArea-output", { hasText: "seen 42" }).waitFor({ timeout: MINUTE });
      await picture("jupyterhub-lab");
      mustNotComplain(complaints);
      return "a cell printed what Presto answered";
    } finally {
      await stopServerOf(user);
    }
  });
}

/** Stops what the page has started, and removes the notebook that it has made. */
async function stopServerOf(user: string): Promise<void> {
  const hub = await logIn(user);
  await hub.stopServer();
  await until("the server's end", 2 * MINUTE, async () => ((await hub.server()) === undefined ? true : undefined));
  await hub.logOut();
  const home = await bucketOf(`user-${user}`, `home-${user}`);
  for (const key of await home.list("Untitled")) await home.remove(key);
}

async function dagRun(runner: Runner): Promise<void> {
  await runner.step(
    "Airflow: a person logs in and sees that a run of telemetry_report succeeded",
    6 * MINUTE,
    async () => {
      const dag = "telemetry_report";
      const run = `e2e-${randomUUID()}`;
      const client = await airflow();
      await client.trigger(dag, run, { run, hours: 0.1 });
      try {
        await poll(
          async () => {
            const found = await client.run(dag, run);
            must(found.state !== "failed", `run ${run} failed`);
            return found.state === "success" ? found : found.state;
          },
          { signal: AbortSignal.timeout(4 * MINUTE), pauseMs: 2000 },
        );
        return await visit("airflow", async ({ page, complaints, picture }) => {
          // Any other page would ask for its settings first, be refused, and come here.
          await page.goto(`${airflowUrl()}/auth/login/`);
          await page.locator('input[name="username"]').fill(AIRFLOW_ADMIN);
          await page.locator('input[name="password"]').fill(await airflowPassword(AIRFLOW_ADMIN));
          await picture("airflow-login");
          await page.locator('input[type="submit"], button[type="submit"]').first().click();
          await page.waitForURL((url) => !url.pathname.startsWith("/auth/login"));
          // The login page is Flask-AppBuilder's, the faults of its script too.
          await page.waitForLoadState("networkidle");
          const atLogin = complaints.length;
          await page.goto(`${airflowUrl()}/dags/${dag}/runs/${run}`);
          await page.getByText(run).first().waitFor();
          await page.getByText("Success", { exact: true }).first().waitFor();
          await page.getByText("report", { exact: true }).first().waitFor();
          await picture("airflow-run");
          mustNotComplain(complaints.slice(atLogin));
          return `run ${run} is shown as a success`;
        });
      } finally {
        await client.removeRun(dag, run).catch(() => undefined);
        await sql(`DELETE FROM lake.reports.telemetry_summary WHERE run = '${run}'`).catch(() => undefined);
        const notebooks = await bucketOf("proof", "notebooks");
        await notebooks.remove(`runs/telemetry-report/${run}.ipynb`).catch(() => undefined);
      }
    },
  );
}

/** Lists what has ended: a batch must have run. One that runs is listed only when a file of its log is full. */
export async function sparkHistory(runner: Runner): Promise<void> {
  await runner.step("Spark's history lists an application", 4 * MINUTE, () =>
    visit("spark-history", async ({ page, complaints, picture }) => {
      const url = `http://${addressOf("sparkHistory")}`;
      const link = page.locator('a[href*="/history/"]').first();
      await until("an application", 2 * MINUTE, async () => {
        await page.goto(url);
        return await link.waitFor({ timeout: 10_000 }).then(
          () => true,
          () => undefined,
        );
      });
      const name = (await link.textContent())?.trim() ?? "";
      must(name !== "", "the application has no id");
      await picture("spark-history");
      mustNotComplain(complaints);
      return name;
    }),
  );
}

async function presto(runner: Runner): Promise<void> {
  await runner.step("Presto's page shows its cluster", 2 * MINUTE, () =>
    visit("presto", async ({ page, complaints, picture }) => {
      await page.goto(`http://${addressOf("presto")}/ui/`);
      await page
        .getByText(/active workers/i)
        .first()
        .waitFor();
      await picture("presto");
      mustNotComplain(complaints);
      return undefined;
    }),
  );
}
