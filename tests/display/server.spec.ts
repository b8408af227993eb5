import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pageRoutes, sinks, streams } from "../../display/protocol.ts";
import { documentText, startTestServer, type TestServer } from "./fakes.ts";

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const apiPaths = sinks.flatMap((sink) => [
  `/api/spark/${sink}/census-data`,
  ...streams.map((stream) => `/api/spark-streaming/${sink}/${stream}`),
]);

describe("display server", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.stop());

  /** The path as it is: `fetch` would mend it. */
  const ask = async (path: string, options: { method?: string; accept?: string } = {}): Promise<Seen> => {
    const { method = "GET", accept = "text/html" } = options;
    return await new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: server.port, path, method, headers: { accept } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      sent.on("error", reject);
      sent.end();
    });
  };
  const errorOf = ({ text }: Seen): string => (JSON.parse(text) as { readonly error: string }).error;

  describe("pages", () => {
    it("are one document at exactly the eleven routes", async () => {
      for (const route of pageRoutes) {
        const { status, headers, text } = await ask(route);
        expect([status, text], route).to.deep.equal([200, documentText]);
        expect(headers).to.include({ "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
      }
    });

    it("are not at any other name", async () => {
      const others = ["/index.html", "/spark", "/spark/tape/census-data", "/Socket.io/monitoring", "/spark-streaming"];
      for (const path of [...others, `${pageRoutes[1]}/`, "//", "/../../etc/passwd", "/.env"]) {
        const seen = await ask(path);
        expect(seen.status, path).to.equal(404);
        expect(seen.headers["content-type"]).to.equal("text/html; charset=utf-8");
        expect(seen.text)
          .to.contain('<p role="alert">there is nothing at ')
          .and.to.contain('<a href="/socket.io/monitoring">');
      }
    });

    it("come with their files, those with a hash in the name for ever", async () => {
      expect((await ask("/main-AB-DEF1_.js")).headers).to.include({
        "cache-control": "public, max-age=31536000, immutable",
        "content-type": "text/javascript; charset=utf-8",
      });
      expect((await ask("/favicon.svg")).headers).to.include({ "cache-control": "no-cache" });
    });

    it("take the parameters that their links have", async () => {
      for (const path of [
        "/socket.io/random-numbers?series=run-1&metric=uniform",
        "/spark-streaming/disk/monitoring?series=node-1&metric=vmstat.us&minutes=360",
        "/spark/cassandra/census-data?run=static-file&grouping=region&measure=income",
      ]) {
        expect((await ask(path)).status, path).to.equal(200);
      }
    });
  });

  describe("answers", () => {
    it("are given for each sink and stream, and not kept by anyone", async () => {
      for (const path of apiPaths) {
        const { status, headers, text } = await ask(path);
        expect(status, path).to.equal(200);
        expect(headers).to.include({ "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
        expect(JSON.parse(text)).to.include({ sink: path.includes("/disk/") ? "disk" : "cassandra" });
      }
    });

    it("pass names on to the sink as they are", async () => {
      const { disk } = server.sources;
      const series = `'; DROP TABLE streaming.windows; -- <script>"\\ü%`;
      const query = new URLSearchParams({ series, metric: "${jndi:x}", minutes: "60" }).toString();
      const { status, text } = await ask(`/api/spark-streaming/disk/random-numbers?${query}`);
      expect(status).to.equal(200);
      expect(JSON.parse(text)).to.include({ series, metric: "${jndi:x}" });
      expect(disk.questions).to.have.length(1);
      expect(disk.questions[0]).to.include({ stream: "random-numbers", series, metric: "${jndi:x}" });
    });

    it("tell of the newest run of the census when none is asked for, and of the asked one else", async () => {
      const { cassandra } = server.sources;
      const figure = { grouping: "all", member: "all", count: 2, mean: 40, deviation: null, minimum: 1, maximum: 9 };
      cassandra.runs = [
        { run: "older", madeAt: 1000 },
        { run: "newer", madeAt: 2000 },
      ];
      cassandra.figures = [
        { ...figure, measure: "income" },
        { ...figure, measure: "age" },
      ];
      const newest = JSON.parse((await ask("/api/spark/cassandra/census-data")).text) as object;
      expect(newest).to.deep.include({ run: "newer", runs: ["newer", "older"], madeAt: "1970-01-01T00:00:02.000Z" });
      expect(newest).to.have.nested.property("figures[0].measure", "age");
      const older = JSON.parse((await ask("/api/spark/cassandra/census-data?run=older")).text) as object;
      expect(older).to.include({ run: "older", madeAt: "1970-01-01T00:00:01.000Z" });
      expect(cassandra.runsAsked).to.deep.equal(["newer", "older"]);
    });

    it("are empty while no batch has written anything", async () => {
      const { text } = await ask("/api/spark/disk/census-data");
      expect(JSON.parse(text)).to.deep.include({ run: "static-file", runs: [], figures: [], madeAt: null });
    });
  });

  describe("the network", () => {
    let folder: string;
    let knowing: TestServer;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "millrace-network-"));
      knowing = await startTestServer({ networkDir: folder });
    });
    after(async () => {
      await knowing.stop();
      rmSync(folder, { recursive: true });
    });

    it("is not known until it is written down, and then in its newest form", async () => {
      const words = "nothing is known of this platform's network yet; it is told when an up has wired all services";
      for (const path of ["/api/network", "/network.svg"]) {
        for (const url of [server.url, knowing.url]) {
          const answer = await fetch(`${url}${path}`, { headers: { accept: "application/json" } });
          expect([answer.status, await answer.json()], path).to.deep.equal([404, { error: words }]);
        }
      }
      for (const edges of [[], [{ from: "presto/coordinator", to: "kafka/broker", ports: [9092], why: "Kafka" }]]) {
        writeFileSync(join(folder, "network.json"), JSON.stringify({ policies: true, edges }));
        const answer = await fetch(`${knowing.url}/api/network`);
        expect(answer.headers.get("cache-control")).to.equal("no-store");
        expect(await answer.json()).to.deep.equal({ policies: true, edges });
      }
    });

    it("is a picture that may have styles of its own, and no script", async () => {
      writeFileSync(join(folder, "network.svg"), "<svg/>");
      const answer = await fetch(`${knowing.url}/network.svg`);
      expect([answer.status, await answer.text()]).to.deep.equal([200, "<svg/>"]);
      expect(answer.headers.get("content-type")).to.equal("image/svg+xml; charset=utf-8");
      expect(answer.headers.get("content-security-policy")).to.equal(
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      );
      expect((await fetch(`${knowing.url}/network.svg?a=1`)).status).to.equal(400);
    });
  });

  describe("what is not understood", () => {
    const wrongQueries: readonly (readonly [query: string, words: string])[] = [
      ["minutes=abc", 'minutes is "abc"; give a whole number from 1 to 360'],
      ["minutes=0", 'minutes is "0"; give a whole number from 1 to 360'],
      ["minutes=361", 'minutes is "361"; give a whole number from 1 to 360'],
      ["minutes=1.5", 'minutes is "1.5"; give a whole number from 1 to 360'],
      ["minutes=1e2", 'minutes is "1e2"; give a whole number from 1 to 360'],
      ["minutes", 'minutes is ""; give a whole number from 1 to 360'],
      ["unknown=1", 'there is no parameter "unknown" here; allowed are series, metric, minutes'],
      ["constructor=1", 'there is no parameter "constructor" here; allowed are series, metric, minutes'],
      ["series=a&series=b", "series is given 2 times; give it once"],
      ["series=", "series has 0 characters; give 1 to 512"],
      [`metric=${"m".repeat(10_000)}`, "metric has 10000 characters; give 1 to 512"],
      ["series=a%00b", "series has control characters; give a name without"],
      [
        "minutes=0&x=1",
        'minutes is "0"; give a whole number from 1 to 360. there is no parameter "x" here; allowed are series, metric, minutes',
      ],
    ];

    it("is said in words on pages and in answers", async () => {
      for (const [query, words] of wrongQueries) {
        const answer = await ask(`/api/spark-streaming/disk/monitoring?${query}`);
        expect([answer.status, errorOf(answer)], query).to.deep.equal([400, words]);
        const page = await ask(`/spark-streaming/disk/monitoring?${query}`, { accept: "application/json" });
        expect([page.status, errorOf(page)], query).to.deep.equal([400, words]);
      }
      expect(server.sources.disk.looks).to.equal(0);
    });

    it("is said where a page takes no parameter, or other ones than its answer", async () => {
      const json = { accept: "application/json" };
      expect(errorOf(await ask("/?a=1", json))).to.equal('there is no parameter "a" here; none is allowed');
      expect(errorOf(await ask("/healthz?a=1", json))).to.equal('there is no parameter "a" here; none is allowed');
      expect(errorOf(await ask("/spark/disk/census-data?measure=height", json))).to.equal(
        'measure is "height"; allowed are age, hours_per_week, income',
      );
      expect(errorOf(await ask("/api/spark/disk/census-data?measure=age"))).to.equal(
        'there is no parameter "measure" here; allowed are run',
      );
    });

    it("is a percent sign without its digits, in path and query", async () => {
      for (const path of ["/%ZZ", "/?series=%ZZ", "/api/spark/disk/census-data?run=%ff", "/%"]) {
        const seen = await ask(path, { accept: "application/json" });
        expect(seen.status, path).to.equal(400);
        expect(errorOf(seen)).to.equal(
          `the address "${path}" is malformed: after a % there must be two hexadecimal digits that make UTF-8 text; ` +
            "a percent sign itself is written %25",
        );
      }
    });

    it("is shown on a page as text, never as HTML", async () => {
      const { status, text } = await ask("/?%3Cimg%20src=x%20onerror=alert(1)%3E=1");
      expect(status).to.equal(400);
      expect(text).to.contain("&lt;img src").and.not.to.contain("<img");
      expect((await ask("/%3Cscript%3E")).text)
        .to.contain("&lt;script&gt;")
        .and.not.to.contain("<script");
    });
  });

  it("takes nothing but GET and HEAD", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      for (const path of ["/", apiPaths[0] ?? "", "/nowhere"]) {
        const seen = await ask(path, { method });
        expect(seen.status, `${method} ${path}`).to.equal(405);
        expect(seen.headers["allow"]).to.equal("GET, HEAD");
        expect(seen.text).to.contain(`${method} is not possible here: the display only shows; use GET`);
      }
    }
    expect(await ask("/", { method: "HEAD" })).to.include({ status: 200, text: "" });
  });

  it("protects each answer, and does not say what it is made of", async () => {
    for (const path of ["/", "/main-AB-DEF1_.js", "/nowhere", "/%ZZ", ...apiPaths, "/live/?EIO=4&transport=polling"]) {
      const { headers } = await ask(path);
      expect(headers["content-security-policy"], path)
        .to.match(/^default-src 'none'; script-src 'self'; style-src 'self'; /)
        .and.not.to.contain("unsafe");
      expect(headers).to.include({ "x-content-type-options": "nosniff", "x-frame-options": "DENY" });
      expect(headers).not.to.have.property("x-powered-by");
    }
  });

  describe("when a sink does not answer", () => {
    it("says which one and since when, and goes on with the other", async () => {
      server.sources.cassandra.failure = new Error("connect ECONNREFUSED 10.0.0.1:9042");
      const down = await ask("/api/spark-streaming/cassandra/monitoring");
      expect(down.status).to.equal(503);
      expect(down.headers).to.include({ "retry-after": "2", "cache-control": "no-store" });
      expect(errorOf(down)).to.match(
        /^Cassandra does not answer since \d\d:\d\d:\d\d UTC: connect ECONNREFUSED 10\.0\.0\.1:9042 \(nothing runs there\)$/,
      );
      expect((await ask("/api/spark-streaming/disk/monitoring")).status).to.equal(200);
      expect((await ask("/healthz")).status).to.equal(200);
      const ready = await ask("/readyz");
      expect(ready.status).to.equal(200);
      expect(ready.text).to.contain('{"name":"Presto","downSince":null},{"name":"Cassandra","downSince":"20');
    });

    it("answers by itself when the sink does", async () => {
      const { cassandra } = server.sources;
      cassandra.failure = new Error("down");
      expect((await ask("/api/spark/cassandra/census-data")).status).to.equal(503);
      cassandra.failure = undefined;
      expect((await ask("/api/spark/cassandra/census-data")).status).to.equal(200);
      expect(server.logged).to.deep.equal(["Cassandra does not answer: down", "Cassandra answers again"]);
    });
  });

  it("tells of itself that it lives", async () => {
    const { status, text } = await ask("/healthz");
    expect(status).to.equal(200);
    const health = JSON.parse(text) as { readonly rssBytes: number };
    expect(health).to.deep.include({
      uptimeSeconds: 0,
      live: { connections: 0, records: 0, unreadable: 0, batches: 0, missed: 0 },
    });
    expect(health.rssBytes).to.be.greaterThan(1_000_000);
  });
});
