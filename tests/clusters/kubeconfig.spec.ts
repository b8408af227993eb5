import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { expandHome, readKubeconfig } from "../../clusters/kubeconfig.ts";

describe("the kubeconfig", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const file = (name: string, server: string, ...contexts: readonly string[]): string => {
    const path = join(folder, name);
    const content = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "shared", cluster: { server } }],
      users: [{ name: "me", user: {} }],
      contexts: contexts.map((context) => ({ name: context, context: { cluster: "shared", user: "me" } })),
      "current-context": contexts[0],
    };
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it("is found below ~", () => {
    expect(expandHome("~/.kube/config")).to.equal(join(homedir(), ".kube/config"));
    expect(expandHome("/etc/~/x")).to.equal("/etc/~/x");
    expect(() => readKubeconfig("~/none-of-mine")).to.throw(`${homedir()}/none-of-mine does not exist`);
  });

  it("is put together from the files of $KUBECONFIG, a missing first one left out, the first of a name taken", () => {
    const files = [join(folder, "missing"), file("a", "https://a", "one"), file("b", "https://b", "two", "one")];
    const config = readKubeconfig(undefined, { KUBECONFIG: files.join(":") });
    expect(config.getContexts().map(({ name }) => name)).to.deep.equal(["one", "two"]);
    expect(config.getCurrentContext()).to.equal("one");
    expect(config.getCurrentCluster()?.server).to.equal("https://a");
  });

  it("is missing in words when no file of $KUBECONFIG exists", () => {
    const missing = join(folder, "missing");
    expect(() => readKubeconfig("", { KUBECONFIG: `${missing}:${missing}2` })).to.throw(
      `of the files in $KUBECONFIG none exists: ${missing}, ${missing}2`,
    );
  });
});
