/** An HTTP server on a free port of this machine, for specs that answer requests by a function. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Called when a request has come in whole. */
export type AnswerRequest = (request: IncomingMessage, body: string, response: ServerResponse) => void;

export interface LocalServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Ends open connections too. */
  stop(): Promise<void>;
}

export async function serveHttp(answer: AnswerRequest): Promise<LocalServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      answer(request, Buffer.concat(chunks).toString(), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
