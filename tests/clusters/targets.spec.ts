import { expect } from "chai";
import { targets } from "../../clusters/profile.ts";
import { remedies, targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";

const profile = (cluster: unknown) => targetProfile(loadConfig({ "millrace:cluster": cluster }).cluster);
const ports = {
  kafka: 30092,
  objectStore: 30900,
  objectStoreConsole: 30901,
  presto: 30080,
  sparkUi: 30040,
  sparkHistory: 30041,
  airflow: 30180,
  jupyterhub: 30800,
  raceCar: 30310,
  flink: 30081,
  nifi: 30443,
  nifiPosts: 30890,
  display: 30300,
  logs: 30942,
  metrics: 30428,
  portal: 30000,
};
/** Pages that ask nobody by themselves, with the proxy's ports. */
const guarded = {
  presto: 30080,
  sparkUi: 30040,
  sparkHistory: 30041,
  flink: 30081,
  nifiPosts: 30890,
  display: 30300,
  logs: 30942,
  metrics: 30428,
  portal: 30000,
};
const without = (page: string): object => Object.fromEntries(Object.entries(guarded).filter(([key]) => key !== page));
const cloud = { target: "cloud", context: "production", registry: { push: "registry.example.com/team" } };

describe("a target's profile", () => {
  it("of embedded is the cluster that Millrace makes", () => {
    expect(profile({})).to.deep.equal({
      target: "embedded",
      kubeconfig: ".millrace/kubeconfig",
      context: "millrace",
      storageClass: "default",
      registry: { push: "localhost:5000", pull: "localhost:5000" },
      exposure: { kind: "nodePort", host: "127.0.0.1", ports },
      platform: "linux/amd64",
      enforcesNetworkPolicy: true,
      network: { podNetworks: ["10.244.0.0/24"], apiServerPorts: [6443], nameServer: "node" },
    });
  });

  it("of minikube uses its context, class, registry add-on and address", () => {
    expect(profile({ target: "minikube" })).to.deep.equal({
      target: "minikube",
      context: "minikube",
      storageClass: "standard",
      registry: { push: "localhost:5000", pull: "localhost:5000" },
      exposure: { kind: "nodePort", host: "192.168.49.2", ports, guarded },
      platform: "linux/amd64",
      enforcesNetworkPolicy: false,
      network: { podNetworks: ["10.244.0.0/16"], apiServerPorts: [8443], nameServer: "pod" },
    });
  });

  it("of microk8s uses its context, class and registry add-on", () => {
    expect(profile({ target: "microk8s" })).to.deep.equal({
      target: "microk8s",
      context: "microk8s",
      storageClass: "microk8s-hostpath",
      registry: { push: "localhost:32000", pull: "localhost:32000" },
      exposure: { kind: "nodePort", host: "127.0.0.1", ports, guarded },
      platform: "linux/amd64",
      enforcesNetworkPolicy: true,
      network: { podNetworks: ["10.1.0.0/16"], apiServerPorts: [16443], nameServer: "pod" },
    });
  });

  it("of cloud publishes nothing and takes context and registry from the stack", () => {
    expect(profile(cloud)).to.deep.equal({
      target: "cloud",
      context: "production",
      storageClass: "default",
      registry: { push: "registry.example.com/team", pull: "registry.example.com/team" },
      exposure: { kind: "none" },
      platform: "linux/amd64",
      enforcesNetworkPolicy: "unknown",
      network: { podNetworks: [], apiServerPorts: [443, 6443], nameServer: "pod" },
    });
  });

  it("asks for a login on the loopback where the stack says so, and nowhere where nothing is published", () => {
    expect(profile({ askForLogin: "always" }).exposure).to.deep.include({ guarded });
    expect(profile({ askForLogin: "always", exposure: "none" }).exposure).to.deep.equal({ kind: "none" });
    expect(profile({ host: "10.0.0.7" }).exposure).not.to.have.property("guarded");
  });

  it("leaves a page open only by its name, on every target", () => {
    const others = without("presto");
    const publishWithoutLogin = ["presto"];
    for (const cluster of [{ target: "minikube" }, { target: "microk8s" }, { askForLogin: "always" }]) {
      expect(profile({ ...cluster, publishWithoutLogin }).exposure).to.deep.include({ guarded: others });
    }
    const all = Object.keys(guarded);
    expect(profile({ target: "minikube", publishWithoutLogin: all }).exposure).not.to.have.property("guarded");
  });

  it("publishes by load balancers what asks for a login, or has the proxy ask, but what the stack keeps inside", () => {
    const askable = [
      "objectStore",
      "objectStoreConsole",
      "presto",
      "sparkUi",
      "airflow",
      "jupyterhub",
      "sparkHistory",
      "raceCar",
      "flink",
      "nifi",
      "nifiPosts",
      "display",
      "logs",
      "metrics",
      "portal",
    ];
    const { exposure } = profile({ ...cloud, exposure: "loadBalancer" });
    expect(exposure).to.deep.equal({ kind: "loadBalancer", ports: askable, guarded });
    const others = without("display");
    const keepInside = ["display", "airflow"];
    expect(profile({ ...cloud, exposure: "loadBalancer", keepInside }).exposure).to.deep.equal({
      kind: "loadBalancer",
      ports: askable,
      guarded: others,
      inside: keepInside,
    });
  });

  it("publishes each page by an Ingress below a domain, with the proxy's login where the stack does not name it", () => {
    const cluster = { ...cloud, exposure: "ingress", ingress: { host: "data.example.com" } };
    const { exposure } = profile(cluster);
    expect({ ...exposure, ports: [] }).to.deep.equal({ kind: "ingress", host: "data.example.com", ports: [], guarded });
    expect(exposure)
      .to.have.property("ports")
      .with.members([
        "objectStore",
        "objectStoreConsole",
        ...Object.keys(guarded),
        "airflow",
        "jupyterhub",
        "raceCar",
        "nifi",
      ]);
    const withoutLogin = Object.keys(guarded);
    const open = profile({ ...cluster, publishWithoutLogin: withoutLogin }).exposure;
    expect(open).to.deep.include({ withoutLogin }).and.not.to.have.property("guarded");
  });

  it("takes class, certificates and annotations of the Ingresses from the stack", () => {
    const ingress = {
      host: "data.example.com",
      className: "traefik",
      tls: { secretName: "pages" },
      annotations: { "example.com/a": "b" },
    };
    const read = (settings: object) => profile({ ...cloud, exposure: "ingress", ingress: settings }).exposure;
    expect(read(ingress)).to.deep.include(ingress);
    expect(read({ host: "data.example.com", tls: { issuer: "letsencrypt" } })).to.deep.include({
      tls: { issuer: "letsencrypt" },
    });
  });

  it("takes the stack's values in place of the target's own", () => {
    const cluster = { target: "minikube", context: "lab", kubeconfig: "/k", storageClass: "fast", host: "10.0.0.7" };
    const result = profile(cluster);
    expect(result).to.include({ context: "lab", kubeconfig: "/k", storageClass: "fast" });
    expect(result.exposure).to.include({ host: "10.0.0.7" });
  });

  it("pushes to the published port of the embedded registry, and pulls from the node's own", () => {
    expect(profile({ embedded: { registryPort: 5055 } }).registry).to.deep.equal({
      push: "localhost:5055",
      pull: "localhost:5000",
    });
  });
});

describe("what mends a cluster", () => {
  const of = (target: (typeof targets)[number], context: string) =>
    remedies({ target, context, registry: { push: "localhost:5000", pull: "localhost:5000" } });

  it("is told for each target", () => {
    for (const target of targets) {
      for (const command of Object.values(of(target, "x"))) expect(command, target).to.match(/\S/);
    }
  });

  it("names the stack's own context and profile of minikube, and the add-ons of minikube and MicroK8s", () => {
    expect(of("minikube", "minikube").registry).to.equal(
      "minikube addons enable registry, and on this machine: kubectl --context minikube -n kube-system port-forward service/registry 5000:80",
    );
    expect(of("minikube", "second").start).to.equal("minikube -p second start --cpus 2 --memory 8g");
    expect(of("microk8s", "microk8s").storageClass).to.equal("microk8s enable hostpath-storage");
  });
});
