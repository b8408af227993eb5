/** Asks what watches over a room's work how that is, through the API server. */
import type { z } from "zod";
import type { Running } from "./operating.ts";

/** A status that waits longer helps nobody. */
const LIMIT_MS = 8000;

export interface Watcher {
  /** Its Service and port: `connect-supervisor:8080`. */
  readonly service: string;
  /** What it watches over: "the connectors". */
  readonly what: string;
}

/** @throws Error in the user's words when it does not answer, or with something else than the schema has; its `cause` is what was thrown */
export async function askWatcher<S extends z.ZodType>(
  running: Pick<Running, "ask">,
  { service, what }: Watcher,
  path: string,
  schema: S,
): Promise<z.output<S>> {
  try {
    return schema.parse(await running.ask<unknown>("GET", service, path, { timeoutMs: LIMIT_MS }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`what watches over ${what} does not answer (${why}), so nothing is known of them`, {
      cause: error,
    });
  }
}
