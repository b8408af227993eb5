import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

import { expect } from "chai";
import Docker from "dockerode";

import { buildImage } from "../../platform/docker-build.ts";

/** Raw fields of each entry of an archive: readers make all names alike. */
function entriesOf(archive: Buffer): string[] {
  const entries: string[] = [];
  for (let at = 0; at < archive.length && archive[at] !== 0;) {
    const text = (from: number, length: number): string =>
      archive
        .subarray(at + from, at + from + length)
        .toString()
        .replace(/\0.*$/s, "")
        .trim();
    const size = Number.parseInt(text(124, 12), 8);
    const number = (from: number): string => Number.parseInt(text(from, 8), 8).toString(8);
    entries.push(
      [text(0, 100), number(100), number(108), number(116), size, text(156, 1), text(157, 100)].join(" ").trim(),
    );
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

describe("a build", () => {
  it("sends its context entry by entry as the official docker provider does, so that each finds the other's steps in the engine's cache", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    const context = join(folder, "context");
    let sent = Buffer.alloc(0);
    const server = createServer((request, response) => {
      void buffer(request).then((body) => {
        sent = body;
        response.writeHead(200, { "content-type": "application/json" }).end('{"stream":"Step 1/1 : FROM scratch"}\n');
      });
    }).listen(join(folder, "docker.sock"));
    try {
      await once(server, "listening");
      mkdirSync(join(context, "opt/deep"), { recursive: true });
      writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
      writeFileSync(join(context, "opt/deep/run"), "#!");
      for (const [name, mode] of [
        ["Dockerfile", 0o644],
        ["opt/deep/run", 0o755],
        ["opt", 0o755],
        ["opt/deep", 0o750],
      ] as const) {
        chmodSync(join(context, name), mode);
      }
      symlinkSync("deep/run", join(context, "opt/link"));
      const work = { progress: () => undefined, signal: new AbortController().signal };
      const docker = new Docker({ socketPath: join(folder, "docker.sock") });
      await buildImage(docker, "a:1", { context }, folder, work);
      expect(entriesOf(sent[0] === 0x1f ? gunzipSync(sent) : sent)).to.have.members([
        "Dockerfile 644 0 0 13 0",
        "opt/ 755 0 0 0 5",
        "opt/deep/ 750 0 0 0 5",
        "opt/deep/run 755 0 0 2 0",
        "opt/link 777 0 0 0 2 deep/run",
      ]);
    } finally {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
