import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { Server } from "socket.io";
import { LiveWatch } from "../../bench/live-watch.ts";
import { livePath } from "../../components/display/hops/live-client.ts";
import type { LiveBatch, PageEvents, ServerEvents } from "../../display/protocol.ts";

/** A display that refuses series `refused`, and sends what it is told to those who watch. */
async function withDisplay(use: (url: string, send: (batch: LiveBatch) => void) => Promise<void>): Promise<void> {
  const http = createServer();
  const server = new Server<PageEvents, ServerEvents>(http, { path: livePath });
  const space = server.of("/random-numbers");
  space.on("connection", (socket) => {
    socket.on("watch", (series, answer) => {
      answer(series === "refused" ? "there is no such series" : null);
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  try {
    const send = (batch: LiveBatch): void => void space.emit("batch", batch);
    await use(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, send);
  } finally {
    await server.close();
  }
}

const points = (series: string, count: number, ages: readonly number[]): LiveBatch["series"][number] => ({
  series,
  metric: "load.sequence",
  count,
  points: ages.map((age, index) => [Date.now() - age, index]),
});

describe("watch on the live stream", () => {
  it("takes the points of its run at each client, and counts what was thinned out", async () => {
    await withDisplay(async (url, send) => {
      const live = new LiveWatch("bench-1");
      try {
        await live.connect(url, 3);
        send({ at: Date.now(), unreadable: 0, series: [points("bench-1", 5, [1000, 2000]), points("pumps", 9, [5])] });
        while (live.figures.received < 6) await new Promise((resolve) => setTimeout(resolve, 5));
        expect(live.figures).to.deep.equal({ received: 6, thinnedOut: 9, reconnects: 0 });
        expect(live.leastSeen).to.equal(2);
        expect(live.latencies.percentile(50)).to.be.within(1000, 1900);
      } finally {
        live.close();
      }
    });
  });

  it("says which client was refused, and why", async () => {
    await withDisplay(async (url) => {
      const live = new LiveWatch("refused");
      const words = await live.connect(url, 1).catch((error: unknown) => String(error));
      live.close();
      expect(words).to.contain("client 1 was refused: there is no such series");
    });
  });
});
