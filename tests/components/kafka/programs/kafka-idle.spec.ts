import { createRequire } from "node:module";

import { expect } from "chai";

import { kafkaClient } from "../../../../components/kafka/programs/kafka-client.ts";
import type { RequestQueue } from "../../../../components/kafka/programs/kafka-idle.ts";

interface Queue extends RequestQueue {
  readonly throttleCheckTimeoutId: NodeJS.Timeout | null;
  throttledUntil: number;
  push(request: {
    readonly entry: { readonly correlationId: number; resolve(): void; reject(): void };
    readonly expectResponse: boolean;
    sendRequest(): void;
  }): void;
  checkPendingRequests(): void;
  fulfillRequest(answer: { readonly correlationId: number; readonly payload: null; readonly size: number }): void;
  destroy(): void;
}

const Queue = createRequire(import.meta.url)("kafkajs/src/network/requestQueue") as new (options: object) => Queue;

describe("a connection to Kafka", () => {
  let queue: Queue;
  let sent: number[];
  beforeEach(() => {
    kafkaClient({ bootstrapServers: "127.0.0.1:1", clientId: "test" });
    sent = [];
    queue = new Queue({
      maxInFlightRequests: 1,
      requestTimeout: 1000,
      enforceRequestTimeout: false,
      clientId: "test",
      broker: "127.0.0.1:1",
      logger: { debug: () => undefined },
    });
  });
  afterEach(() => {
    queue.destroy();
  });

  const request = (correlationId: number): Parameters<Queue["push"]>[0] => ({
    entry: { correlationId, resolve: () => undefined, reject: () => undefined },
    expectResponse: true,
    sendRequest: () => void sent.push(correlationId),
  });

  it("sets no timer while no request waits", () => {
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).to.equal(null);
  });

  it("sends what waits when a request is answered, and rests again", () => {
    queue.push(request(1));
    queue.push(request(2));
    expect(sent).to.deep.equal([1]);
    queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(sent).to.deep.equal([1, 2]);
    queue.fulfillRequest({ correlationId: 2, payload: null, size: 0 });
    expect(queue.pending).to.deep.equal([]);
  });

  it("sends what a broker's throttling held back, once that is over", async () => {
    queue.throttledUntil = Date.now() + 20;
    queue.push(request(1));
    expect(sent).to.deep.equal([]);
    const until = Date.now() + 2000;
    while (sent.length === 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sent).to.deep.equal([1]);
  });
});
