/** A server of the display on a free port, with sources that specs fill. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CensusFigure, Sink } from "../../display/protocol.ts";
import type {
  CensusRun,
  FigureSource,
  SeriesRow,
  WindowPart,
  WindowQuestion,
} from "../../display/server/figure-source.ts";
import type { LiveOptions } from "../../display/server/live.ts";
import { type DisplayServer, startServer } from "../../display/server/server.ts";

/** What a sink holds. Set `failure` and it fails with it; the questions that it was asked are kept. */
export class FakeSource implements FigureSource {
  failure: Error | undefined;
  rows: SeriesRow[] = [];
  parts: WindowPart[] = [];
  runs: CensusRun[] = [];
  figures: CensusFigure[] = [];
  readonly questions: WindowQuestion[] = [];
  readonly runsAsked: string[] = [];
  looks = 0;

  async series(): Promise<readonly SeriesRow[]> {
    return await this.#answer(this.rows);
  }

  async windows(question: WindowQuestion): Promise<readonly WindowPart[]> {
    this.questions.push(question);
    return await this.#answer(this.parts);
  }

  async censusRuns(): Promise<readonly CensusRun[]> {
    return await this.#answer(this.runs);
  }

  async censusFigures(run: string): Promise<readonly CensusFigure[]> {
    this.runsAsked.push(run);
    return await this.#answer(this.figures);
  }

  #answer<T>(value: T): Promise<T> {
    this.looks++;
    return this.failure === undefined ? Promise.resolve(value) : Promise.reject(this.failure);
  }
}

export interface TestServer extends DisplayServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly sources: Readonly<Record<Sink, FakeSource>>;
  /** What the server said to its log. */
  readonly logged: string[];
}

const written = "<!doctype html><title>the pages</title>";
/** As it is served: with what the server can show. */
export const documentText =
  '<!doctype html><meta name="millrace-parts" content="random-numbers windows census race network"><title>the pages</title>';

export async function startTestServer(
  options: { readonly live?: LiveOptions; readonly networkDir?: string } = {},
): Promise<TestServer> {
  const webDir = mkdtempSync(join(tmpdir(), "millrace-spec-"));
  writeFileSync(join(webDir, "index.html"), written);
  writeFileSync(join(webDir, "main-AB-DEF1_.js"), "export {};\n");
  writeFileSync(join(webDir, "favicon.svg"), "<svg/>\n");
  const sources = { disk: new FakeSource(), cassandra: new FakeSource() };
  const logged: string[] = [];
  const server = await startServer({
    port: 0,
    webDir,
    windowSeconds: 10,
    sinks: {
      disk: { name: "Presto", source: sources.disk, keepMs: 0 },
      cassandra: { name: "Cassandra", source: sources.cassandra, keepMs: 0 },
    },
    raceWindows: () => Promise.resolve([]),
    ...options,
    log: (line) => logged.push(line),
  });
  return {
    port: server.port,
    live: server.live,
    race: server.race,
    url: `http://127.0.0.1:${server.port}`,
    sources,
    logged,
    async stop() {
      await server.stop();
      rmSync(webDir, { recursive: true });
    },
  };
}
