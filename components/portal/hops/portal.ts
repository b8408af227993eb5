/** Hop `portal`: the page is served, and says of each service how it is. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { poll } from "../../../platform/hops/errors.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed } from "../../../platform/hops/http-session.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";

export interface PortalHopOptions {
  /** `http://host:port` */
  readonly url: string;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

const stateSchema = z.looseObject({
  problems: z.array(z.string()),
  services: z.array(z.looseObject({ name: z.string(), wanted: z.number(), ready: z.number() })),
});

export function portalHop({ url, pauseMs }: PortalHopOptions): Hop {
  const session = new HttpSession({ service: "the portal", url });
  return {
    name: "portal",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) =>
      poll(
        async () => {
          const page = mustSucceed(
            await session.send("GET", "/", { signal }),
            `${session.where} does not serve its page`,
          );
          if (!page.text.includes("<main")) throw new Error(`${session.where} serves a page without content`);
          const answer = await session.send("GET", "/state", { signal });
          const state = stateSchema.parse(
            JSON.parse(mustSucceed(answer, `${session.where} does not say how all is`).text),
          );
          const [problem] = state.problems;
          if (problem !== undefined) throw new Error(`${session.where} does not know all: ${problem}`);
          const names = state.services.map(({ name }) => name).sort();
          if (names.length === 0) throw new Error(`${session.where} knows of no service`);
          return {
            count: names.length,
            distinct: new Set(names).size,
            checksum: createHash("sha256").update(names.join("\n")).digest("hex"),
            message: "services, each with how it is",
          };
        },
        { signal, onProgress, pauseMs },
      ),
  };
}
