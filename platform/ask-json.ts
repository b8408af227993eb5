/** Asks a service for JSON over HTTP, within the cluster. */
import type { z } from "zod";
import { askText } from "./ask-text.ts";

/** @throws Error when it does not answer with success, or with something else than the schema has */
export async function askJson<S extends z.ZodType>(
  url: string,
  schema: S,
  signal: AbortSignal,
  init: RequestInit = {},
): Promise<z.output<S>> {
  return schema.parse(JSON.parse(await askText(url, signal, init)));
}
