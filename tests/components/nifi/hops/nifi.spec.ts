import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Kafka } from "kafkajs";
import type { CleanupStep } from "../../../../platform/hops/hop.ts";
import { markedFlow, nifiHop } from "../../../../components/nifi/hops/nifi.ts";
import type { ObjectStore } from "../../../../components/object-store/hops/store-client.ts";
import { PrestoClient } from "../../../../components/presto/programs/presto-client.ts";

describe("hop nifi", () => {
  const startedAt = new Date("2026-11-29T10:00:00Z");
  const runBefore = (minutes: number, name: string): string =>
    `proof-${startedAt.getTime() - minutes * 60_000}-${name}`;
  const run = { run: runBefore(0, "0000000a"), startedAt };
  let server: Server;
  let answer: { readonly status: number; readonly text: string };
  let url: string;
  before(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => {
        events.push("post");
        response.writeHead(answer.status).end(answer.text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    objects = [];
  });

  const events: string[] = [];
  let objects: string[];
  const store: ObjectStore = {
    where: "http://s3/intake",
    list: (prefix) => Promise.resolve(objects.filter((key) => key.startsWith(prefix))),
    get: () => Promise.reject(new Error("nothing is there")),
    put: () => Promise.resolve(),
    remove: (key) => {
      objects = objects.filter((one) => one !== key);
      return Promise.resolve();
    },
  };
  const admin = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    deleteGroups: () => Promise.resolve([]),
    fetchTopicOffsets: (topic: string) => {
      events.push(`ends of ${topic}`);
      return Promise.resolve([{ partition: 0, offset: "7", high: "7", low: "0" }]);
    },
  };
  const consumer = {
    on: () => () => undefined,
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    subscribe: () => Promise.resolve(),
    run: () => Promise.resolve(),
    seek: () => undefined,
  };
  const kafka = { admin: () => admin, consumer: () => consumer } as unknown as Pick<Kafka, "admin" | "consumer">;
  const cleanup: CleanupStep[] = [];
  const failureOf = async (): Promise<string> => {
    events.length = 0;
    cleanup.length = 0;
    const hop = nifiHop({
      posts: url,
      bootstrapServers: "127.0.0.1:1",
      kafka,
      topic: "telemetry",
      rejected: "nifi-rejected",
      store,
      drop: "drop/",
      kept: "kept/",
      presto: new PrestoClient({ url, catalog: "lake", schema: "telemetry" }),
      run,
      records: 4,
    });
    const context = {
      signal: AbortSignal.timeout(10_000),
      needed: Promise.resolve(),
      onCleanup: (...steps: CleanupStep[]) => void cleanup.push(...steps),
      onProgress: () => undefined,
    };
    return String(await hop.run(context).catch((error: unknown) => error));
  };

  it("sends records of its own run, a half of them in a file, and a line that is none", () => {
    const marked = markedFlow(run, 5);
    expect([marked.inFile.length, marked.inPost.length]).to.deep.equal([3, 2]);
    const all = [...marked.inFile, ...marked.inPost];
    expect(new Set(all.map((record) => record.id)).size).to.equal(5);
    expect(all.every((record) => record.run === `${run.run}-nifi`)).to.equal(true);
    expect(() => void JSON.parse(marked.badLine)).to.throw(SyntaxError);
  });

  it("takes the ends of both topics before it sends anything that comes there", async () => {
    answer = { status: 202, text: "" };
    await failureOf();
    expect(events).to.deep.equal(["ends of telemetry", "ends of nifi-rejected", "post"]);
  });

  it("removes its own objects and those of proofs that are long over, and none of one under way", async () => {
    answer = { status: 202, text: "" };
    const [own, other, old] = [run.run, runBefore(1, "0000000b"), runBefore(11, "0000000c")];
    const named = [own, other, old].flatMap((one) => [
      `drop/${one}.jsonl`,
      `kept/files/${one}.jsonl.1.jsonl`,
      `kept/posts/post-${one}-post-1.jsonl`,
    ]);
    objects = [...named, "drop/mine.jsonl", "kept/files/mine.jsonl.1.jsonl"];
    await failureOf();
    const step = cleanup.find(({ what }) => what.startsWith("objects")) ?? expect.fail("no such step");
    await step.run(AbortSignal.timeout(10_000));
    expect(objects).to.deep.equal([
      ...named.filter((key) => key.includes(other)),
      "drop/mine.jsonl",
      "kept/files/mine.jsonl.1.jsonl",
    ]);
  });

  it("fails where a post with a bad line is taken, or refused for another reason", async () => {
    answer = { status: 202, text: '{"records":2}' };
    expect(await failureOf()).to.contain(`NiFi at ${url} answers a post with HTTP 202, expected 422: {"records":2}`);
    answer = { status: 422, text: '{"error":"unknown version: x","line":1}' };
    expect(await failureOf()).to.contain(
      'NiFi answers a post whose second line is no JSON with {"error":"unknown version: x","line":1}',
    );
  });
});
