import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { Server } from "node:http";
import { expect } from "chai";
import { z } from "zod";
import { littleServer } from "../../platform/little-server.ts";

describe("a little server", () => {
  let server: Server;
  let url: string;
  before(async () => {
    server = littleServer(0, {
      "GET /metrics": () => "a 1\n",
      "GET /report": () => ({ looks: 1 }),
      "POST /marks": (body) => z.strictObject({ value: z.number() }).parse(JSON.parse(body)),
      "POST /write": () => Promise.reject(new Error("Presto is away")),
    });
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const ask = async (method: string, path: string, body?: string): Promise<string> => {
    const answer = await fetch(`${url}${path}`, { method, ...(body !== undefined && { body }) });
    return `${answer.status} ${answer.headers.get("content-type")} ${await answer.text()}`;
  };

  it("sends texts as they are, and all else as JSON", async () => {
    expect(await ask("GET", "/metrics")).to.equal("200 text/plain; version=0.0.4 a 1\n");
    expect(await ask("GET", "/report?x=1")).to.equal('200 application/json {"looks":1}');
    expect(await ask("POST", "/marks", '{"value":7}')).to.equal('200 application/json {"value":7}');
    expect(await ask("GET", "/healthz")).to.equal("200 application/json {}");
  });

  it("says what is not known, what is of a wrong form, and what failed", async () => {
    expect(await ask("GET", "/other")).to.equal('404 application/json {"error":"GET /other is not known"}');
    expect(await ask("GET", "/marks")).to.match(/^404 /);
    expect(await ask("GET", "/constructor")).to.match(/^404 /);
    expect(await ask("POST", "/marks", "{")).to.match(/^400 .*JSON/);
    expect(await ask("POST", "/marks", '{"value":"7"}')).to.match(/^400 .*number/);
    expect(await ask("POST", "/marks", "x".repeat(10_001))).to.match(/^400 .*at most/);
    expect(await ask("POST", "/write")).to.equal('503 application/json {"error":"Presto is away"}');
  });
});
