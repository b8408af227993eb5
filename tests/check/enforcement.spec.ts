import { createServer, type Server } from "node:net";
import { expect } from "chai";
import { believed, findEnforcement } from "../../check/enforcement.ts";

describe("whether policies are enforced", () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer((socket) => socket.destroy());
    const listening = Promise.withResolvers<undefined>();
    server.listen(0, "127.0.0.1", () => {
      listening.resolve(undefined);
    });
    await listening.promise;
    port = (server.address() as { port: number }).port;
  });
  afterEach(() => server.close());

  const find = (host: string, signal: AbortSignal) =>
    findEnforcement({ host, port }, { signal, limitMs: 500, pauseMs: 10 });

  it("is found by trying a server that they close: one that answers to the end shows that they are not", async () => {
    const ended = new AbortController();
    const found = find("127.0.0.1", ended.signal);
    setTimeout(() => {
      ended.abort();
    }, 50);
    expect(await found).to.equal("not enforced");
  });

  it("is not judged by the first moment, in which a new pod is open", async () => {
    setTimeout(() => server.close(), 50);
    expect(await find("127.0.0.1", new AbortController().signal)).to.equal("enforced");
  });

  it("is not concluded from a refusal where hops failed: the server may be away", () => {
    expect(believed("enforced", true)).to.equal("enforced");
    expect(believed("enforced", false)).to.equal(undefined);
    expect(believed("not enforced", false)).to.equal("not enforced");
    expect(believed(undefined, true)).to.equal(undefined);
  });

  it("is not known where the server's name is not found", async () => {
    expect(await find("closed.invalid", AbortSignal.abort())).to.equal("unknown");
  });
});
