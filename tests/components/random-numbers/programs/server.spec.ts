import { expect } from "chai";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { MarkedFailure } from "../../../../components/random-numbers/programs/marked.ts";
import type { MarkedOrder } from "../../../../components/random-numbers/programs/order.ts";
import { mostBodyBytes, pumpServer } from "../../../../components/random-numbers/programs/server.ts";
import { makeRecord } from "../../../../components/telemetry/programs/record.ts";
import type { TelemetryRecord } from "../../../../components/telemetry/programs/record.ts";

const token = "0123456789abcdef";
const good = JSON.stringify({ run: "r", values: [1, 2], poison: ["x"] });

describe("pump's server", () => {
  let server: Server;
  let url: string;
  let isHealthy: boolean;
  let logged: string[];
  let orders: MarkedOrder[];
  let send: (order: MarkedOrder) => Promise<readonly TelemetryRecord[]>;

  beforeEach(async () => {
    isHealthy = true;
    logged = [];
    orders = [];
    send = (order) => {
      orders.push(order);
      const origin = { source: "random-numbers", node: "p", at: new Date(0), run: order.run } as const;
      return Promise.resolve(order.values.map((value) => makeRecord(origin, { metric: order.metric, value })));
    };
    server = pumpServer({
      token,
      health: () => ({ isHealthy, figures: { sent: 7, dropped: 0 } }),
      send: (order) => send(order),
      log: (line) => logged.push(line),
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = async (
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> => {
    const response = await fetch(url + path, init);
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  const post = (body: BodyInit, shown = `Bearer ${token}`): ReturnType<typeof ask> =>
    ask("/marked", { method: "POST", body, headers: shown === "" ? {} : { authorization: shown } });

  it("tells its figures, and by its status whether it works", async () => {
    expect(await ask("/healthz")).to.deep.include({ status: 200, body: { sent: 7, dropped: 0 } });
    isHealthy = false;
    expect(await ask("/healthz?x=1")).to.deep.include({ status: 503, body: { sent: 7, dropped: 0 } });
  });

  it("answers an order with its records when they are acknowledged", async () => {
    const { status, body } = await post(good);
    expect(status).to.equal(200);
    expect(body).to.include({ run: "r", sent: 2, poison: 1 });
    const records = body["records"] as { id: string; ts: string; value: number }[];
    expect(records.map(({ ts, value }) => [ts, value])).to.deep.equal([
      ["1970-01-01T00:00:00.000Z", 1],
      ["1970-01-01T00:00:00.000Z", 2],
    ]);
    expect(body["ids"]).to.deep.equal(records.map(({ id }) => id));
    expect(orders).to.deep.equal([{ run: "r", metric: "uniform", values: [1, 2], poison: ["x"] }]);
  });

  for (const [what, shown, words] of [
    ["no token", "", "show the pump's token"],
    ["another token", "Bearer 0123456789abcdeF", "this is not the pump's token"],
    ["a part of the token", "Bearer 0123", "this is not the pump's token"],
    ["another scheme", `Basic ${token}`, "show the pump's token"],
  ] as const) {
    it(`refuses an order with ${what}, whatever is in it`, async () => {
      const { status, headers, body } = await post("no JSON", shown);
      expect(status).to.equal(401);
      expect(headers.get("www-authenticate")).to.equal("Bearer");
      expect(body["error"]).to.equal(`${words}, as "Authorization: Bearer <token>"`);
      expect(orders).to.deep.equal([]);
    });
  }

  it("says all that is wrong with an order", async () => {
    const { status, body } = await post('{"run": "a b", "values": [null]}');
    expect(status).to.equal(400);
    expect(body["error"]).to.match(/^run is "a b"; .*values\[0\] is null/);
    const broken = await post(Buffer.from([0x7b, 0xff]));
    expect(broken).to.deep.include({ status: 400, body: { error: "the body is no UTF-8" } });
  });

  it("takes an order of 7 MB", async () => {
    const large = JSON.stringify({ run: "r", values: [1], poison: Array(4).fill("x".repeat(1_800_000)) });
    expect((await post(large)).status).to.equal(200);
  });

  for (const [what, headers, pieces] of [
    ["says so", { "content-length": mostBodyBytes + 1 }, 0],
    ["does not say its size", {}, 9],
  ] as const) {
    it(`refuses an order that is too large and ${what}`, async () => {
      const sending = request(`${url}/marked`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
      sending.flushHeaders();
      for (let piece = 0; piece < pieces; piece++) sending.write(Buffer.alloc(2 ** 20, "x"));
      const [response] = (await once(sending, "response")) as [IncomingMessage];
      expect(response.statusCode).to.equal(413);
      expect(JSON.parse(await text(response))).to.deep.equal({
        error: `the body has more than ${mostBodyBytes} bytes; send several orders`,
      });
      sending.destroy();
      expect(orders).to.deep.equal([]);
    });
  }

  it("answers 404 and 405 in words", async () => {
    expect(await ask("/nowhere")).to.deep.include({
      status: 404,
      body: { error: "there is no such path; there are /healthz, /marked" },
    });
    expect((await ask("/__proto__")).status).to.equal(404);
    const { status, headers, body } = await ask("/marked");
    expect([status, headers.get("allow"), body["error"]]).to.deep.equal([405, "POST", "/marked takes POST, not GET"]);
    expect((await ask("/healthz", { method: "DELETE" })).headers.get("allow")).to.equal("GET, HEAD");
  });

  it("answers 503 with the cause when Kafka has not all of it", async () => {
    send = () => Promise.reject(new MarkedFailure("Kafka acknowledged 0 of 3 messages: broker away"));
    expect(await post(good)).to.deep.include({
      status: 503,
      body: { error: "Kafka acknowledged 0 of 3 messages: broker away" },
    });
  });

  it("keeps its own mistakes in its log", async () => {
    send = () => Promise.reject(new TypeError("secret detail"));
    const { status, body } = await post(good);
    expect([status, body["error"]]).to.deep.equal([500, "the pump made a mistake; its log tells more"]);
    expect(logged.join()).to.contain("secret detail");
  });
});
