import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

const ENTRYPOINT = join(import.meta.dirname, "../../../../components/auth-proxy/image/entrypoint.sh");

describe("the start of the proxy that asks for logins", () => {
  let folder = "";
  const at = (...path: string[]): string => join(folder, ...path);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-auth-proxy-"));
    for (const name of ["bin", "people"]) mkdirSync(at(name));
    writeFileSync(at("bin", "nginx"), '#!/bin/sh\necho "nginx $*"\n');
    chmodSync(at("bin", "nginx"), 0o755);
    writeFileSync(at("nginx.conf"), "resolver @NAME_SERVER@; x.@DOMAIN@; @WORK@/people");
    writeFileSync(at("resolv.conf"), "search data.svc.acme.local svc.acme.local acme.local\nnameserver 10.96.0.10\n");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const start = (): string =>
    execFileSync(ENTRYPOINT, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`,
        SETTINGS: at("nginx.conf"),
        PEOPLE: at("people"),
        RESOLV_CONF: at("resolv.conf"),
        WORK: at("work"),
      },
    });

  it("writes down who may log in, for its own user alone, and becomes nginx", () => {
    writeFileSync(at("people", "ana@example.com"), "word-1");
    writeFileSync(at("people", "proof"), "word-2\n");
    expect(start()).to.equal(`nginx -e stderr -c ${at("work/nginx.conf")} -g daemon off;\n`);
    expect(readFileSync(at("work/people"), "utf8")).to.equal("ana@example.com:{PLAIN}word-1\nproof:{PLAIN}word-2\n");
    expect(statSync(at("work/people")).mode & 0o077).to.equal(0);
  });

  it("fills in the name server, and the cluster's domain as its names are tried", () => {
    writeFileSync(at("people", "proof"), "word");
    start();
    const text = (): string => readFileSync(at("work/nginx.conf"), "utf8");
    expect(text()).to.equal(`resolver 10.96.0.10; x.acme.local; ${at("work")}/people`);
    writeFileSync(at("resolv.conf"), "nameserver fd00::a\nnameserver 10.0.0.1\n");
    start();
    expect(text()).to.equal(`resolver [fd00::a]; x.cluster.local; ${at("work")}/people`);
  });

  it("does not start where nobody could log in, where a password is empty, or where no name is found", () => {
    expect(start).to.throw(/people\/\* is missing or empty, so nobody could log in/);
    writeFileSync(at("people", "ana"), "");
    expect(start).to.throw(/people\/ana is missing or empty/);
    writeFileSync(at("resolv.conf"), "search acme.local\n");
    expect(start).to.throw(/resolv.conf names no server/);
  });
});
