import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";

import { dockerProvider } from "../../engine/providers/docker.ts";

/** A Docker engine that has no image, and answers a build or a push with one line and then nothing. */
class SlowEngine {
  readonly folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
  readonly socket = join(this.folder, "docker.sock");
  /** Resolves with the path of the request that goes on for ever. */
  readonly began = Promise.withResolvers<string>();
  /** Resolves when its client has gone. */
  readonly gone = Promise.withResolvers<true>();
  readonly #server: Server;
  readonly #hasImage: boolean;

  constructor({ hasImage, readsContext }: { readonly hasImage: boolean; readonly readsContext: boolean }) {
    this.#hasImage = hasImage;
    this.#server = createServer((request, response) => {
      if (request.method === "GET") {
        request.resume();
        response.writeHead(this.#hasImage ? 200 : 404, { "content-type": "application/json" }).end("{}");
        return;
      }
      request.socket
        .on("error", () => undefined)
        .on("close", () => {
          this.gone.resolve(true);
        });
      if (!readsContext) {
        this.began.resolve(request.url ?? "");
        return;
      }
      request.resume().on("end", () => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write('{"stream":"Step 1/2 : RUN sleep 999"}\n');
        this.began.resolve(request.url ?? "");
      });
    });
  }

  async start(): Promise<void> {
    this.#server.listen(this.socket);
    await once(this.#server, "listening");
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    // What packs the context may still look at it.
    process.once("exit", () => {
      rmSync(this.folder, { recursive: true });
    });
  }
}

const soon = (ms: number): Promise<string> => sleep(ms, "it goes on", { ref: false });

/** Makes an image with this engine and aborts once the engine works on it. */
async function interrupted(
  engine: SlowEngine,
  skipPush: boolean,
): Promise<{ readonly path: string; readonly error: string }> {
  await engine.start();
  try {
    const context = join(engine.folder, "context");
    mkdirSync(context);
    writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
    writeFileSync(join(context, "large"), Buffer.alloc(8 * 2 ** 20));
    const abort = new AbortController();
    const provider = dockerProvider({ host: `unix://${engine.socket}` }, engine.folder);
    const making = provider
      .create({
        urn: "urn:x",
        type: "docker:index/image:Image",
        name: "kafka",
        inputs: { imageName: "localhost:1/millrace/kafka:1", skipPush, build: { context: "context" } },
        signal: abort.signal,
        progress: () => undefined,
      })
      .then(
        () => "made",
        (error: unknown) => String(error),
      );
    const path = await engine.began.promise;
    abort.abort();
    const error = await Promise.race([making, soon(2_000)]);
    expect(await Promise.race([engine.gone.promise, soon(2_000)]), "the client has gone").to.equal(true);
    return { path, error };
  } finally {
    engine.stop();
  }
}

describe("an image that is given up", () => {
  it("is built no further: the engine sees its client go", async () => {
    const { path, error } = await interrupted(new SlowEngine({ hasImage: false, readsContext: true }), true);
    expect(path).to.match(/\/build\?/);
    expect(path).not.to.contain("abort");
    expect(error).to.equal("Error: interrupted while building");
  });

  it("is sent no further, however large its context is", async () => {
    const { error } = await interrupted(new SlowEngine({ hasImage: false, readsContext: false }), true);
    expect(error).to.equal("Error: interrupted while building");
  });

  it("is pushed no further", async () => {
    const { path, error } = await interrupted(new SlowEngine({ hasImage: true, readsContext: true }), false);
    expect(path).to.match(/\/push$/);
    expect(error).to.equal("Error: interrupted while pushing");
  });
});
