/** A lock of official images of the spec's own, in place of the repository's. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatUpstreamLock } from "../../images/upstream-lock.ts";
import { upstreamOf } from "../../images/tags.ts";

export class UpstreamLock {
  readonly file: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "millrace-lock-"));
  readonly #before = process.env["MILLRACE_UPSTREAM_LOCK"];

  constructor() {
    this.file = join(this.#folder, "upstream.lock");
    process.env["MILLRACE_UPSTREAM_LOCK"] = this.file;
    this.write({});
  }

  /** Gives each of these images some digest. */
  with(names: readonly string[]): this {
    const digest = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;
    this.write(Object.fromEntries(names.map((name) => [upstreamOf(name) ?? name, digest(name)])));
    return this;
  }

  /** Digests by whole names with tags. */
  write(digests: Readonly<Record<string, string>>): void {
    writeFileSync(this.file, formatUpstreamLock(new Map(Object.entries(digests))));
  }

  get text(): string {
    return readFileSync(this.file, "utf8");
  }

  remove(): void {
    if (this.#before === undefined) delete process.env["MILLRACE_UPSTREAM_LOCK"];
    else process.env["MILLRACE_UPSTREAM_LOCK"] = this.#before;
    rmSync(this.#folder, { recursive: true });
  }
}
