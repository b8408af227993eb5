import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { markedFlow, nifiHop } from "../../../../components/nifi/hops/nifi.ts";
import type { ObjectStore } from "../../../../components/object-store/hops/store-client.ts";
import { PrestoClient } from "../../../../components/presto/programs/presto-client.ts";

describe("hop nifi", () => {
  const run = { run: "proof-1", startedAt: new Date("2026-11-29T10:00:00Z") };
  let server: Server;
  let answer: { readonly status: number; readonly text: string };
  let url: string;
  before(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(answer.status).end(answer.text));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const store: ObjectStore = {
    where: "http://s3/intake",
    list: () => Promise.resolve([]),
    get: () => Promise.reject(new Error("nothing is there")),
    put: () => Promise.resolve(),
    remove: () => Promise.resolve(),
  };
  const failureOf = async (): Promise<string> => {
    const hop = nifiHop({
      posts: url,
      bootstrapServers: "127.0.0.1:1",
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
      onCleanup: () => undefined,
      onProgress: () => undefined,
    };
    return String(await hop.run(context).catch((error: unknown) => error));
  };

  it("sends records of its own run, a half of them in a file, and a line that is none", () => {
    const marked = markedFlow(run, 5);
    expect([marked.inFile.length, marked.inPost.length]).to.deep.equal([3, 2]);
    const all = [...marked.inFile, ...marked.inPost];
    expect(new Set(all.map((record) => record.id)).size).to.equal(5);
    expect(all.every((record) => record.run === "proof-1-nifi")).to.equal(true);
    expect(() => void JSON.parse(marked.badLine)).to.throw(SyntaxError);
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
