import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Ingest, startIngest } from "../../../../components/race-car/programs/ingest-server.ts";
import type { Taken } from "../../../../components/race-car/programs/intake.ts";

const client = join(import.meta.dirname, "..", "..", "..", "..", "docs", "examples", "race_client.py");
const token = "t".repeat(32);

describe("The example of a client in Python", () => {
  let ingest: Ingest;
  let taken: Taken[];
  beforeEach(async () => {
    taken = [];
    ingest = await startIngest({
      port: 0,
      token,
      messagesPerSecond: 1000,
      mostWaiting: 1000,
      log: () => undefined,
      send: (one, stored) => {
        taken.push(one);
        setImmediate(stored);
      },
      health: () => ({ isHealthy: true, figures: {} }),
    });
  });
  afterEach(() => ingest.stop());

  const run = async (way: string): Promise<string> => {
    const { stdout } = await promisify(execFile)("python3", [client, way, "127.0.0.1", String(ingest.port), token]);
    return stdout;
  };
  const seqs = (): number[] =>
    taken.map(({ message }) => (JSON.parse(message.value ?? "") as { seq: number }).seq).sort((a, b) => a - b);
  const all = Array.from({ length: 100 }, (_, index) => index);

  it("sends samples as JSON and packed by WebSocket, and hears when they are in Kafka", async () => {
    const told = (await run("ws")).trim().split("\n");
    expect(told[0]).to.equal("{'type': 'welcome', 'version': 1, 'messagesPerSecond': 1000}");
    expect(told.at(-1)).to.equal("{'type': 'settled', 'settled': 100, 'stored': 100, 'refused': 0, 'dropped': 0}");
    expect(taken.flatMap(({ reason }) => reason ?? [])).to.deep.equal([]);
    expect(seqs()).to.deep.equal(all);
    const [text, packed] = taken.map(({ message }) => JSON.parse(message.value ?? "") as Record<string, unknown>);
    const plain = {
      car: "python-01",
      speed: 31.416,
      steering: -0.1,
      tyreTempRr: 80,
      tyreWearFl: 0.1,
      lastLapTime: null,
    };
    expect(text).to.include(plain);
    expect(packed).to.include(plain);
  });

  it("sends the same by UDP", async () => {
    await run("udp");
    for (const end = Date.now() + 5000; taken.length < 100 && Date.now() < end;) await sleep(20);
    expect(taken.flatMap(({ reason }) => reason ?? [])).to.deep.equal([]);
    expect(seqs()).to.deep.equal(all);
  });
});
