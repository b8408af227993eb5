import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect } from "chai";
import * as tar from "tar-stream";
import { minimalSystem } from "../../../../platform/images/debian/minimal.ts";
import { writeRootFiles } from "../../../../platform/images/debian/root-files.ts";
import { makeDeb } from "./fake-mirror.ts";

const pack = (name: string, fields: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> =>
  new Map(Object.entries({ package: name, ...fields }));
const names = (...all: ReadonlyMap<string, string>[]): (string | undefined)[] =>
  minimalSystem(all).map((one) => one.get("package"));

describe("Debian's minimal system", () => {
  it("is what is essential, what is required, and apt, with all that they depend on", () => {
    expect(
      names(
        pack("bash", { essential: "yes", "pre-depends": "libtinfo6 (>= 6)" }),
        pack("mount", { priority: "required", depends: "libmount1:any (>= 2), libmount1 [amd64]" }),
        pack("apt", { depends: "gpgv" }),
        pack("curl", { priority: "optional" }),
        ...["libtinfo6", "libmount1", "gpgv"].map((name) => pack(name)),
      ),
    ).to.deep.equal(["apt", "bash", "gpgv", "libmount1", "libtinfo6", "mount"]);
  });

  it("takes the first of alternatives that there is, one that is there already, and who provides a virtual one", () => {
    const essential = { essential: "yes" };
    expect(
      names(
        pack("first", { ...essential, depends: "gone | usrmerge | usr-is-merged" }),
        pack("second", { ...essential, depends: "other | usrmerge" }),
        pack("third", { ...essential, "pre-depends": "awk" }),
        pack("mawk", { provides: "awk (= 1)" }),
        ...["usrmerge", "usr-is-merged", "other"].map((name) => pack(name)),
      ),
    ).to.deep.equal(["first", "mawk", "second", "third", "usrmerge"]);
  });

  it("is refused when the archive lacks a part of it, named with what needs it", () => {
    expect(() => names(pack("bash", { essential: "yes", depends: "a | b" }))).to.throw(
      "the archive has no package a | b, which bash needs",
    );
  });
});

describe("the files of packages that are not installed yet", () => {
  it("are in the merged layout, each folder once, without manuals and translations, with licences", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    try {
      const file = join(folder, "root.tar");
      const debs = new Map([
        [
          "a",
          await makeDeb({
            "./": "",
            "./bin/": "",
            "./bin/sh": "shell",
            "./usr/": "",
            "./usr/share/doc/a/copyright": "free",
          }),
        ],
        ["b", await makeDeb({ "./usr/": "", "./usr/share/man/man1/sh.1": "manual", "./usr/share/doc/a/NEWS": "news" })],
      ]);
      await writeRootFiles(debs, file);
      const found: Record<string, string> = {};
      const extract = tar.extract();
      extract.end(readFileSync(file));
      for await (const entry of extract) {
        const content = (await buffer(entry)).toString();
        const { name, type, linkname } = entry.header;
        expect(found, name).not.to.have.property(name);
        found[name] = type === "symlink" ? `-> ${linkname}` : content;
      }
      expect(found).to.include({
        bin: "-> usr/bin",
        "usr/": "",
        "usr/bin/": "",
        "usr/bin/sh": "shell",
        "usr/share/doc/a/copyright": "free",
        "usr/share/man/man1/": "",
        "var/lib/dpkg/status": "",
      });
      expect(found).not.to.have.any.keys("usr/share/man/man1/sh.1", "usr/share/doc/a/NEWS", "bin/sh");
      expect(found["etc/dpkg/dpkg.cfg.d/millrace"]).to.contain("path-exclude=/usr/share/man/*\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are refused from a file that is no package", async () => {
    const work = writeRootFiles(new Map([["a", Buffer.from("<html>")]]), join(tmpdir(), `millrace-${process.pid}.tar`));
    const message = await work.then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );
    expect(message).to.match(/^the package a has no data\.tar/);
    rmSync(join(tmpdir(), `millrace-${process.pid}.tar`), { force: true });
  });
});
