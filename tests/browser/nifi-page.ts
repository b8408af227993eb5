/** NiFi's canvas as people see it, on a platform of profile streams that is up. */
import { addressOf, secret } from "../e2e/platform.ts";
import { must, type Runner } from "../e2e/runner.ts";
import { visit } from "./chromium.ts";

const MINUTE = 60_000;

export async function nifiPage(runner: Runner): Promise<void> {
  await runner.step("NiFi asks for a login, and shows the flow with what runs in it", 2 * MINUTE, async () => {
    const password = await secret("nifi-users", "admin");
    return await visit(
      "nifi",
      async ({ page, picture }) => {
        await page.goto(`https://${addressOf("nifi")}/nifi/`);
        await page.locator("input[type=password]").waitFor();
        await picture("nifi-login");
        await page.locator("input[type=text]").fill("admin");
        await page.locator("input[type=password]").fill(password);
        await page.getByRole("button", { name: /log in/i }).click();
        const group = page.locator("g.process-group", { hasText: "intake" });
        await group.waitFor();
        const words = (await group.allTextContents()).join(" ");
        await picture("nifi-canvas");
        const count = (state: string): string => new RegExp(`${state} Components\\s*(\\d+)`).exec(words)?.[1] ?? "?";
        const counts = ["Running", "Stopped", "Invalid"]
          .map((state) => `${count(state)} ${state.toLowerCase()}`)
          .join(", ");
        must(/^[1-9]\d* running, 0 stopped, 0 invalid$/.test(counts), `the group says "${words}"`);
        return counts;
      },
      { hasOwnCertificate: true },
    );
  });
}
