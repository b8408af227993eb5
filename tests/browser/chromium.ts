/** A real browser without a window: Debian's Chromium, and what its pages complain of. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { type Browser, chromium, type Page } from "playwright-core";

import { messageOf } from "../../cli/errors.ts";
import { stateDir } from "../../cli/paths.ts";
import { proxyAccount } from "../e2e/platform.ts";

/** Where pictures of the pages go; outside of git. */
export const screenshots = join(stateDir, "screenshots");

const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** Most time that anything on a page may take to appear, in ms. */
const APPEAR_MS = 60_000;

export interface Visit {
  readonly page: Page;
  /** What the pages' own programs complained of so far, one line each. */
  readonly complaints: readonly string[];
  /** Takes a picture of the page as `<name>.png`. */
  readonly picture: (name: string) => Promise<void>;
}

export interface VisitOptions {
  /** Whether the page shows a certificate that nobody else has signed. @default false */
  readonly hasOwnCertificate?: boolean;
}

/** Opens a browser with nothing in it, and closes it at the end; a picture is taken when `body` fails. */
export async function visit<T>(
  name: string,
  body: (visit: Visit) => Promise<T>,
  { hasOwnCertificate = false }: VisitOptions = {},
): Promise<T> {
  mkdirSync(screenshots, { recursive: true });
  // The sandbox needs rights that root in a container has not; the pages are our own.
  const browser: Browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
  try {
    const login = await proxyAccount();
    const page = await browser.newPage({
      viewport: { width: 1400, height: 900 },
      ignoreHTTPSErrors: hasOwnCertificate,
      ...(login && { httpCredentials: { username: login.user, password: login.password } }),
    });
    page.setDefaultTimeout(APPEAR_MS);
    const complaints: string[] = [];
    page.on("console", (message) => {
      const { url } = message.location();
      // What a page wants from elsewhere (fonts, icons) is none of the platform's.
      const isOurs = url === "" || new URL(url).hostname === new URL(page.url()).hostname;
      if (message.type() === "error" && isOurs) complaints.push(`${message.text()} (${url})`);
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    const picture = async (file: string): Promise<void> => {
      await page.screenshot({ path: join(screenshots, `${file}.png`) });
    };
    try {
      return await body({ page, complaints, picture });
    } catch (error) {
      await picture(`${name}-failed`).catch(() => undefined);
      const words = complaints.length === 0 ? "" : `; the page complained: ${complaints.join("; ")}`;
      throw new Error(`${messageOf(error)}${words}`, { cause: error });
    }
  } finally {
    await browser.close();
  }
}
