/** The API server behind one that is slow, and busy now and then. */
import { type IncomingMessage, request as httpRequest, type ServerResponse, createServer } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { changedKubeconfig, type PlainKubeconfig } from "./fault.ts";

export interface SlowServer {
  /** Leads through it. */
  readonly kubeconfig: string;
  /** How many requests it has refused as too many. */
  readonly refused: () => number;
  readonly stop: () => Promise<void>;
}

/**
 * @param delayMs - added to each request
 * @param refusesEach - every so many requests it answers 429 and is to be asked again in a second; 0: never
 */
export async function slowServer(kubeconfig: string, delayMs: number, refusesEach = 0): Promise<SlowServer> {
  const { cluster } = (JSON.parse(kubeconfig) as PlainKubeconfig).clusters[0];
  const target = new URL(String(cluster["server"]));
  const authority = cluster["certificate-authority-data"];
  const ca = typeof authority === "string" ? Buffer.from(authority, "base64") : undefined;
  const counts = { asked: 0, refused: 0 };
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, headers } = request;
    const options = { method, headers: { ...headers, host: target.host }, ca };
    const send = target.protocol === "https:" ? httpsRequest : httpRequest;
    const onward = send(new URL(request.url ?? "/", target), options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  };
  const server = createServer((request, response) => {
    counts.asked++;
    if (refusesEach > 0 && counts.asked % refusesEach === 0) {
      counts.refused++;
      response.writeHead(429, { "retry-after": "1", "content-type": "application/json" });
      response.end(JSON.stringify({ kind: "Status", code: 429, message: "too many requests, please try again later" }));
      return;
    }
    void sleep(delayMs).then(() => {
      pass(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    kubeconfig: changedKubeconfig(kubeconfig, ({ clusters: [{ cluster: own }] }) => {
      own["server"] = url;
      // The client sends no token over a connection that is not encrypted, unless it is told not to mind.
      own["insecure-skip-tls-verify"] = true;
      delete own["certificate-authority-data"];
    }),
    refused: () => counts.refused,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
