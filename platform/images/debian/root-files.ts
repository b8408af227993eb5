/** The files of Debian packages as one archive, unpacked without dpkg: enough for dpkg itself to start in it. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import * as tar from "tar-stream";
import { unpacked } from "./archive.ts";

/** Folders that are links into `/usr` in Debian. */
const merged = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
const insideMerged = new RegExp(`^(${merged.join("|")})/`);

type Entry = Partial<tar.Header> & Pick<tar.Header, "name">;

/** What no image needs; licences stay. dpkg is told the same, in {@link dpkgOptions}. */
const left = ["man", "info", "locale", "doc"].map((folder) => `usr/share/${folder}/`);
const licence = /^usr\/share\/doc\/[^/]+\/copyright$/;
const isLeftOut = (name: string): boolean => left.some((folder) => name.startsWith(folder)) && !licence.test(name);

/** dpkg's settings in an image. */
export const dpkgOptions = [
  ...left.map((folder) => `path-exclude=/${folder}*`),
  "path-include=/usr/share/doc/*/copyright",
  "",
].join("\n");

/**
 * Writes the root file system of some packages, none of which is installed in it.
 * @throws Error naming a package that is none.
 */
export async function writeRootFiles(debs: ReadonlyMap<string, Buffer>, file: string): Promise<void> {
  const pack = tar.pack();
  const written = finished(pack.pipe(createWriteStream(file)));
  const add = async (header: Entry, content?: Buffer): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => {
        if (error) reject(error);
        else resolve();
      };
      if (content === undefined) pack.entry(header, done);
      else pack.entry(header, content, done);
    });
  };
  const seen = new Set<string>(["", ...merged]);
  const addFolder = async (name: string, mode = 0o755): Promise<void> => {
    seen.add(name);
    await add({ name: `${name}/`, type: "directory", mode });
  };
  await addFolder("usr");
  for (const name of merged) {
    await addFolder(`usr/${name}`);
    await add({ name, type: "symlink", linkname: `usr/${name}` });
  }
  for (const name of ["dev", "proc", "sys"]) await addFolder(name);
  await addFolder("tmp", 0o1777);
  for (const [name, deb] of debs) {
    for await (const { header, content } of filesOf(name, deb)) {
      const path = merge(header.name);
      if (isLeftOut(path) || seen.has(path)) continue;
      if (header.type === "directory") {
        seen.add(path);
        await add({ ...header, name: `${path}/` });
      } else if (header.type === "link") {
        await add({ ...header, name: path, linkname: merge(header.linkname) });
      } else {
        await add({ ...header, name: path }, header.type === "file" ? content : undefined);
      }
    }
  }
  // Java's maintainer script links its manual pages and fails when their folder is missing.
  for (const name of ["usr/share/man", "usr/share/man/man1"]) if (!seen.has(name)) await addFolder(name);
  const texts = {
    "etc/dpkg/dpkg.cfg.d/millrace": dpkgOptions,
    "var/lib/dpkg/status": "",
    "var/lib/dpkg/available": "",
  };
  for (const [name, text] of Object.entries(texts)) await add({ name, mode: 0o644 }, Buffer.from(text));
  pack.finalize();
  await written;
}

const merge = (name: string): string =>
  name
    .replace(/^\.?\//, "")
    .replace(/\/$/, "")
    .replace(insideMerged, "usr/$1/");

/** What a package installs. */
async function* filesOf(name: string, deb: Buffer): AsyncGenerator<{ header: tar.Header; content: Buffer }> {
  const [member, packed] = dataMember(name, deb);
  const extract = tar.extract();
  Readable.from([await unpacked(packed, member)]).pipe(extract);
  for await (const entry of extract) {
    yield { header: { ...entry.header, pax: null }, content: await buffer(entry) };
  }
}

/** A package is an `ar` archive: after eight bytes come members, each with a header of 60 bytes, at even offsets. */
function dataMember(name: string, deb: Buffer): readonly [string, Buffer] {
  const text = (from: number, length: number): string => deb.toString("latin1", from, from + length).trim();
  for (let at = 8; text(0, 8) === "!<arch>" && at + 60 <= deb.length;) {
    const member = text(at, 16).replace(/\/$/, "");
    const size = Number(text(at + 48, 10));
    if (/^data\.tar(\.gz|\.xz)?$/.test(member)) return [member, deb.subarray(at + 60, at + 60 + size)];
    at += 60 + size + (size % 2);
  }
  throw new Error(
    `the package ${name} has no data.tar, data.tar.gz or data.tar.xz: it is damaged, or made for a newer dpkg`,
  );
}
