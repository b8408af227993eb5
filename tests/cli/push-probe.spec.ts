import { expect } from "chai";

import type { Finding } from "../../cli/finding.ts";
import { pushFindings, registryRefusals } from "../../cli/push-probe.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import type { RegistryLogin } from "../../platform/registry/docker-logins.ts";
import { FakeRegistry, type FakeRegistryOptions } from "../support/fake-registry.ts";

describe("whether this machine may push", () => {
  let registry: FakeRegistry | undefined;
  afterEach(() => registry?.stop());

  interface Given {
    readonly login?: RegistryLogin;
    readonly push?: string;
    readonly target?: string;
  }

  async function askedBy<T>(
    ask: typeof pushFindings | typeof registryRefusals,
    options: FakeRegistryOptions,
    given: Given,
  ) {
    const { login, push, target = "cloud" } = given;
    registry = await FakeRegistry.start(options);
    const config = loadConfig({
      "millrace:cluster": { target, context: "prod", registry: { push: push ?? `${registry.server}/team` } },
    });
    const stack = { config, profile: targetProfile(config.cluster) };
    return (await ask(stack, { login: () => Promise.resolve(login) })) as T;
  }
  const asked = (options: FakeRegistryOptions, given: Given = {}) => askedBy<Finding[]>(pushFindings, options, given);
  const refused = (options: FakeRegistryOptions, given: Given = {}) =>
    askedBy<string[]>(registryRefusals, options, given);

  const owner = { username: "ana", password: "right" };

  for (const kind of ["basic", "bearer"] as const) {
    it(`is asked by a push that is begun and given up, with a ${kind} login`, async () => {
      const [found] = await asked({ login: { kind, ...owner } }, { login: owner });
      expect(found).to.deep.include({ level: "ok", detail: `this machine may push to ${registry?.server ?? ""}/team` });
      const pushes = registry?.asked.filter((line) => line.includes("/blobs/uploads/")) ?? [];
      expect(pushes.at(-1)).to.match(/^DELETE \/v2\/team\/.+\/blobs\/uploads\//);
      expect(
        pushes.some((line) => line.startsWith("PUT")),
        "nothing is sent",
      ).to.equal(false);
    });
  }

  it("is no without a login, and with a wrong one: docker login is the way out", async () => {
    for (const login of [undefined, { ...owner, password: "wrong" }]) {
      const [found] = await asked({ login: { kind: "bearer", ...owner } }, login === undefined ? {} : { login });
      expect(found?.level).to.equal("problem");
      expect(found?.next).to.equal(`docker login ${registry?.server ?? ""}`);
      await registry?.stop();
    }
  });

  it("is no where nobody answers, with the target's own way to a registry", async () => {
    const [found] = await asked({}, { push: "localhost:1", target: "minikube" });
    expect(found?.level).to.equal("problem");
    expect(found?.detail).to.contain("localhost:1 can't be reached");
    expect(found?.next)
      .to.contain("minikube -p prod addons enable registry")
      .and.to.contain("port-forward service/registry 1:80");
  });

  it("refuses an up before anything is built where nobody answers, or the login is not taken", async () => {
    const [silent] = await refused({}, { push: "localhost:1", target: "minikube" });
    expect(silent).to.match(
      /^registry localhost:1 can't be used: localhost:1 can't be reached .*; minikube -p prod addons/,
    );
    await registry?.stop();
    const [wrong] = await refused({ login: { kind: "basic", ...owner } }, { login: { ...owner, password: "wrong" } });
    const server = registry?.server ?? "";
    expect(wrong).to.match(
      new RegExp(
        `^registry ${server}/team can't be used: ${server} refuses the login of "ana" \\(401.*run docker login ${server}`,
      ),
    );
  });

  it("refuses no up of someone who may only read, for there may be nothing to push", async () => {
    expect(await refused({ login: { kind: "basic", ...owner } }, { login: owner })).to.deep.equal([]);
    expect(registry?.asked.filter((line) => line.includes("/blobs/uploads/"))).to.deep.equal([]);
  });
});
