import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pageRoutes, sinks, streams } from "../../display/protocol.ts";

const canaries = ["canary-of-cassandra-7Hq2", "canary-of-kafka-9Zt4"];
/** Nobody listens there. */
const NOWHERE = "127.0.0.1:1";
const paths = [
  ...pageRoutes,
  "/healthz",
  "/readyz",
  "/nothing-here",
  ...sinks.flatMap((sink) => [
    `/api/spark/${sink}/census-data`,
    ...streams.map((stream) => `/api/spark-streaming/${sink}/${stream}`),
  ]),
];

describe("A secret of the display", () => {
  it("is on no page, in no answer and in no line of its log, also while nothing that it reads from answers", async () => {
    const webDir = mkdtempSync(join(tmpdir(), "display-canary-"));
    writeFileSync(join(webDir, "index.html"), "<!doctype html><title>the pages</title>");
    const program = join(import.meta.dirname, "../../display/server/main.ts");
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program], {
      env: {
        PATH: process.env["PATH"],
        PORT: "0",
        WEB_DIR: webDir,
        KAFKA_BOOTSTRAP: NOWHERE,
        KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT",
        KAFKA_SASL_MECHANISM: "PLAIN",
        KAFKA_USERNAME: "display",
        KAFKA_PASSWORD: canaries[1],
        PRESTO_URL: `http://${NOWHERE}`,
        CASSANDRA_CONTACT_POINTS: "127.0.0.1",
        CASSANDRA_PORT: "1",
        CASSANDRA_DATACENTER: "dc1",
        CASSANDRA_USER: "display",
        CASSANDRA_PASSWORD: canaries[0],
      },
    });
    let said = "";
    const ended = new Promise((resolve) => child.once("close", resolve));
    const port = new Promise<string>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const found = /the display is at port (\d+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once("close", () => {
        reject(new Error(`the display has ended: ${said}`));
      });
    });
    try {
      const url = `http://127.0.0.1:${await port}`;
      const answers = await Promise.all(
        paths.map(async (path) => {
          const response = await fetch(`${url}${path}`);
          return {
            path,
            status: response.status,
            told: `${JSON.stringify([...response.headers])} ${await response.text()}`,
          };
        }),
      );
      for (const { path, told } of answers) {
        for (const canary of canaries) expect(told, path).not.to.contain(canary);
      }
      expect(answers.filter(({ status }) => status === 503).map(({ path }) => path)).to.include(
        "/api/spark/cassandra/census-data",
      );
    } finally {
      child.kill("SIGTERM");
      await ended;
      rmSync(webDir, { recursive: true });
    }
    expect(said).to.contain("Cassandra does not answer");
    for (const canary of canaries) expect(said).not.to.contain(canary);
  }).timeout(60_000);
});
