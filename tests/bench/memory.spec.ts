import { expect } from "chai";
import { MemorySamples, settled } from "../../bench/memory.ts";
import { serveHttp } from "../support/local-server.ts";

describe("memory under load", () => {
  it("begins after the warm-up, unless there is nothing later", () => {
    const samples = [0, 59_000, 60_000, 70_000].map((at) => ({ at, value: at }));
    expect(settled(samples, 0)).to.deep.equal(samples.slice(2));
    expect(settled(samples.slice(0, 3), 0)).to.deep.equal(samples.slice(0, 3));
  });

  it("is the process's own where nobody knows the pod's, and no figure without samples", async () => {
    const server = await serveHttp((_request, _body, response) => {
      response.end(JSON.stringify({ rssBytes: 1000 }));
    });
    const stop = new AbortController();
    const podMemory = (): Promise<null> => {
      stop.abort();
      return Promise.resolve(null);
    };
    try {
      const memory = new MemorySamples({ display: server.url, podMemory });
      expect(memory.figures).to.include({ samples: 0, rise: null, meanBytes: null, lastBytes: null });
      await memory.run(stop.signal);
      expect(memory.figures).to.include({ source: "process", samples: 1, lastBytes: 1000, rise: null });
    } finally {
      await server.stop();
    }
  });
});
