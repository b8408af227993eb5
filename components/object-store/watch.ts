/**
 * Whether the object store answers, and how quickly: its server tells figures by StatsD alone, and nobody takes them here. Of a service
 * with a certificate also until when that holds.
 */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import * as z from "zod";
import { certificateWatch } from "../../platform/certificate-watch.ts";
import { describeError } from "../../platform/describe-error.ts";
import { defineWatch } from "../../platform/watching.ts";

export const objectStoreWatch = defineWatch({
  room: "objectStore",
  settings: z.strictObject({ url: z.url() }),
  make({ url }) {
    const { protocol, hostname, port } = new URL(url);
    const hasTls = protocol === "https:";
    const certificates = certificateWatch(hasTls ? [`${hostname}:${port || "443"}`] : []);
    return async (signal) => {
      const status = await statusOf(url, hasTls, signal).catch((error: unknown) => {
        throw new Error(`${url} can't be reached: ${describeError(error)}`, { cause: error });
      });
      // Without a key it refuses, which is an answer.
      if (status >= 500) throw new Error(`${url} answers ${status}`);
      return await certificates();
    };
  },
});

function statusOf(url: string, hasTls: boolean, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options = { method: "HEAD", signal, agent: false };
  // Nothing is sent that whoever answers could use.
  const request = hasTls ? httpsRequest(url, { ...options, rejectUnauthorized: false }) : httpRequest(url, options);
  request.once("response", (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.once("error", reject);
  request.end();
  return promise;
}
