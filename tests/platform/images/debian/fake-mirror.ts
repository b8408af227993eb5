/** A mirror of Debian in the spec's own process. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import * as openpgp from "openpgp";
import * as tar from "tar-stream";

const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

export interface FakePackage {
  readonly name: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Files by path; a folder's path ends in a slash. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A package as dpkg reads it. */
export async function makeDeb(files: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, text] of Object.entries(files)) {
    if (name.endsWith("/")) pack.entry({ name, type: "directory", mode: 0o755 });
    else pack.entry({ name, mode: 0o644 }, text);
  }
  pack.finalize();
  const data = gzipSync(await buffer(pack));
  const member = (name: string, content: Buffer): Buffer => {
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(content.length).padEnd(10)}\`\n`;
    return Buffer.concat([Buffer.from(header), content, Buffer.alloc(content.length % 2, "\n")]);
  };
  return Buffer.concat([
    Buffer.from("!<arch>\n"),
    member("debian-binary", Buffer.from("2.0\n")),
    member("control.tar.gz", Buffer.from("odd")),
    member("data.tar.gz", data),
  ]);
}

export class FakeMirror {
  readonly url: string;
  /** Files by path below the mirror's address. */
  readonly files: Map<string, Buffer>;
  /** What was asked for: method and address as they came. */
  readonly asked: string[];
  /** File with the mirror's key. */
  readonly key: string;
  readonly #server: Server;
  readonly #folder: string;

  private constructor(server: Server, files: Map<string, Buffer>, asked: string[], folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.files = files;
    this.asked = asked;
    this.key = join(folder, "key.asc");
    this.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/debian`;
  }

  /** @param suite Its name, for example `bookworm`. */
  static async start(suite: string, packages: readonly FakePackage[]): Promise<FakeMirror> {
    const files = new Map<string, Buffer>();
    const asked: string[] = [];
    const stanzas: string[] = [];
    for (const { name, fields = {}, files: content } of packages) {
      const deb = await makeDeb(content);
      const filename = `pool/${name}.deb`;
      files.set(filename, deb);
      const all = { Package: name, Version: "1", Filename: filename, SHA256: sha256(deb), ...fields };
      stanzas.push(
        Object.entries(all)
          .map(([key, value]) => `${key}: ${value}`)
          .join("\n"),
      );
    }
    const index = gzipSync(stanzas.join("\n\n") + "\n");
    const path = "main/binary-amd64/Packages.gz";
    files.set(`dists/${suite}/${path}`, index);
    const release = `Suite: ${suite}\nSHA256:\n ${sha256(Buffer.from("other"))} 5 main/other\n ${sha256(index)} ${String(index.length)} ${path}\n`;
    const userIDs = [{ name: "A mirror", email: "mirror@example.com" }];
    const { privateKey, publicKey } = await openpgp.generateKey({ userIDs, format: "object" });
    const message = await openpgp.createCleartextMessage({ text: release });
    files.set(`dists/${suite}/InRelease`, Buffer.from(await openpgp.sign({ message, signingKeys: privateKey })));
    const server = createServer((request, response) => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
      const file = files.get((request.url ?? "").replace(/^(http:\/\/[^/]+)?\/debian\//, ""));
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const folder = mkdtempSync(join(tmpdir(), "millrace-mirror-"));
    const mirror = new FakeMirror(server, files, asked, folder);
    writeFileSync(mirror.key, publicKey.armor());
    return mirror;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true });
  }
}
