/** Asks a service for a text over HTTP, within the cluster. */
import { describeError } from "./describe-error.ts";

/** @throws Error when it does not answer with success */
export async function askText(url: string, signal: AbortSignal, init: RequestInit = {}): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, signal });
  } catch (error) {
    throw new Error(`${url} can't be reached: ${describeError(error)}`, { cause: error });
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text.slice(0, 200)}`);
  return text;
}
