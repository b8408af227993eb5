/** Asks a service for JSON over HTTP, within the cluster. */
import type { z } from "zod";
import { describeError } from "./describe-error.ts";

/** @throws Error when it does not answer with success, or with something else than the schema has */
export async function askJson<S extends z.ZodType>(
  url: string,
  schema: S,
  signal: AbortSignal,
  init: RequestInit = {},
): Promise<z.output<S>> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, signal });
  } catch (error) {
    throw new Error(`${url} can't be reached: ${describeError(error)}`, { cause: error });
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text.slice(0, 200)}`);
  return schema.parse(JSON.parse(text));
}
