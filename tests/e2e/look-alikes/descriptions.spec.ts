import { readFileSync } from "node:fs";

import { expect } from "chai";

import { poseVariables } from "../../../clusters/embedded/pose.ts";
import { targetProfile } from "../../../clusters/targets.ts";
import { configWarnings, loadConfig } from "../../../config/index.ts";
import { type LookAlike, lookAlikes } from "./descriptions.ts";
import { lookAlikeOf } from "./run.ts";

const ground = {
  kubeconfig: "/run/kubeconfig",
  address: "172.30.0.2",
  registryPort: 6000,
  nodePorts: { presto: 31080, kafka: 31092 },
};

describe("a look-alike of another cluster", () => {
  const each = (body: (name: string, of: LookAlike) => void): void => {
    for (const [name, of] of Object.entries(lookAlikes)) body(name, of);
  };
  const profileOf = (of: LookAlike) => {
    const config = loadConfig(of.values(ground));
    return { config, profile: targetProfile(config.cluster) };
  };

  it("is a stack of that target by values alone, which name what the node is made with", () => {
    each((name, of) => {
      const { config, profile } = profileOf(of);
      const pose = of.pose(ground.registryPort);
      expect(`${profile.target}-like`).to.equal(name);
      expect(profile.kubeconfig).to.equal(ground.kubeconfig);
      expect(profile.context).to.equal(pose.context);
      expect(profile.storageClass).to.equal(pose.storageClass.name);
      expect(profile.registry?.pull.replace(/\/.*/, "")).to.equal(`localhost:${pose.registry.port}`);
      expect(profile.registry?.push).to.contain(`localhost:${ground.registryPort}`);
      expect(config.images.pullLogin).to.equal(pose.registry.login !== undefined);
      const others = configWarnings(config).filter((one) => !/ingress\.tls|replicas|workers/.test(one));
      expect(others).to.deep.equal([]);
    });
  });

  it("publishes node ports where its kind has them, at the node or at this machine, and pages by host name elsewhere", () => {
    const exposures = Object.values(lookAlikes).map((of) => profileOf(of).profile.exposure);
    expect(exposures.map((one) => ("host" in one ? `${one.kind} ${one.host}` : one.kind))).to.deep.equal([
      "nodePort 172.30.0.2",
      "nodePort 127.0.0.1",
      "ingress cloud-like.test",
    ]);
    each((_name, of) => {
      const { exposure } = profileOf(of).profile;
      expect(of.pose(1).hasNodePorts).to.equal(exposure.kind === "nodePort");
      if (exposure.kind === "ingress")
        expect(exposure).to.include({ host: of.ingress?.host, className: of.ingress?.className });
    });
  });

  it("tells the node each of its names by a variable that the node's program reads", () => {
    const supervisor = readFileSync(
      new URL("../../../clusters/embedded/node/supervisor/pose.go", import.meta.url),
      "utf8",
    );
    const read = [...supervisor.matchAll(/"(MILLRACE_[A-Z_]+)"/g)].map(([, name]) => name);
    const given = lookAlikes["cloud-like"]?.pose(6000);
    const told = given === undefined ? [] : poseVariables(given).map((one) => one.split("=")[0]);
    expect(told.toSorted()).to.deep.equal(read.toSorted());
  });

  it("takes its turn with every commit", () => {
    expect([9, 10, 11, 12].map(lookAlikeOf)).to.deep.equal([
      "minikube-like",
      "microk8s-like",
      "cloud-like",
      "minikube-like",
    ]);
  });
});
