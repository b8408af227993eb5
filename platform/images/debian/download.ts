/** Downloads by HTTP as the host's apt does: its proxies, and the certificates that the host trusts. */
import * as http from "node:http";
import * as https from "node:https";
import { buffer } from "node:stream/consumers";
import { getCACertificates } from "node:tls";
import type { Get } from "./archive.ts";

const REDIRECTS = 5;
const TRIES = 3;
const SILENCE_MS = 60_000;

/**
 * @param proxies Variables of the environment that name proxies: `http_proxy`, `https_proxy`, `no_proxy`.
 * @param signal Ends a download.
 */
export function downloader(
  proxies: NodeJS.ProcessEnv,
  signal: AbortSignal,
): { readonly get: Get; readonly close: () => void } {
  const options = { keepAlive: true, maxSockets: 8, proxyEnv: proxies, timeout: SILENCE_MS };
  const ca = [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
  const plain = new http.Agent(options);
  const secure = new https.Agent({ ...options, ca });
  const once = async (url: string, redirects = 0): Promise<Buffer> => {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const asked = url.startsWith("https:")
        ? https.get(url, { agent: secure, signal }, resolve)
        : http.get(url, { agent: plain, signal }, resolve);
      asked.on("error", reject).on("timeout", () => asked.destroy(new Error("no answer for a minute")));
    });
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined && redirects < REDIRECTS) {
      response.resume();
      return await once(new URL(headers.location, url).href, redirects + 1);
    }
    const content = await buffer(response);
    if (statusCode !== 200) throw new HttpError(statusCode);
    return content;
  };
  const get: Get = async (url) => {
    for (let tried = 1; ; tried++) {
      try {
        return await once(url);
      } catch (error) {
        if (signal.aborted) throw new DOMException("The operation was aborted", "AbortError");
        if (tried < TRIES && !(error instanceof HttpError && error.status < 500)) continue;
        throw new Error(`${withoutLogin(url)} can't be downloaded: ${(error as Error).message}`, { cause: error });
      }
    }
  };
  return {
    get,
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}

class HttpError extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`the server answers ${String(status)} ${http.STATUS_CODES[status] ?? ""}`.trim());
    this.status = status;
  }
}

const withoutLogin = (url: string): string => url.replace(/\/\/[^/@]*@/, "//***@");
