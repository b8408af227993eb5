/** The part of NiFi's REST API that the platform's programs use. */
import type { z } from "zod";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import { describeError } from "../../../platform/describe-error.ts";

const ANSWER_MS = 60_000;

export interface NifiLogin {
  /** `https://host:port`; who asks trusts its certificate by `NODE_EXTRA_CA_CERTS`. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** One who has logged in. */
export interface NifiApi {
  /** @param path below `/nifi-api` @throws {ApiRefusal} with NiFi's words; Error where nobody answers */
  ask<S extends z.ZodType>(
    schema: S,
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    body?: unknown,
  ): Promise<z.output<S>>;
}

/** Logs in. @throws {ApiRefusal} where NiFi does not know the account; Error where nobody answers */
export async function nifiApi({ url, user, password }: NifiLogin, signal?: AbortSignal): Promise<NifiApi> {
  const request = async (path: string, init: RequestInit): Promise<string> => {
    const limit = AbortSignal.timeout(ANSWER_MS);
    let response: Response;
    try {
      response = await fetch(new URL(`/nifi-api${path}`, url), {
        ...init,
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      });
    } catch (error) {
      throw new Error(`NiFi at ${url} does not answer: ${describeError(error)}`, { cause: error });
    }
    const text = await response.text();
    if (!response.ok) throw new ApiRefusal(response.status, wordsOf(response.status, text));
    return text;
  };
  const login = (): Promise<string> =>
    request("/access/token", { method: "POST", body: new URLSearchParams({ username: user, password }) });
  let token = await login();
  const send = (method: string, path: string, body: unknown): Promise<string> =>
    request(path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    ask: async (schema, method, path, body) => {
      const text = await send(method, path, body).catch(async (error: unknown) => {
        // A login is valid for hours.
        if (!(error instanceof ApiRefusal) || error.status !== 401) throw error;
        token = await login();
        return await send(method, path, body);
      });
      return schema.parse(text === "" ? {} : JSON.parse(text));
    },
  };
}

/** NiFi's words are a text; a page is what its web server says. */
function wordsOf(status: number, text: string): string {
  const words = text.trim();
  return words === "" || words.startsWith("<") ? `HTTP ${status}` : words;
}
