/** Flink's dashboard as people see it, on a platform of profile streams that is up. */
import { FLINK_JOB } from "../../components/race-windows/programs/names.ts";
import { addressOf } from "../e2e/platform.ts";
import { must, type Runner } from "../e2e/runner.ts";
import { visit } from "./chromium.ts";

const MINUTE = 60_000;

export async function flinkPage(runner: Runner): Promise<void> {
  await runner.step("Flink's dashboard shows the job, its graph and its checkpoints", 2 * MINUTE, () =>
    visit("flink", async ({ page, picture }) => {
      await page.goto(`http://${addressOf("flink")}/#/job/running`);
      const row = page.locator("tr", { hasText: FLINK_JOB }).first();
      await row.waitFor();
      const words = await row.innerText();
      must(words.includes("RUNNING"), `the row of the job says "${words}"`);
      await row.click();
      await page.waitForURL(/#\/job\/running\/[0-9a-f]{32}\/overview/);
      await page.locator("flink-dagre svg .node").first().waitFor();
      await picture("flink-job");
      await page.goto(page.url().replace(/overview.*$/, "checkpoints"));
      await page
        .getByText(/Completed: [1-9]/)
        .first()
        .waitFor();
      await picture("flink-checkpoints");
      return undefined;
    }),
  );
}
