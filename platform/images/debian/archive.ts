/**
 * Debian's archive without apt: what a suite has, checked as apt checks it. The suite's list of indexes (`InRelease`) has a
 * signature by a known key, the index has the hash of that list, and a package has the hash of the index.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { PublicKey } from "openpgp";
import { controlFields, type Suite } from "./apt-settings.ts";

/** Downloads a file. */
export type Get = (url: string) => Promise<Buffer>;

/** A package as the index describes it, its fields by their names in lower case. */
export type DebianPackage = ReadonlyMap<string, string>;

const architecture = "amd64";

/**
 * The packages of a suite's component `main`.
 * @param keys Files with keys, one of which must have signed.
 * @throws Error that says what does not fit, with the address.
 */
export async function packagesOf(suite: Suite, keys: readonly string[], get: Get): Promise<DebianPackage[]> {
  const base = `${suite.url}/dists/${suite.name}`;
  const release = await signedText((await get(`${base}/InRelease`)).toString("utf8"), suite, keys);
  const hashes = new Map<string, string>();
  const words = (controlFields(release).get("sha256") ?? "").split(/\s+/);
  for (let at = 0; at + 2 < words.length; at += 3) hashes.set(words[at + 2] ?? "", words[at] ?? "");
  const refusals: string[] = [];
  for (const kind of [".gz", ".xz"]) {
    const path = `main/binary-${architecture}/Packages${kind}`;
    const sha256 = hashes.get(path);
    if (sha256 === undefined) continue;
    try {
      const index = checked(await get(`${base}/${path}`), sha256, `${base}/${path}`, `${base}/InRelease`);
      const text = (await unpacked(index, path)).toString("utf8");
      return text
        .split("\n\n")
        .map(controlFields)
        .filter((fields) => fields.has("package"));
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  throw new Error(refusals[0] ?? `${base}/InRelease names no index of packages for ${architecture}`);
}

/** Downloads a package. @throws Error with both hashes when it is not the one of the index */
export async function debOf(pack: DebianPackage, suite: Suite, get: Get): Promise<Buffer> {
  const url = `${suite.url}/${pack.get("filename") ?? ""}`;
  return checked(await get(url), pack.get("sha256") ?? "none", url, `${suite.url}/dists/${suite.name}`);
}

function checked(content: Buffer, expected: string, url: string, source: string): Buffer {
  const actual = createHash("sha256").update(content).digest("hex");
  if (actual === expected) return content;
  throw new Error(
    `${url} has SHA-256 ${actual}, and ${source} says ${expected}. ` +
      "The mirror is being updated, or serves another file: repeat the command, or name another mirror in $MILLRACE_DEBIAN_MIRROR",
  );
}

/** The signed part of a text. @throws Error when none of the keys has signed it */
async function signedText(text: string, { url, name, trusted }: Suite, keys: readonly string[]): Promise<string> {
  const openpgp = await import("openpgp");
  const at = `${url}/dists/${name}/InRelease`;
  const message = await openpgp.readCleartextMessage({ cleartextMessage: text }).catch(() => undefined);
  if (message === undefined) throw new Error(`${at} is not a signed list of a Debian archive; check the mirror`);
  if (trusted === true) return message.getText();
  const verificationKeys = (await Promise.all(keys.map(readKeys))).flat();
  const { data, signatures } = await openpgp.verify({ message, verificationKeys });
  const results = await Promise.allSettled(signatures.map(({ verified }) => verified));
  if (results.some(({ status }) => status === "fulfilled")) return data;
  const [why] = results.flatMap((result) => (result.status === "rejected" ? [(result.reason as Error).message] : []));
  throw new Error(
    `${at} has no signature of Debian or of a key in /etc/apt/trusted.gpg.d (${why ?? "it has none"}). ` +
      "If the mirror signs by itself, put its key there, or [trusted=yes] into its line in /etc/apt/sources.list",
  );
}

async function readKeys(file: string): Promise<PublicKey[]> {
  const openpgp = await import("openpgp");
  const content = readFileSync(file);
  const isText = content.includes("-----BEGIN PGP");
  const read = isText
    ? openpgp.readKeys({ armoredKeys: content.toString("utf8") })
    : openpgp.readKeys({ binaryKeys: content });
  // A key of another kind on the host is no key of a mirror.
  return (await read.catch(() => [])).map((key) => key.toPublic());
}

/** Content of a compressed file, by the end of its name. */
export async function unpacked(content: Buffer, name: string): Promise<Buffer> {
  if (name.endsWith(".gz")) return gunzipSync(content);
  if (!name.endsWith(".xz")) return content;
  const { default: xz } = await import("xz-decompress");
  const stream = new xz.XzReadableStream(new Blob([Uint8Array.from(content)]).stream());
  return Buffer.from(await new Response(stream).arrayBuffer());
}
