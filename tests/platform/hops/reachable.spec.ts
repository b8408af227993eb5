import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { untilReachable } from "../../../platform/hops/reachable.ts";

describe("waiting for connections", () => {
  it("goes on when something takes them, also later", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = new URL(`http://127.0.0.1:${port}/x`);
    await untilReachable(url, 5000);
    server.close();
    await once(server, "close");
    const waiting = untilReachable(url, 20_000);
    const later = createServer().listen(port, "127.0.0.1");
    try {
      await waiting;
    } finally {
      later.close();
    }
  });

  it("gives up with the reason", async () => {
    const words = await untilReachable(new URL("http://127.0.0.1:49151"), 10).catch(String);
    expect(words).to.match(/^Error: http:\/\/127\.0\.0\.1:49151 can't be reached within 0\.01 s: .*ECONNREFUSED/);
  });
});
