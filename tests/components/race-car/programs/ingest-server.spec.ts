import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { WebSocket } from "ws";
import { IngestClient } from "../../../../components/race-car/programs/ingest-client.ts";
import { type Ingest, startIngest } from "../../../../components/race-car/programs/ingest-server.ts";
import type { Taken } from "../../../../components/race-car/programs/intake.ts";
import { packSample } from "../../../../components/race-car/programs/packed.ts";
import type { Told } from "../../../../components/race-car/programs/protocol.ts";
import { sampleText } from "../../../../components/race-car/programs/sample.ts";
import { good } from "./a-sample.ts";

const token = "t".repeat(32);
const sampleOf = (seq: number, change: object = {}) => ({
  ...good,
  id: `car-01-0000-${seq}`,
  seq,
  ts: new Date(Date.UTC(2026, 0) + seq).toISOString(),
  ...change,
});

async function until<T>(look: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error("it did not come");
}

const textOf = (value: unknown): string => JSON.stringify(value ?? null);

describe("The ingest", () => {
  let ingest: Ingest;
  let taken: Taken[];
  let acknowledge: (() => void)[];
  let isKafkaThere: boolean;
  let sockets: WebSocket[];
  let logged: string[];

  const start = async (options: Partial<Parameters<typeof startIngest>[0]> = {}): Promise<void> => {
    ingest = await startIngest({
      port: 0,
      token,
      messagesPerSecond: 100,
      mostWaiting: 1000,
      log: (line) => logged.push(line),
      send: (one, stored) => {
        taken.push(one);
        if (isKafkaThere) setImmediate(stored);
        else acknowledge.push(stored);
      },
      health: () => ({ isHealthy: isKafkaThere, figures: { stored: 7 } }),
      ...options,
    });
  };

  beforeEach(() => {
    [taken, acknowledge, sockets, logged, isKafkaThere] = [[], [], [], [], true];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.terminate();
    await ingest.stop();
  });

  const open = async (headers: Record<string, string> = { authorization: `Bearer ${token}` }) => {
    const socket = new WebSocket(`ws://127.0.0.1:${ingest.port}/samples`, { headers });
    sockets.push(socket);
    const told: Told[] = [];
    socket.on("message", (data) => told.push(JSON.parse((data as Buffer).toString()) as Told));
    await once(socket, "open");
    const settled = (): Told | undefined => told.findLast(({ type }) => type === "settled");
    return { socket, told, settled };
  };
  const health = async () => {
    const response = await fetch(`http://127.0.0.1:${ingest.port}/healthz`);
    return { status: response.status, figures: (await response.json()) as Record<string, number> };
  };
  const refused = async (path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> => {
    const socket = new WebSocket(`ws://127.0.0.1:${ingest.port}${path}`, { headers });
    const { promise, resolve } = Promise.withResolvers<{ status: number; body: string }>();
    socket.on("unexpected-response", (_, response) => {
      let body = "";
      response.on("data", (part: Buffer) => (body += part.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    return await promise;
  };

  it("takes samples as JSON and packed, in order, and says when they are in Kafka", async () => {
    await start();
    const { socket, told, settled } = await open();
    socket.send(JSON.stringify(sampleOf(1)));
    socket.send(packSample(sampleOf(2), 0x8f3a));
    await until(() => (textOf(settled()).includes('"stored":2') ? true : undefined));
    expect(told[0]).to.deep.equal({ type: "welcome", version: 1, messagesPerSecond: 100 });
    expect(settled()).to.deep.equal({ type: "settled", settled: 2, stored: 2, refused: 0, dropped: 0 });
    expect(taken.map(({ kind, message }) => [kind, message.key, message.value])).to.deep.equal([
      ["sample", "car-01", sampleText(sampleOf(1))],
      ["sample", "car-01", sampleText({ ...sampleOf(2), id: "car-01-00008f3a-000002" })],
    ]);
  });

  it("says nothing of what is not in Kafka yet", async () => {
    await start();
    isKafkaThere = false;
    const { socket, settled } = await open();
    for (const seq of [1, 2, 3]) socket.send(JSON.stringify(sampleOf(seq)));
    await until(() => acknowledge[2]);
    acknowledge[1]?.();
    await sleep(250);
    expect(settled()).to.equal(undefined);
    acknowledge[0]?.();
    expect(await until(settled)).to.deep.equal({ type: "settled", settled: 2, stored: 2, refused: 0, dropped: 0 });
  });

  it("makes dead letters of what is no sample, with reasons, while others go on", async () => {
    await start();
    const [bad, other] = [await open(), await open()];
    bad.socket.send(JSON.stringify(sampleOf(1, { speed: 999, run: "proof-1" })));
    bad.socket.send(JSON.stringify(sampleOf(1)).slice(0, 40));
    bad.socket.send(packSample(sampleOf(1), 1).subarray(0, 62));
    bad.socket.send(JSON.stringify({ ...sampleOf(1), padding: "x".repeat(5000) }));
    other.socket.send(JSON.stringify(sampleOf(2)));
    await until(() => other.settled());
    const told = await until(() => (textOf(bad.settled()).includes('"refused":4') ? bad.settled() : undefined));
    expect(told).to.deep.equal({ type: "settled", settled: 4, stored: 0, refused: 4, dropped: 0 });
    const reasons = bad.told.flatMap((one) => (one.type === "refused" ? [[one.message, one.reason]] : []));
    expect(reasons).to.deep.equal([
      [1, "speed out of range: 999, allowed 0 to 200"],
      [2, "not JSON"],
      [3, "packed sample of 62 bytes, right are 124"],
      [4, `value too big: ${JSON.stringify({ ...sampleOf(1), padding: "x".repeat(5000) }).length} bytes, allowed 4096`],
    ]);
    const [first] = taken;
    const letter = JSON.parse(first?.message.value ?? "") as Record<string, string | number>;
    expect(letter).to.include({ v: 1, topic: "race", run: "proof-1", way: "websocket", reason: reasons[0]?.[1] });
    expect(Buffer.from(String(letter["base64"]), "base64").toString()).to.equal(
      JSON.stringify(sampleOf(1, { speed: 999, run: "proof-1" })),
    );
    expect(first?.message.headers).to.deep.equal({ "millrace-run": "proof-1" });
    expect((await health()).figures).to.include({ samples: 1, refused: 4 });
  });

  it("ends the connection of a message beyond all measure, and of half a frame, and only that", async () => {
    await start();
    const [bad, other] = [await open(), await open()];
    bad.socket.on("error", () => undefined);
    bad.socket.send("x".repeat(70_000));
    const [code] = (await once(bad.socket, "close")) as [number];
    expect(code).to.equal(1009);
    const raw = connect(ingest.port, "127.0.0.1");
    raw.write(
      `GET /samples HTTP/1.1\r\nhost: i\r\nauthorization: Bearer ${token}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await once(raw, "data");
    raw.end(Buffer.from([0x82, 0xfc, 0x00, 0x01, 0x02]));
    await until(() => logged.find((line) => line.includes("Max payload size exceeded")));
    other.socket.send(JSON.stringify(sampleOf(2)));
    expect(await until(() => other.settled())).to.include({ stored: 1 });
  });

  it("drops what comes beyond a client's rate, counts it, and tells it once a second", async () => {
    await start({ messagesPerSecond: 100, now: () => 1_800_000_000_000 });
    const [fast, other] = [await open(), await open()];
    for (let seq = 0; seq < 10_000; seq++) fast.socket.send(JSON.stringify(sampleOf(seq)));
    other.socket.send(JSON.stringify(sampleOf(1, { car: "car-02" })));
    await until(() => (textOf(fast.settled()).includes('"settled":10000') ? true : undefined));
    expect(fast.settled()).to.deep.equal({ type: "settled", settled: 10_000, stored: 100, refused: 0, dropped: 9900 });
    expect(fast.told.filter(({ type }) => type === "dropped")).to.deep.equal([
      {
        type: "dropped",
        dropped: 1,
        reason: "more than 100 messages a second; send fewer, or by several connections",
      },
    ]);
    expect(other.settled()).to.include({ stored: 1, dropped: 0 });
    expect((await health()).figures).to.include({ samples: 101, dropped: 9900 });
  });

  it("takes samples again and out of order, and counts both", async () => {
    await start();
    const { socket, settled } = await open();
    for (const seq of [1, 3, 2, 3]) socket.send(JSON.stringify(sampleOf(seq)));
    await until(() => (textOf(settled()).includes('"stored":4') ? true : undefined));
    expect((await health()).figures).to.include({ samples: 4, repeated: 1, outOfOrder: 1 });
  });

  it("refuses who does not show the token, and tells what it is asked for", async () => {
    await start();
    expect(await refused("/samples", {})).to.deep.equal({
      status: 401,
      body: '{"error":"show the ingest\'s token, as \\"Authorization: Bearer <token>\\""}\n',
    });
    expect(await refused("/samples", { authorization: "Bearer wrong" })).to.include({ status: 401 });
    expect(await refused("/other", { authorization: `Bearer ${token}` })).to.include({ status: 404 });
    expect((await fetch(`http://127.0.0.1:${ingest.port}/samples`)).status).to.equal(426);
    expect((await fetch(`http://127.0.0.1:${ingest.port}/`)).status).to.equal(404);
    expect((await health()).figures).to.include({ strangers: 2, connections: 0 });
  });

  it("takes UDP packets that begin with the token, JSON and packed, and counts others as strangers", async () => {
    await start();
    const udp = createSocket("udp4");
    const send = (...parts: (string | Uint8Array)[]): void => {
      udp.send(Buffer.concat(parts.map((part) => Buffer.from(part as string))), ingest.port, "127.0.0.1");
    };
    send(token, JSON.stringify(sampleOf(1)));
    send(token, packSample(sampleOf(2), 1));
    send(token, packSample(sampleOf(3), 1).subarray(0, 62));
    send("x".repeat(32), JSON.stringify(sampleOf(4)));
    send("short");
    await until(() => taken[2]);
    await until(() => (taken.length === 3 ? true : undefined));
    udp.close();
    expect(taken.map(({ kind, reason }) => reason ?? kind)).to.have.members([
      "sample",
      "sample",
      "packed sample of 62 bytes, right are 124",
    ]);
    const { figures } = await health();
    expect(figures).to.include({ samples: 2, refused: 1, strangers: 2, senders: 1 });
  });

  it("reads no more of its clients than may wait for Kafka, and goes on when Kafka does", async () => {
    await start({ mostWaiting: 10, messagesPerSecond: 10_000 });
    isKafkaThere = false;
    const { socket, settled } = await open();
    for (let seq = 0; seq < 3000; seq++) socket.send(JSON.stringify(sampleOf(seq)));
    await until(() => acknowledge[9]);
    await sleep(100);
    expect(acknowledge.length).to.be.lessThan(500);
    expect((await health()).status).to.equal(503);
    isKafkaThere = true;
    for (const stored of acknowledge.splice(0)) stored();
    await until(() => (textOf(settled()).includes('"stored":3000') ? true : undefined));
  });

  it("has a client that sends again what was not settled when the connection ended", async () => {
    await start();
    const { port } = ingest;
    const client = new IngestClient({
      url: `ws://127.0.0.1:${port}`,
      token,
      log: (line) => logged.push(line),
      retryMs: 20,
    });
    const stop = new AbortController();
    const running = client.run(stop.signal);
    client.push(JSON.stringify(sampleOf(1)));
    await until(() => (client.figures.settled === 1 ? true : undefined));
    isKafkaThere = false;
    client.push(JSON.stringify(sampleOf(2)));
    client.push(JSON.stringify(sampleOf(3)));
    await until(() => acknowledge[1]);
    await ingest.stop();
    expect(client.figures).to.deep.equal({ settled: 1, unsettled: 2, givenUp: 0 });
    isKafkaThere = true;
    taken = [];
    await start({ port });
    await until(() => (client.figures.settled === 3 ? true : undefined));
    stop.abort();
    await running;
    expect(taken.map(({ message }) => (JSON.parse(message.value ?? "") as { seq: number }).seq)).to.deep.equal([2, 3]);
    expect(logged[0]).to.match(
      /^ws:\/\/127\.0\.0\.1:\d+: the connection has ended \(1001: the ingest ends; connect again\); 2 samples wait$/,
    );
  });

  it("has a client that gives up the oldest where too many wait", async () => {
    await start();
    const client = new IngestClient({ url: "ws://127.0.0.1:9", token, log: () => undefined, capacity: 2 });
    for (const text of ["a", "b", "c"]) client.push(text);
    expect(client.figures).to.deep.equal({ settled: 0, unsettled: 2, givenUp: 1 });
  });
});
