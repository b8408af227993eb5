import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";

import { trustParts } from "../../platform/trust.ts";
import { podTemplate } from "../../platform/workload.ts";
import { mock, valueOf } from "../support/mocks.ts";

const resources = { requests: { cpu: "100m", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };

describe("A pod that trusts an authority of one's own", () => {
  before(() => mock());
  const ca = { secretName: pulumi.output("own-ca"), key: "ca.crt" };

  /** Runs what a pod runs before its program. @param java Folder of a Java. */
  function prepared(by: "java" | "python", java = ""): { readonly folder: string; readonly trust: string } {
    const folder = mkdtempSync(join(tmpdir(), "millrace-trust-"));
    mkdirSync(join(folder, "trust"));
    writeFileSync(
      join(folder, "ca.pem"),
      "# ours\n-----BEGIN CERTIFICATE-----\none\n-----END CERTIFICATE-----\n\n-----BEGIN CERTIFICATE-----\ntwo\n-----END CERTIFICATE-----",
    );
    const [, , script = ""] = trustParts({ ca, by }, "image", resources).initContainer.command;
    const here = script
      .replaceAll("/etc/millrace-trust", join(folder, "trust"))
      .replaceAll("/run/millrace-ca", folder)
      .replaceAll("/etc/ssl/certs/ca-certificates.crt", join(folder, "public.pem"));
    writeFileSync(join(folder, "public.pem"), "public\n");
    // A second start of the pod finds what the first has left.
    for (let start = 0; start < 2; start++) {
      execFileSync("/bin/sh", ["-c", here], { env: { PATH: `${java}:/usr/bin:/bin` } });
    }
    return { folder, trust: join(folder, "trust") };
  }

  it("in Python finds the public ones and its own in one file", () => {
    const { folder, trust } = prepared("python");
    try {
      expect(readdirSync(trust)).to.deep.equal(["ca-bundle.pem"]);
      expect(readFileSync(join(trust, "ca-bundle.pem"), "utf8")).to.match(/^public\n# ours\n-----BEGIN[^]*\ntwo\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("in Java has the image's own store, and each certificate in it", () => {
    const home = mkdtempSync(join(tmpdir(), "millrace-java-"));
    for (const path of ["bin", "lib/security", "path"]) mkdirSync(join(home, path), { recursive: true });
    writeFileSync(join(home, "lib/security/cacerts"), "store\n");
    writeFileSync(join(home, "bin/java"), "#!/bin/sh\n");
    symlinkSync(join(home, "bin/java"), join(home, "path/java"));
    // Writes down what it was asked, in the store.
    writeFileSync(
      join(home, "bin/keytool"),
      '#!/bin/sh\nshift 5\n[ "$1" = changeit ] || exit 1\nprintf "%s %s\\n" "$3" "$(sed -n 2p "$5")" >> truststore\n',
    );
    for (const program of ["java", "keytool"]) chmodSync(join(home, "bin", program), 0o755);
    const { folder, trust } = prepared("java", join(home, "path"));
    try {
      expect(readFileSync(join(trust, "truststore"), "utf8")).to.equal(
        "store\nmillrace-own-1.pem one\nmillrace-own-2.pem two\n",
      );
    } finally {
      for (const made of [folder, home]) rmSync(made, { recursive: true });
    }
  });

  it("prepares before anything else, in its own image, and tells its programs by variables", async () => {
    const pod = { service: "s", component: "c", image: "image:1", resources };
    const first = { name: "first", image: "other:1", resources };
    const made = await valueOf(
      pulumi.output(podTemplate({ ...pod, initContainers: [first], trust: { ca, by: "java" } }).spec),
    );
    expect(made?.initContainers?.map(({ name, image }) => [name, image])).to.deep.equal([
      ["trust", "image:1"],
      ["first", "other:1"],
    ]);
    expect(made?.containers[0]?.env).to.deep.equal([
      {
        name: "JAVA_TOOL_OPTIONS",
        value: "-Djavax.net.ssl.trustStore=/etc/millrace-trust/truststore -Djavax.net.ssl.trustStorePassword=changeit",
      },
    ]);
    expect(made?.volumes).to.deep.equal([
      { name: "own-ca", secret: { secretName: "own-ca", items: [{ key: "ca.crt", path: "ca.pem" }] } },
      { name: "trust", emptyDir: { sizeLimit: "16Mi" } },
    ]);
    const without = await valueOf(pulumi.output(podTemplate(pod).spec));
    expect(without).not.to.have.property("initContainers");
  });
});
