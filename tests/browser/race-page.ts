/** The page of the race as people see it, on a platform of profile streams that is up. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { displayUrl } from "../e2e/pipeline.ts";
import { ready } from "../e2e/platform.ts";
import { must, type Runner } from "../e2e/runner.ts";
import { serviceNames } from "../support/service-names.ts";
import { visit } from "./chromium.ts";
import { inState, shows } from "./display-pages.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** How far the page may be behind the cars, in ms. */
const BEHIND_MS = 300;
const LOOKS = 20;

export async function racePage(runner: Runner): Promise<void> {
  await ready(`${serviceNames.raceCar}/ingest`, 2 * MINUTE);
  await shows(runner, "/race", hasCars);
  await runner.step(`the cars on the page move, at most ${BEHIND_MS} ms behind`, MINUTE, () =>
    visit("display-race-moving", async ({ page }) => {
      await page.goto(`${displayUrl()}/race`);
      await inState(page, "ready");
      const place = () => page.locator("svg g.car").first().getAttribute("transform");
      const before = await place();
      await sleep(SECOND);
      must((await place()) !== before, "the first car does not move");
      const behind: number[] = [];
      for (let look = 0; look < LOOKS; look++) {
        const words = await page.locator('[data-testid="behind"]').getAttribute("data-value");
        behind.push(Number(words));
        await sleep(SECOND / 2);
      }
      const median = behind.sort((one, other) => one - other)[Math.floor(LOOKS / 2)] ?? Infinity;
      must(median <= BEHIND_MS, `half of ${LOOKS} looks were ${median} ms behind or more`);
      return `${median} ms behind`;
    }),
  );
  await runner.step("a chosen car has its gauges and is in the address", MINUTE, () =>
    visit("display-race-chosen", async ({ page }) => {
      await page.goto(`${displayUrl()}/race`);
      await inState(page, "ready");
      await page.locator('[data-testid="car"]').selectOption("car-02");
      await page.locator("svg g.car.chosen", { hasText: "car-02" }).waitFor({ timeout: 10 * SECOND });
      must(page.url().endsWith("/race?car=car-02"), `the address is ${page.url()}`);
      await page.goto(`${displayUrl()}/race?car=nobody`);
      await page.locator('[data-testid="no-windows"]').waitFor({ timeout: 20 * SECOND });
      return undefined;
    }),
  );
}

async function hasCars(page: Page): Promise<void> {
  const map = page.locator('svg[role="img"]').first();
  await map.waitFor();
  // The page is ready before the first car is there.
  await map
    .locator("g.car")
    .first()
    .waitFor({ timeout: 10 * SECOND });
  // What it says is renewed less often than what it shows.
  const words = page.locator('svg[role="img"][aria-label*=" in lap "]').first();
  await words.waitFor({ timeout: 10 * SECOND }).catch(() => undefined);
  const label = (await map.getAttribute("aria-label")) ?? "";
  must(
    /^Map of the track with \d+ cars: car-\d+ in lap \d+, car-\d+ in lap \d+/.test(label),
    `its map says only "${label}"`,
  );
  must((await map.locator("g.car").count()) > 1, "its map has not two cars");
  const row = page.locator('[data-testid="laps"] tbody tr');
  must((await row.count()) > 1, "its table of laps has not two rows");
  must((await page.locator(".gauges li").count()) === 6, "it has not six gauges");
  must((await page.locator(".tyres li").count()) === 4, "it has not four tyres");
}
