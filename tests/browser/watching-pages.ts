/** The pages of logs and of metrics as people see them, on a platform that is up. */
import { addressOf } from "../e2e/platform.ts";
import { must, type Runner } from "../e2e/runner.ts";
import { visit } from "./chromium.ts";

const MINUTE = 60_000;

export async function watchingPages(runner: Runner): Promise<void> {
  await runner.step("the search in logs shows what a service has logged", 2 * MINUTE, () =>
    visit("logs", async ({ page, picture }) => {
      const query = new URLSearchParams({
        query: "service:=kafka | sort by (_time) desc",
        "g0.range_input": "1h",
        limit: "50",
      });
      await page.goto(`http://${addressOf("logs")}/select/vmui/#/?${query.toString()}`);
      await page
        .getByText(/INFO \[/)
        .first()
        .waitFor();
      await picture("logs-search");
      return undefined;
    }),
  );
  await runner.step("the dashboards of metrics show charts of a service within 2 s", 2 * MINUTE, () =>
    visit("metrics", async ({ page, picture }) => {
      await page.goto(`http://${addressOf("metrics")}/vmui/#/dashboards`);
      await page.getByText("Kafka", { exact: true }).first().click();
      const began = Date.now();
      await page.locator(".vm-predefined-panel canvas, .uplot canvas").first().waitFor();
      const took = Date.now() - began;
      await page.waitForTimeout(2000);
      await picture("metrics-dashboard");
      const errors = await page.locator(".vm-alert_error").count();
      must(errors === 0, `${errors} charts show an error`);
      must(took < 2000, `the first chart came after ${took} ms`);
      return `the first chart after ${took} ms`;
    }),
  );
}
