/** The display's pages as people see them, on a platform that is up; pictures go to `.millrace/screenshots`. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Page } from "playwright-core";

import { type PageRoute, pageRoutes as allRoutes, partsOf } from "../../display/protocol.ts";
import {
  DISPLAY,
  displayUrl,
  forget,
  measured,
  METRIC,
  MONITORING,
  type Pump,
  send,
  withPump,
} from "../e2e/pipeline.ts";
import { kill, ready } from "../e2e/platform.ts";
import { must, type Runner, until } from "../e2e/runner.ts";
import { axeBarriers, overflow, unreachable } from "./accessibility.ts";
import { visit } from "./chromium.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The pages that profile pipeline fills. */
const pageRoutes = allRoutes.filter((route) => !partsOf(route).includes("race"));

/** As people come to it: at a desk and on a phone. */
const widths = { wide: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } } as const;
const schemes = ["light", "dark"] as const;

/** All bytes of it must arrive, and nothing else gives it. */
const MARKED = 4711.25;
const MONITORING_METRIC = "e2e.marked";
/** HTML that would show itself if a page took it for its own. */
const HTML = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;

export async function pages(runner: Runner): Promise<void> {
  for (const route of pageRoutes) await shows(runner, route);
  const [begun, from] = [`e2e-${randomUUID()}`, new Date()];
  // One run for each look: two of them in one window would have one mean.
  const runs: string[] = [];
  const newRun = (): string => {
    const run = `${begun}-${runs.length}`;
    runs.push(run);
    return run;
  };
  try {
    await withPump(async (pump) => {
      for (const route of pageRoutes.filter(isStreamed)) await findsMarked(runner, route, newRun(), pump);
    });
    await htmlIsText(runner, newRun());
    for (const route of reconnecting) await reconnects(runner, route, newRun());
  } finally {
    await forget(runs, from);
  }
}

/** One page of each kind that stays open. */
const reconnecting: readonly PageRoute[] = ["/socket.io/random-numbers", "/spark-streaming/cassandra/random-numbers"];

const isLive = (route: PageRoute): boolean => route.startsWith("/socket.io/");
const isStreamed = (route: PageRoute): boolean => isLive(route) || route.startsWith("/spark-streaming/");
const isMonitoring = (route: PageRoute): boolean => route.endsWith("/monitoring");

/** `/` becomes `home`, the others keep their words. */
const pictureOf = (route: PageRoute): string => `display-${route.slice(1).replaceAll(/[/.]/g, "-") || "home"}`;

export async function inState(page: Page, state: string, timeout = MINUTE): Promise<void> {
  await page.locator(`[data-testid="page"][data-state="${state}"]`).waitFor({ timeout });
}

function mustNotComplain(complaints: readonly string[]): void {
  must(complaints.length === 0, `the page complains: ${complaints.join("; ")}`);
}

/**
 * One page with what there is: whole in every look, usable by everyone, and without a complaint.
 * @param looks What it must have. @default - that of the route, else a chart and a table
 */
export async function shows(
  runner: Runner,
  route: PageRoute,
  looks: (page: Page) => Promise<void> = looksOf[route] ?? hasChartAndTable,
): Promise<void> {
  await runner.step(`${route} shows what there is, in light and dark, at a desk and on a phone`, 3 * MINUTE, () =>
    visit(pictureOf(route), async ({ page, complaints, picture }) => {
      await page.goto(`${displayUrl()}${route}`);
      await inState(page, "ready");
      must((await page.locator("h1").count()) === 1, "it has not one first heading");
      await looks(page);
      for (const scheme of schemes) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const [name, size] of Object.entries(widths)) {
          await page.setViewportSize(size);
          await page.evaluate("scrollTo(0, 0)");
          await sleep(500);
          await picture(`${pictureOf(route)}-${scheme}-${name}`);
          const wider = await overflow(page);
          must(wider <= 0, `at ${size.width} px it is ${wider} px too wide`);
        }
        const found = await axeBarriers(page);
        must(found.length === 0, `in ${scheme}: ${found.join("; ")}`);
      }
      await page.setViewportSize(widths.wide);
      const missed = await unreachable(page);
      must(missed.length === 0, `the Tab key does not reach ${missed.join(", ")}`);
      mustNotComplain(complaints);
      return undefined;
    }),
  );
}

async function listsTheOthers(page: Page): Promise<void> {
  for (const route of pageRoutes.slice(1)) {
    must((await page.locator(`main a[href="${route}"]`).count()) > 0, `it does not lead to ${route}`);
  }
}

async function hasNetwork(page: Page): Promise<void> {
  const width = await page.evaluate<number>("document.querySelector('main img')?.naturalWidth ?? 0");
  must(width > 0, "its picture does not load");
  await page.locator("details summary").first().click();
  const rows = page.locator('[data-testid="edges"] tbody tr');
  must((await rows.filter({ hasText: "display/server" }).count()) > 2, "its table lacks the display's own connections");
}

const looksOf: Readonly<Partial<Record<PageRoute, (page: Page) => Promise<void>>>> = {
  "/": listsTheOthers,
  "/network": hasNetwork,
};

async function hasChartAndTable(page: Page): Promise<void> {
  const chart = page.locator('svg[role="img"]').first();
  await chart.waitFor();
  const label = (await chart.getAttribute("aria-label")) ?? "";
  must(label.length > 20, `its chart says only "${label}"`);
  must((await chart.locator("text").count()) > 3, "its chart has no axes");
  await page.locator("details summary").first().click();
  await page.locator("details table tbody tr").first().waitFor();
  must((await page.locator("details table thead th[scope=col]").count()) > 1, "its table has no headers");
  const time = page.locator('[data-testid="updated"] time, time[data-testid="updated"]').first();
  const updated = Date.parse((await time.getAttribute("datetime")) ?? "");
  must(Math.abs(Date.now() - updated) < 10 * MINUTE, `its last update is of ${String(updated)}`);
}

/** Sends marked values for a page, all alike: whatever window they fall into, its mean is exact. */
async function sendMarked(route: PageRoute, run: string, value: number, pump: Pump): Promise<void> {
  const values = [value, value, value];
  if (isMonitoring(route)) await send(MONITORING, measured(run, MONITORING_METRIC, values));
  else await pump({ run, values });
}

/** The address of a page with a run's records. */
function markedUrl(route: PageRoute, run: string): string {
  const metric = isMonitoring(route) ? MONITORING_METRIC : METRIC;
  return `${displayUrl()}${route}?${new URLSearchParams({ series: run, metric }).toString()}`;
}

async function latestIs(page: Page, value: number): Promise<void> {
  await page.locator(`[data-testid="latest"][data-value="${value}"]`).waitFor({ timeout: 40 * SECOND });
}

async function findsMarked(runner: Runner, route: PageRoute, run: string, pump: Pump): Promise<void> {
  await runner.step(`${route} shows a marked value that was just sent`, 2 * MINUTE, () =>
    visit(`${pictureOf(route)}-marked`, async ({ page, complaints, picture }) => {
      await page.goto(markedUrl(route, run));
      await page.locator("h1").waitFor();
      const sentAt = Date.now();
      await sendMarked(route, run, MARKED, pump);
      await latestIs(page, MARKED);
      const seconds = ((Date.now() - sentAt) / SECOND).toFixed(1);
      await inState(page, "ready");
      await picture(`${pictureOf(route)}-marked`);
      mustNotComplain(complaints);
      return `${MARKED} after ${seconds} s`;
    }),
  );
}

async function htmlIsText(runner: Runner, run: string): Promise<void> {
  const routes = ["/socket.io/monitoring", "/spark-streaming/cassandra/monitoring", "/spark-streaming/disk/monitoring"];
  await runner.step("HTML in a record's names is shown as text", 4 * MINUTE, async () => {
    await send(MONITORING, measured(run, HTML, [MARKED, MARKED], HTML));
    for (const route of routes) {
      await visit("display-html", async ({ page, complaints, picture }) => {
        await page.goto(`${displayUrl()}${route}?${new URLSearchParams({ series: run, metric: HTML }).toString()}`);
        await page.locator("h1").waitFor();
        if (route.startsWith("/socket.io/")) await send(MONITORING, measured(run, HTML, [MARKED], HTML));
        await latestIs(page, MARKED);
        const shown = page.locator("option", { hasText: "onerror" });
        must((await shown.count()) > 0, `${route} does not show the name`);
        must((await page.locator('img[src="x"], main script').count()) === 0, `${route} took the name for HTML`);
        must((await page.title()) !== "taken", `${route} ran the name's script`);
        await picture(`display-html-${route.split("/").at(2) ?? ""}`);
        mustNotComplain(complaints);
      });
    }
    return undefined;
  });
}

/** A page is open all the time; what it asks may go and come back. */
async function staysOpen(page: Page): Promise<() => Promise<void>> {
  await page.evaluate("window.opened = true");
  return async () => {
    must((await page.evaluate("window.opened === true")) === true, "the page was loaded anew");
  };
}

async function reconnects(runner: Runner, route: PageRoute, run: string): Promise<void> {
  await runner.step(`${route} goes on by itself when the display's pod was replaced`, 5 * MINUTE, () =>
    visit("display-reconnect", ({ page }) =>
      withPump(async (pump) => {
        await page.goto(markedUrl(route, run));
        await page.locator("h1").waitFor();
        await sendMarked(route, run, MARKED, pump);
        await latestIs(page, MARKED);
        const isOpen = await staysOpen(page);
        await kill(DISPLAY);
        await sleep(2 * SECOND);
        await ready(DISPLAY, 2 * MINUTE);
        const since = Date.now();
        await until("the page to show what came after", 2 * MINUTE, async () => {
          await sendMarked(route, run, MARKED + 1, pump);
          const latest = page.locator(`[data-testid="latest"][data-value="${MARKED + 1}"]`);
          await latest.waitFor({ timeout: 5 * SECOND });
          return true;
        });
        await isOpen();
        return `${Math.round((Date.now() - since) / SECOND)} s after the pod was ready`;
      }),
    ),
  );
}

/**
 * Opens a page whose source is away, and lets the source come back.
 * @returns what the page's alert said
 */
export async function watchPage(path: string, bringBack: () => Promise<void>): Promise<string> {
  return await visit("display-without-source", async ({ page, picture }) => {
    await page.goto(`${displayUrl()}${path}`);
    await inState(page, "error");
    const alert = page.locator('[role="alert"]').first();
    const words = ((await alert.textContent()) ?? "").trim();
    must(/Cassandra/.test(words), `its alert says: ${words}`);
    await picture("display-without-source");
    const isOpen = await staysOpen(page);
    await bringBack();
    await inState(page, "ready", 2 * MINUTE);
    await isOpen();
    await picture("display-with-source-again");
    return words;
  });
}
