import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { clusterFindings, clusterRefusals, type ProbedStack } from "../../cli/cluster-probes.ts";
import type { Finding } from "../../cli/finding.ts";
import { connect } from "../../cli/kube.ts";
import { pullFindings, pullRefusals } from "../../cli/pull-probe.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { FakeServer, type Route } from "../support/fake-server.ts";
import { writeKubeconfig } from "../support/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));

/** A kubeconfig whose current context leads nowhere; `prod` leads to the fake cluster. */
const kubeconfigFor = (server: string): string =>
  writeKubeconfig(folder, { elsewhere: "http://127.0.0.1:1", prod: server }, "elsewhere");

interface NodeParts {
  readonly labels?: object;
  readonly taints?: readonly object[];
  readonly architecture?: string;
  readonly memory?: string;
  readonly ready?: string;
}

const node = ({
  labels = {},
  taints = [],
  architecture = "amd64",
  memory = "64Gi",
  ready = "True",
}: NodeParts = {}) => ({
  metadata: { name: "n1", labels },
  spec: { taints },
  status: {
    allocatable: { cpu: "16", memory },
    conditions: [{ type: "Ready", status: ready }],
    addresses: [{ type: "InternalIP", address: "192.168.49.2" }],
    nodeInfo: { architecture },
  },
});

const list = (...items: object[]): Route => ({ body: { items } });
const slices = "GET /apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices";
const podPath = "/api/v1/namespaces/millrace/pods";
const notFound = 'failed to resolve reference "registry.example.com/kafka:millrace-doctor": not found';

/** The state of the probe's container. */
const waiting = (reason: string, message: string): Route => ({
  body: {
    metadata: { name: "p" },
    status: { containerStatuses: [{ name: "probe", state: { waiting: { reason, message } } }] },
  },
});

/** A cluster that lacks nothing. */
const whole: Readonly<Record<string, Route>> = {
  "GET /version": { body: { gitVersion: "v1.33.4+k3s1" } },
  "GET /api/v1/nodes": list(node()),
  "GET /api/v1/pods": list(),
  "GET /api/v1/services": list(),
  "GET /apis/storage.k8s.io/v1/storageclasses": list({ metadata: { name: "ssd" } }),
  "GET /api/v1/namespaces/kube-system/services": list({ metadata: { name: "coredns" } }),
  [slices]: list({ endpoints: [{ conditions: { ready: true } }, { conditions: { ready: false } }] }),
  "GET /api/v1/namespaces/millrace": { body: {} },
  [`DELETE ${podPath}/millrace-doctor`]: { body: {} },
  [`POST ${podPath}`]: { body: {} },
  [`GET ${podPath}/millrace-doctor`]: waiting("ErrImagePull", notFound),
};

describe("what the doctor asks the stack's cluster", () => {
  let cluster: FakeServer;
  before(async () => {
    cluster = await FakeServer.start();
  });
  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  function stackOf(settings: object = {}, more: object = {}): ProbedStack {
    const config = loadConfig({
      "millrace:cluster": {
        target: "cloud",
        context: "prod",
        kubeconfig: kubeconfigFor(cluster.url),
        storageClass: "ssd",
        registry: { push: "registry.example.com" },
        ...settings,
      },
      ...more,
    });
    return { name: "prod", config, profile: targetProfile(config.cluster) };
  }

  async function ask(routes: Readonly<Record<string, Route>>, stack = stackOf()): Promise<Finding[]> {
    cluster.reset({ ...whole, ...routes });
    return await clusterFindings(connect(stack.profile), stack);
  }

  /** Everything that is not well, as lines. */
  async function faults(routes: Readonly<Record<string, Route>>, stack = stackOf()): Promise<string[]> {
    const found = await ask(routes, stack);
    return found.flatMap(({ subject, level, detail, next }) =>
      level === "ok" ? [] : [`${subject} ${level}: ${detail} -> ${next}`],
    );
  }

  it("is asked in the stack's context, whatever the kubeconfig's current one is", async () => {
    const found = await ask({});
    expect(found.map(({ subject, level }) => `${subject} ${level}`)).to.deep.equal([
      "version ok",
      "nodes ok",
      "resources ok",
      "storage ok",
      "DNS ok",
      "registry ok",
    ]);
    expect(found.map(({ detail }) => detail)).to.include.members([
      "Kubernetes v1.33.4+k3s1",
      "1 ready for linux/amd64",
      "StorageClass ssd",
      "Service coredns, 1 pod(s) ready",
      "a node reaches registry.example.com",
    ]);
  });

  it("tells an old version, and a class that is not there with those that are", async () => {
    const routes = {
      "GET /version": { body: { gitVersion: "v1.26.9-gke.1" } },
      "GET /apis/storage.k8s.io/v1/storageclasses": list({ metadata: { name: "slow" } }),
    };
    expect(await faults(routes)).to.deep.equal([
      "version problem: Kubernetes v1.26.9-gke.1 is older than 1.30 -> upgrade the cluster to 1.30 or later",
      'storage problem: no StorageClass "ssd"; the cluster has slow -> name one that exists in cluster.storageClass of ' +
        'Pulumi.prod.yaml, or "none" to keep data in the pods',
    ]);
  });

  it("tells who has a node port that the stack wants, and takes its own Services for none of these", async () => {
    const service = (namespace: string, name: string, nodePort: number): object => ({
      metadata: { namespace, name },
      spec: { ports: [{ nodePort }] },
    });
    const routes = {
      "GET /api/v1/services": list(
        service("millrace", "presto-public", 30080),
        service("shop", "web", 30092),
        // The display is in no profile but pipeline and full.
        service("shop", "admin", 30300),
      ),
    };
    const stack = stackOf({ target: "minikube", storageClass: undefined, registry: undefined });
    const said = (await faults(routes, stack)).filter((line) => line.startsWith("node ports"));
    const words =
      "node port 30092, wanted for Kafka, is taken by Service shop/web -> set cluster.nodePorts.kafka of Pulumi.prod.yaml to a free " +
      "one from 30000 to 32767, or take that Service away";
    expect(said).to.deep.equal([`node ports problem: ${words}`]);
    expect(await clusterRefusals(connect(stack.profile), stack)).to.include(words.replace(" -> ", "; "));
  });

  it("tells a target's own command for its class", async () => {
    const minikube = stackOf({ target: "minikube", storageClass: undefined, registry: undefined });
    const [storage] = await faults({}, minikube);
    expect(storage).to.contain('no StorageClass "standard"').and.to.contain("minikube -p prod addons enable");
  });

  it("tells nodes of another architecture, and those that are not ready", async () => {
    const [found] = await faults({
      "GET /api/v1/nodes": list(node({ architecture: "arm64" }), node({ ready: "False" })),
    });
    expect(found).to.match(
      /^nodes problem: no node of architecture amd64 is ready; the cluster has n1 \(arm64, ready\), n1 \(amd64, not ready\)/,
    );
  });

  it("counts what other namespaces have requested, and not what the platform has itself", async () => {
    const pod = (namespace: string, memory: string) => ({
      metadata: { namespace },
      spec: { nodeName: "n1", containers: [{ resources: { requests: { memory } } }] },
    });
    expect(await faults({ "GET /api/v1/pods": list(pod("millrace", "60Gi")) })).to.deep.equal([]);
    const [found] = await faults({ "GET /api/v1/pods": list(pod("others", "61Gi")) });
    expect(found).to.match(
      /^resources problem: the platform requests .*, and the nodes can give 16\.00 cores and 3\.00 GiB of memory; /,
    );
    expect(found).to.contain("npm run up");
  });

  it("tells labels that no node has, taints that nothing tolerates, and a PriorityClass that is not there", async () => {
    const placed = stackOf(
      {},
      {
        "millrace:scheduling": { nodeSelector: { pool: "data" }, priorityClassName: "platform" },
      },
    );
    expect(await faults({}, placed)).to.deep.equal([
      "scheduling problem: millrace:scheduling.nodeSelector: no ready node has pool=data -> kubectl --context prod label " +
        "node n1 pool=data, or correct Pulumi.prod.yaml",
      'scheduling problem: there is no PriorityClass "platform" -> kubectl --context prod create priorityclass platform ' +
        "--value=1000, or correct Pulumi.prod.yaml",
    ]);
    const taints = [
      { key: "dedicated", value: "data", effect: "NoSchedule" },
      { key: "busy", effect: "PreferNoSchedule" },
    ];
    const tainted = { "GET /api/v1/nodes": list(node({ taints })) };
    expect(await faults(tainted)).to.deep.equal([
      "scheduling problem: millrace:scheduling.tolerations: none for the taints of the nodes: dedicated=data:NoSchedule -> " +
        "add tolerations for them to Pulumi.prod.yaml, or take the taint away: kubectl --context prod taint node n1 " +
        "dedicated=data:NoSchedule-",
    ]);
    for (const toleration of [
      { operator: "Exists" },
      { key: "dedicated", operator: "Exists" },
      { key: "dedicated", value: "data", effect: "NoSchedule" },
    ]) {
      const tolerant = stackOf({}, { "millrace:scheduling": { tolerations: [toleration] } });
      expect(await faults(tainted, tolerant)).to.deep.equal([]);
    }
  });

  it("tells a cluster whose names nobody answers for", async () => {
    const unready = list({ endpoints: [{ conditions: { ready: false } }] });
    const [found] = await faults({ [slices]: unready });
    expect(found).to.equal(
      "DNS problem: no pod behind the Service coredns in kube-system is ready, so pods find no Service by its name -> " +
        "kubectl --context prod -n kube-system get pods -l k8s-app=kube-dns",
    );
    const microk8s = stackOf({ target: "microk8s", registry: undefined, storageClass: "ssd" });
    const [none] = await faults({ "GET /api/v1/namespaces/kube-system/services": list() }, microk8s);
    expect(none).to.match(/^DNS warning: .* -> microk8s enable dns$/);
  });

  it("hides nothing behind a question that the account may not ask", async () => {
    const found = await faults({
      "GET /api/v1/pods": { status: 403, body: { kind: "Status", message: "pods is forbidden" } },
      "GET /version": { body: { gitVersion: "v1.20.1" } },
    });
    expect(found).to.deep.equal([
      "version problem: Kubernetes v1.20.1 is older than 1.30 -> upgrade the cluster to 1.30 or later",
      'nodes warning: can\'t be asked: pods is forbidden -> let the account of context "prod" read it, or look yourself',
    ]);
  });

  it("tells a host for node ports that no node has", async () => {
    const minikube = stackOf({ target: "minikube", host: "10.0.0.9" });
    expect(await faults({}, minikube)).to.deep.equal([
      "host warning: node ports are looked for at 10.0.0.9, and the nodes have 192.168.49.2 -> set cluster.host of " +
        "Pulumi.prod.yaml to an address under which this machine reaches a node",
    ]);
  });

  describe("about Ingresses", () => {
    const classes = "GET /apis/networking.k8s.io/v1/ingressclasses";
    const issuer = "GET /apis/cert-manager.io/v1/clusterissuers/letsencrypt";
    const byIngress = (ingress: object, more: object = {}): ProbedStack =>
      stackOf({ exposure: "ingress", ingress: { host: "data.example.com", ...ingress }, ...more });
    const named = () => byIngress({ className: "nginx", tls: { issuer: "letsencrypt" } });
    const byDefault = (value: string) => ({
      metadata: { name: "traefik", annotations: { "ingressclass.kubernetes.io/is-default-class": value } },
    });

    it("is content with a class and an issuer that are there, and asks for neither elsewhere", async () => {
      const routes = { [classes]: list({ metadata: { name: "nginx" } }), [issuer]: { body: {} } };
      expect(await faults(routes, named())).to.deep.equal([]);
      expect(await faults({ [classes]: list(byDefault("true")) }, byIngress({}))).to.deep.equal([]);
      await ask({});
      expect(cluster.asked.filter((call) => /ingressclasses|issuers/.test(call))).to.deep.equal([]);
    });

    it("tells a class and an issuer that are not there, and refuses an up for them", async () => {
      const other =
        "name one that exists in cluster.ingress.className of Pulumi.prod.yaml, or install an ingress controller";
      const makes =
        "kubectl --context prod get clusterissuers lists those that there are, and fails without cert-manager: install it, " +
        "make the issuer, or correct cluster.ingress.tls.issuer of Pulumi.prod.yaml";
      const routes = { [classes]: list(byDefault("true")), [issuer]: { status: 404, body: {} } };
      expect(await faults(routes, named())).to.deep.equal([
        `ingress problem: no IngressClass "nginx"; the cluster has traefik -> ${other}`,
        `certificates problem: no ClusterIssuer "letsencrypt" of cert-manager -> ${makes}`,
      ]);
      cluster.reset({ ...whole, ...routes });
      const stack = named();
      expect(await clusterRefusals(connect(stack.profile), stack)).to.deep.equal([
        `no IngressClass "nginx"; the cluster has traefik; ${other}`,
        `no ClusterIssuer "letsencrypt" of cert-manager; ${makes}`,
      ]);
    });

    it("warns where no class is the default, with the add-on that brings one", async () => {
      const minikube = byIngress({}, { target: "minikube", storageClass: "ssd", registry: undefined });
      const [found] = await faults({ [classes]: list(byDefault("false")) }, minikube);
      expect(found).to.match(
        /^ingress warning: no default IngressClass; the cluster has traefik -> minikube -p prod addons enable ingress, or name/,
      );
    });
  });

  it("refuses an up where no class, no PriorityClass or too old a version is, and not where a node may still come", async () => {
    const placed = stackOf(
      {},
      { "millrace:scheduling": { nodeSelector: { pool: "data" }, priorityClassName: "platform" } },
    );
    const refused = async (routes: Readonly<Record<string, Route>>): Promise<string[]> => {
      cluster.reset({ ...whole, ...routes });
      return await clusterRefusals(connect(placed.profile), placed);
    };
    const lacking = {
      "GET /version": { body: { gitVersion: "v1.24.1" } },
      "GET /apis/storage.k8s.io/v1/storageclasses": list({ metadata: { name: "slow" } }),
    };
    expect(await refused(lacking)).to.deep.equal([
      "Kubernetes v1.24.1 is older than 1.30; upgrade the cluster to 1.30 or later",
      'no StorageClass "ssd"; the cluster has slow; name one that exists in cluster.storageClass of Pulumi.prod.yaml, or ' +
        '"none" to keep data in the pods',
      'there is no PriorityClass "platform"; kubectl --context prod create priorityclass platform --value=1000, or correct ' +
        "Pulumi.prod.yaml",
    ]);
    const there = { "GET /apis/scheduling.k8s.io/v1/priorityclasses/platform": { body: {} } };
    expect(await refused(there)).to.deep.equal([]);
    const forbidden = { "GET /apis/storage.k8s.io/v1/storageclasses": { status: 403, body: { message: "forbidden" } } };
    expect(await refused({ ...there, ...forbidden })).to.deep.equal([]);
  });

  describe("about the registry", () => {
    const asked = async (routes: Readonly<Record<string, Route>>, stack = stackOf()): Promise<Finding | undefined> => {
      cluster.reset({ ...whole, ...routes });
      const [found] = await pullFindings(connect(stack.profile), stack, { limitMs: 300, pauseMs: 20 });
      return found;
    };
    const said = (message: string): Promise<Finding | undefined> =>
      asked({ [`GET ${podPath}/millrace-doctor`]: waiting("ErrImagePull", message) });

    it("has a pod ask for a tag that nobody has, as restricted as the platform's own, and removes it", async () => {
      expect(await asked({})).to.include({ level: "ok", detail: "a node reaches registry.example.com" });
      const calls = cluster.asked.filter((call) => call.includes("/pods"));
      expect(calls[0]).to.equal(`DELETE ${podPath}/millrace-doctor`);
      expect(calls.at(-1)).to.equal(`DELETE ${podPath}/millrace-doctor`);
      const body = cluster.requests.find(({ method }) => method === "POST")?.body ?? "";
      const { spec } = JSON.parse(body) as { spec: { activeDeadlineSeconds: number; containers: { image: string }[] } };
      expect(spec.activeDeadlineSeconds).to.equal(60);
      expect(spec.containers[0]?.image).to.match(/^registry\.example\.com\/.+:millrace-doctor$/);
    });

    it("asks in the namespace that is always there before the stack has one", async () => {
      const path = "/api/v1/namespaces/default/pods";
      const found = await asked({
        "GET /api/v1/namespaces/millrace": { status: 404, body: {} },
        [`DELETE ${path}/millrace-doctor`]: { body: {} },
        [`POST ${path}`]: { body: {} },
        [`GET ${path}/millrace-doctor`]: waiting("ErrImagePull", notFound),
      });
      expect(found?.level).to.equal("ok");
    });

    it("tells in the node's words why it can't pull, each with its way out", async () => {
      const cases: readonly (readonly [message: string, detail: RegExp, next: RegExp])[] = [
        [
          "dial tcp: lookup registry.example.com: no such host",
          /^a node can't pull from/,
          /cluster\.registry of the stack/,
        ],
        ["dial tcp 10.0.0.1:443: connect: connection refused", /connection refused$/, /cluster\.registry of the stack/],
        ["http: server gave HTTP response to HTTPS client", /^a node can't pull/, /speak HTTP/],
        ["tls: failed to verify certificate: x509: unknown authority", /x509/, /authority known to every node/],
        [
          "401 Unauthorized: repository not found or needs a login",
          /wants a login/,
          /^docker login registry\.example\.com, and millrace:images\.pullLogin/,
        ],
      ];
      for (const [message, detail, next] of cases) {
        const found = await said(message);
        expect(found?.level, message).to.equal("problem");
        expect(found?.detail, message).to.match(detail);
        expect(found?.next, message).to.match(next);
      }
    });

    it("asks with the Secrets that the stack's pods have", async () => {
      const stack = stackOf({}, { "millrace:images": { pullSecret: "regcred", pullLogin: true } });
      await asked({}, stack);
      const body = cluster.requests.find(({ method }) => method === "POST")?.body ?? "";
      const { spec } = JSON.parse(body) as { spec: { imagePullSecrets: unknown } };
      expect(spec.imagePullSecrets).to.deep.equal([{ name: "regcred" }, { name: "registry-login" }]);
    });

    it("takes the words from the events where the pod only says that it waits", async () => {
      const event = (message: string, lastTimestamp: string) => ({ message, lastTimestamp });
      const found = await asked({
        [`GET ${podPath}/millrace-doctor`]: waiting("ImagePullBackOff", "Back-off pulling image"),
        "GET /api/v1/namespaces/millrace/events": list(
          event("Error: ErrImagePull", "2026-11-27T08:00:03Z"),
          event(`Failed to pull image "x": ${notFound}`, "2026-11-27T08:00:02Z"),
        ),
      });
      expect(found?.level).to.equal("ok");
    });

    it("says what its pod waits for where no node tries, and removes it all the same", async () => {
      const conditions = [
        { type: "PodScheduled", status: "False", message: "0/1 nodes are available: 1 Insufficient memory." },
      ];
      const found = await asked({
        [`GET ${podPath}/millrace-doctor`]: { body: { metadata: {}, status: { phase: "Pending", conditions } } },
      });
      expect(found).to.include({ level: "warning" });
      expect(found?.detail).to.contain("memory: no node has enough free");
      expect(cluster.asked.at(-1)).to.equal(`DELETE ${podPath}/millrace-doctor`);
    });

    describe("that wants a login", () => {
      const unauthorized = { [`GET ${podPath}/millrace-doctor`]: waiting("ErrImagePull", "401 Unauthorized") };
      const secretPath = "GET /api/v1/namespaces/millrace/secrets/";

      it("is well before the first up, which gives the nodes this machine's login", async () => {
        const stack = stackOf({}, { "millrace:images": { pullLogin: true } });
        expect(await asked(unauthorized, stack)).to.include({
          level: "ok",
          detail:
            "a node reaches registry.example.com, and gets this machine's login by up (millrace:images.pullLogin)",
        });
        const there = { [`${secretPath}registry-login`]: { body: {} } };
        expect((await asked({ ...unauthorized, ...there }, stack))?.level).to.equal("problem");
      });

      it("waits for a Secret that is named and not there yet", async () => {
        const stack = stackOf({}, { "millrace:images": { pullSecret: "regcred" } });
        const found = await asked(unauthorized, stack);
        expect(found?.level).to.equal("warning");
        expect(found?.detail).to.contain('Secret "regcred" is not in namespace millrace yet');
        expect(found?.next).to.contain("create secret docker-registry regcred");
      });
    });

    describe("before an up", () => {
      const refused = async (routes: Readonly<Record<string, Route>>, stack = stackOf()): Promise<string[]> => {
        cluster.reset({ ...whole, [`GET ${podPath}`]: list(), ...routes });
        return await pullRefusals(connect(stack.profile), stack, { limitMs: 300, pauseMs: 20 });
      };
      const unreached = {
        [`GET ${podPath}/millrace-doctor`]: waiting("ErrImagePull", "dial tcp [::1]:443: connect: connection refused"),
      };

      it("refuses it where no node can pull, in the node's words and with the way out", async () => {
        expect(await refused(unreached)).to.deep.equal([
          "a node can't pull from registry.example.com: dial tcp [::1]:443: connect: connection refused; correct " +
            "cluster.registry of the stack, or let the nodes' network reach it",
        ]);
        expect(cluster.asked.at(-1)).to.equal(`DELETE ${podPath}/millrace-doctor`);
        expect(await refused({})).to.deep.equal([]);
      });

      it("asks no node where the platform runs from this registry, and refuses nothing that it may not ask", async () => {
        const pod = (image: string) => ({ spec: { containers: [{ image }] }, status: { phase: "Running" } });
        const running = { [`GET ${podPath}`]: list(pod("registry.example.com/millrace/kafka:1")) };
        expect(await refused({ ...unreached, ...running })).to.deep.equal([]);
        expect(cluster.asked.filter((call) => call.startsWith("POST"))).to.deep.equal([]);
        const other = { [`GET ${podPath}`]: list(pod("registry.example.com.evil/kafka:1")) };
        expect(await refused({ ...unreached, ...other })).to.have.length(1);
        const forbidden = { [`POST ${podPath}`]: { status: 403, body: { message: "forbidden" } } };
        expect(await refused(forbidden)).to.deep.equal([]);
      });
    });
  });
});
