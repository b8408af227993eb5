import { expect } from "chai";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { loginsHop } from "../../../../components/auth-proxy/hops/logins.ts";
import { HopFailure } from "../../../../platform/hops/hop.ts";

const RIGHT = `Basic ${Buffer.from("proof:word").toString("base64")}`;

/** A proxy with a page behind it. */
interface Proxy {
  /** Status for who has not logged in. @default 401 */
  readonly open?: number;
  /** Status for who has. @default 200 */
  readonly behind?: number | (() => number);
  /** Who runs a statement. @default - who has logged in */
  readonly runsAs?: (asked: IncomingMessage) => string;
}

describe("Hop logins", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const listen = async ({ open = 401, behind = 200, runsAs = () => "proof" }: Proxy): Promise<string> => {
    const serve = (asked: IncomingMessage, answer: ServerResponse): void => {
      const hasLogin = asked.headers.authorization === RIGHT;
      if (hasLogin && asked.method === "POST") {
        const rows = { columns: [{ name: "who" }], data: [[runsAs(asked)]] };
        answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(rows));
        return;
      }
      answer.writeHead(hasLogin ? (typeof behind === "number" ? behind : behind()) : open).end();
    };
    const server = createServer(serve).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const ask = async (proxy: Proxy, asUser = false, ms = 5000) => {
    const pages = [{ title: "Presto", url: await listen(proxy), asUser }];
    const hop = loginsHop({ user: "proof", password: "word", pages, pauseMs: 5 });
    const none = (): void => undefined;
    return await hop.run({
      signal: AbortSignal.timeout(ms),
      needed: Promise.resolve(),
      onCleanup: none,
      onProgress: none,
    });
  };
  const failure = async (...args: Parameters<typeof ask>): Promise<string> => {
    const error: unknown = await ask(...args).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(HopFailure);
    return (error as Error).message.replaceAll(/http:[^ ]+/g, "it");
  };

  it("passes where a page refuses strangers and takes the right password", async () => {
    expect(await ask({})).to.deep.equal({
      count: 1,
      distinct: 1,
      checksum: "6",
      message: "Presto: refused without the password, there with it",
    });
    expect(await ask({ behind: 303 })).to.include({ count: 1 });
  });

  it("fails at once where a page is open", async () => {
    const words = await failure({ open: 200 });
    expect(words).to.equal("Presto at it answers without a login with status 200; it must refuse that with 401");
  });

  it("fails where the right password is refused", async () => {
    expect(await failure({ behind: 401 })).to.equal("Presto at it refuses proof with the right password");
  });

  it("waits for a page that is not there yet, and names it at the end", async () => {
    let asked = 0;
    expect(await ask({ behind: () => (++asked < 3 ? 502 : 200) })).to.include({ count: 1 });
    expect(await failure({ behind: 502 }, false, 200)).to.contain("Presto at it does not answer proof: status 502");
    expect(await failure({ open: 502 }, false, 200)).to.contain("Presto at it does not serve: status 502");
  });

  it("fails where who logs in can take another's name", async () => {
    const runsAs = (asked: IncomingMessage): string => String(asked.headers["x-presto-user"]);
    expect(await failure({ runsAs }, true)).to.equal(
      "Presto at it ran a statement of proof as somebody-else: whoever logs in can take another's name",
    );
    expect(await ask({}, true)).to.include({ count: 1 });
  });
});
