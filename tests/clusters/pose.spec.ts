import { expect } from "chai";

import { containerOptions, defaultPorts, embeddedNames, portMap } from "../../clusters/embedded/container-spec.ts";
import type { Pose } from "../../clusters/embedded/pose.ts";

const pose: Pose = {
  context: "minikube",
  node: "minikube",
  storageClass: {
    name: "standard",
    provisioner: "k8s.io/minikube-hostpath",
    isDefault: true,
    binding: "Immediate",
    grows: false,
  },
  registry: { port: 32000, login: { username: "ana", password: "right" } },
  hasNodePorts: false,
};

describe("a node that passes for another kind of cluster", () => {
  const made = (of: Pose | undefined) =>
    containerOptions({
      names: embeddedNames("like"),
      owner: { "dev.millrace.owner.id": "0123456789abcdef" },
      image: "millrace/node:1",
      kubernetes: "v1.36.1",
      capabilities: ["SYS_ADMIN"],
      ports: { apiServer: 17443, registry: 6000 },
      registry: "/registry",
      modules: false,
      pose: of,
    });

  it("is told its names and limits by variables", () => {
    expect(made(pose).Hostname).to.equal("minikube");
    expect(made(pose).Env).to.deep.equal([
      "MILLRACE_NODE_NAME=minikube",
      "MILLRACE_STORAGE_CLASS=standard",
      "MILLRACE_STORAGE_PROVISIONER=k8s.io/minikube-hostpath",
      "MILLRACE_STORAGE_DEFAULT=true",
      "MILLRACE_STORAGE_BINDING=Immediate",
      "MILLRACE_STORAGE_GROWS=false",
      "MILLRACE_REGISTRY_PORT=32000",
      "MILLRACE_REGISTRY_LOGIN=ana:right",
      "MILLRACE_NODE_PORTS=closed",
    ]);
  });

  it("publishes its registry under the port that it has inside, and no node port by itself", () => {
    const bindings = made(pose).HostConfig?.PortBindings as Record<string, { HostPort: string }[]>;
    const pairs = Object.entries(bindings).map(([inside, [outside]]) => `${inside} ${outside?.HostPort ?? ""}`);
    expect(pairs).to.deep.equal(["6443/tcp 17443", "32000/tcp 6000"]);
  });

  it("is nothing that an embedded cluster is told", () => {
    const own = made(undefined);
    expect([own.Hostname, own.Env]).to.deep.equal(["millrace", undefined]);
    expect(portMap(defaultPorts).get(5000)).to.equal(5000);
  });
});
