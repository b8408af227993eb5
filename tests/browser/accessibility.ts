/** What keeps people from using a page: by axe's rules, by the keyboard alone, and on a phone's width. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** axe's own result, as far as it is read here. */
export interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[] }[];
}

/** Violations that keep someone from using a page, one line each. */
export function barriers(violations: readonly Violation[]): string[] {
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}, at ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

/** Asks axe about the page as it is now, its colours too. */
export async function axeBarriers(page: Page): Promise<string[]> {
  // An expression that only the browser runs: axe is put there first.
  await page.evaluate(axe);
  return barriers(await page.evaluate<readonly Violation[]>("axe.run().then(({ violations }) => violations)"));
}

/** By how many pixels the page is wider than the window. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

const MOST_STOPS = 100;

/**
 * Goes through a page by the Tab key alone.
 * @returns labels of the lists to choose from that the key does not reach
 */
export async function unreachable(page: Page): Promise<string[]> {
  const total = await page.locator("select:not([disabled]):visible").count();
  const reached = new Set<string>();
  await page.locator("body").press("Tab");
  for (let stop = 0; stop < MOST_STOPS && reached.size < total; stop++) {
    const index = await page.evaluate<number>(
      "[...document.querySelectorAll('select:not([disabled])')].indexOf(document.activeElement)",
    );
    if (index >= 0) reached.add(String(index));
    await page.keyboard.press("Tab");
  }
  const all = Array.from({ length: total }, (_, index) => String(index));
  return all.filter((index) => !reached.has(index)).map((index) => `list ${Number(index) + 1} of ${total}`);
}
