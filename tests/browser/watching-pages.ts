/** The portal, and the pages of logs and of metrics as people see them, on a platform that is up. */
import { addressOf } from "../e2e/platform.ts";
import { must, type Runner } from "../e2e/runner.ts";
import { axeBarriers, overflow } from "./accessibility.ts";
import { visit } from "./chromium.ts";

const MINUTE = 60_000;

export async function watchingPages(runner: Runner): Promise<void> {
  await runner.step(
    "the portal leads to all pages, by the keyboard, on a phone, and keeps nobody out",
    3 * MINUTE,
    () =>
      visit("portal", async ({ page, complaints, picture }) => {
        await page.goto(`http://${addressOf("portal")}/`);
        await page.locator("#services tr").first().waitFor();
        await page.locator("#pages a").first().waitFor();
        const [links, services] = [await page.locator("#pages a").count(), await page.locator("#services tr").count()];
        must(links >= 4 && services >= 10, `it has ${links} links and ${services} services`);
        const flows = await page.locator("#flow .topic").allInnerTexts();
        must(
          flows.some((text) => text.startsWith("telemetry")),
          `no telemetry flows: ${flows.join(" | ")}`,
        );
        await picture("portal");
        for (const colorScheme of ["dark", "light"] as const) {
          await page.emulateMedia({ colorScheme });
          const found = await axeBarriers(page);
          must(found.length === 0, `${colorScheme}: ${found.join("; ")}`);
        }
        await page.setViewportSize({ width: 360, height: 800 });
        must((await overflow(page)) === 0, "on a phone it is wider than the screen");
        await picture("portal-phone");
        must(complaints.length === 0, complaints.join("; "));
        return `${links} pages, ${services} services, ${flows.length} topics`;
      }),
  );
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
