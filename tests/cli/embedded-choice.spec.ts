import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import {
  chooseEmbedded,
  forgetChoice,
  freePorts,
  overlayChoice,
  portsOfClusters,
  rememberChoice,
} from "../../cli/embedded-choice.ts";
import { embeddedPorts } from "../../cli/cluster.ts";
import { hasState, keepingOwner, ownerOf } from "../../cli/owner.ts";
import { readStack, refuseMovedCluster } from "../../cli/stack.ts";
import { defaultPorts, portMap } from "../../clusters/embedded/container-spec.ts";
import { ensureStackId, readStackId, removeStackId } from "../../engine/stack-id.ts";
import { withEngine } from "../clusters/fake-engine.ts";

describe("a second embedded cluster", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-choice-"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: millrace\n");
    writeFileSync(join(folder, "Pulumi.dev.yaml"), "");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const recordState = (): void => {
    mkdirSync(join(folder, ".pulumi/stacks/millrace"), { recursive: true });
    const state = { version: 3, checkpoint: { latest: { resources: [{ urn: "urn:pulumi:dev::millrace::x::y" }] } } };
    writeFileSync(join(folder, ".pulumi/stacks/millrace/dev.json"), JSON.stringify(state));
  };

  it("gets a free port for everything, none twice and none of a cluster with the defaults", async () => {
    const taken = new Set([31092, 31093, 17443]);
    const ports = await freePorts((port) => taken.has(port));
    expect(ports).to.include({ apiServer: 17444, registry: 6000, kafka: 31094, presto: 31080, objectStore: 31900 });
    const all = Object.values<number>(ports);
    expect(new Set(all).size).to.equal(all.length);
    expect(all.filter((port) => taken.has(port) || Object.values(defaultPorts).includes(port))).to.deep.equal([]);
  });

  it("searches on from the first node port when the last one is reached", async () => {
    const ports = await freePorts((port) => port >= 30_900);
    expect(ports["kafka"]).to.equal(30_000);
  });

  it("keeps away from the ports of a cluster that is stopped", async () => {
    await withEngine(async (engine) => {
      const labels = {
        "dev.millrace.cluster": "embedded",
        "dev.millrace.cluster.ports": JSON.stringify([...portMap(defaultPorts)]),
      };
      engine.containers.set("millrace", { id: "c1", labels, running: false });
      const { default: Docker } = await import("dockerode");
      expect([...(await portsOfClusters(new Docker()))].sort()).to.deep.equal(
        Object.values<number>(defaultPorts).sort(),
      );
    });
  });

  it("is remembered for later runs, with name, kubeconfig, context, registry and ports", async () => {
    await withEngine(async () => {
      const choice = await chooseEmbedded("dev", "second", folder);
      rememberChoice("dev", choice ?? { name: "" }, folder);
      const stack = readStack({ stack: "dev", target: undefined }, folder);
      expect(stack.profile).to.include({ kubeconfig: ".millrace/clusters/second/kubeconfig", context: "second" });
      expect(stack.profile.registry).to.deep.equal({
        push: `localhost:${choice?.ports?.registry}`,
        pull: "localhost:5000",
      });
      expect(embeddedPorts(stack.config.cluster)).to.deep.equal(choice?.ports);
      expect(JSON.parse(stack.overrides["millrace:cluster"] ?? "{}")).to.have.nested.property(
        "embedded.name",
        "second",
      );
      expect(await chooseEmbedded("dev", "second", folder)).to.deep.equal(choice);
      forgetChoice("dev", folder);
      expect(readStack({ stack: "dev", target: undefined }, folder).profile.context).to.equal("millrace");
    });
  });

  it("leaves ports alone that the stack's file sets", () => {
    const cluster = overlayChoice(
      { nodePorts: { presto: 30_555 } },
      { name: "second", ports: { ...defaultPorts, kafka: 31_000 } },
    );
    expect(cluster).to.have.nested.property("nodePorts.presto", 30_555);
    expect(cluster).to.have.nested.property("nodePorts.kafka", 31_000);
  });

  it("is no option of another target", () => {
    writeFileSync(join(folder, "Pulumi.dev.yaml"), "config:\n  millrace:cluster:\n    target: minikube\n");
    expect(() => readStack({ stack: "dev", target: undefined, name: "second" }, folder)).to.throw(/--name.*minikube/);
  });

  it("is refused to a stack that is on another one, with both ways out", () => {
    recordState();
    const stack = readStack({ stack: "dev", target: undefined, name: "second" }, folder);
    expect(() => {
      refuseMovedCluster(stack, folder);
    }).to.throw(/is on the embedded cluster "millrace", not on "second".*npm run down.*--stack/);
    rememberChoice("dev", { name: "second" }, folder);
    refuseMovedCluster(stack, folder);
  });

  it("belongs to the stack by its id, which outlives the forgetting of its state", async () => {
    expect(ownerOf("dev", folder)).to.include({ id: undefined, stack: "dev", hasState: false });
    const id = ensureStackId(folder, "millrace", "dev");
    recordState();
    expect(hasState("dev", folder)).to.equal(true);
    const remove = async (): Promise<void> => {
      await Promise.resolve();
      removeStackId(folder, "millrace", "dev");
    };
    await keepingOwner("dev", remove, folder);
    expect(readStackId(folder, "millrace", "dev")).to.equal(id);
  });
});
