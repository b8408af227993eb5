/** Hop `logins`: each page is refused without the password, is there with it, and runs statements in the name of its user. */
import { poll } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { HttpSession, wordsOfAnswer } from "../../../platform/hops/http-session.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { PrestoClient } from "../../presto/programs/presto-client.ts";

export interface LoginsHopOptions {
  readonly user: string;
  readonly password: string;
  readonly pages: readonly {
    readonly title: string;
    /** Of the proxy: `http://host:port` */
    readonly url: string;
    /** Whether it runs statements of SQL. */
    readonly asUser: boolean;
  }[];
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

type Page = LoginsHopOptions["pages"][number];

/** Somebody who has no account. */
const STRANGER = "somebody-else";

export function loginsHop(options: LoginsHopOptions): Hop {
  const { pages, pauseMs } = options;
  return {
    name: "logins",
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) =>
      await poll(
        async () => {
          const missing = (await Promise.all(pages.map((page) => missingAt(page, options, signal)))).flat();
          if (missing.length > 0) return missing.join("; ");
          const sum = pages.reduce((all, { title }) => all + title.length, 0);
          return {
            count: pages.length,
            distinct: new Set(pages.map(({ url }) => url)).size,
            checksum: String(sum),
            message: `${new Intl.ListFormat("en-GB").format(pages.map(({ title }) => title))}: refused without the password, there with it`,
          };
        },
        { signal, onProgress, pauseMs },
      ),
  };
}

/**
 * @returns what is not there yet, in words
 * @throws {HopFailure} when a page lets in whom it must not
 */
async function missingAt(
  { title, url, asUser }: Page,
  { user, password }: LoginsHopOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const http = new HttpSession({ service: title, url });
  const ask = async (as?: { readonly user: string; readonly password: string }) =>
    await http.send("GET", "/", { signal, ...(as && { headers: { authorization: basic(as) } }) });
  for (const [who, answer] of [
    ["without a login", await ask()],
    ["with a wrong password", await ask({ user, password: `${password}x` })],
    ["as a user that there is none of", await ask({ user: STRANGER, password })],
  ] as const) {
    if (answer.status >= 500) return [`${http.where} does not serve: ${wordsOfAnswer(answer)}`];
    if (answer.status !== 401) {
      throw new HopFailure(`${http.where} answers ${who} with status ${answer.status}; it must refuse that with 401`);
    }
  }
  const answer = await ask({ user, password });
  if (answer.status === 401) throw new HopFailure(`${http.where} refuses ${user} with the right password`);
  // Who has only just started, or is not found yet, is asked again.
  if (answer.status >= 400) return [`${http.where} does not answer ${user}: ${wordsOfAnswer(answer)}`];
  if (!asUser) return [];
  const presto = new PrestoClient({
    url,
    catalog: "system",
    schema: "runtime",
    user: STRANGER,
    login: { user, password },
  });
  const [row] = await presto.query("SELECT current_user AS who", signal);
  if (row?.["who"] !== user) {
    throw new HopFailure(
      `${http.where} ran a statement of ${user} as ${String(row?.["who"])}: whoever logs in can take another's name`,
    );
  }
  return [];
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
