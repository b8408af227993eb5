import { expect } from "chai";
import { type Edge, edgesOf, outsideAt, podsAt, publishedEdge, world } from "../../platform/network.ts";
import { denyPolicy, NetworkPolicies, rolePolicies } from "../../platform/network-policies.ts";
import { mock, namesOf } from "../support/mocks.ts";

const network = {
  podNetworks: ["10.244.0.0/24"],
  apiServerPorts: [6443],
  nameServer: "node",
  hasIngress: false,
  world: ["0.0.0.0/0"],
} as const;
const context = { ...network, namespace: "millrace" };
const presto = { service: "presto", component: "coordinator" };
const store = podsAt({ service: "object-store", component: "server" }, [3900], "S3");
const labelsOf = (service: string, component: string) => ({
  "app.kubernetes.io/name": service,
  "app.kubernetes.io/component": component,
});
const outside = { ipBlock: { cidr: "0.0.0.0/0", except: ["10.244.0.0/24"] } };
const names = {
  to: [outside],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};
const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));
const openTo = (edges: readonly Edge[], given = context) => rolePolicies(edges, given)["presto-coordinator"]?.egress;

describe("the policies", () => {
  it("open UDP beside TCP where an edge says so, whichever of two that are merged does", () => {
    const published = (udp: boolean): Edge => publishedEdge(presto, 8080, "Presto", udp);
    const udp = [...tcp(8080), { protocol: "UDP", port: 8080 }];
    for (const edges of [[published(true)], [published(true), published(false)], [published(false), published(true)]]) {
      expect(rolePolicies(edges, context)["presto-coordinator"]?.ingress).to.deep.equal([
        { from: [outside], ports: udp },
      ]);
    }
    expect(rolePolicies([published(false)], context)["presto-coordinator"]?.ingress?.[0]?.ports).to.deep.equal(
      tcp(8080),
    );
    const reached = edgesOf({ ...presto, reaches: [{ ...store, udp: true }] });
    expect(openTo(reached)?.[1]?.ports).to.deep.equal([...tcp(3900), { protocol: "UDP", port: 3900 }]);
  });

  it("open an edge at both of its ends, and close both roles to all else", () => {
    expect(rolePolicies(edgesOf({ ...presto, reaches: [store] }), context)).to.deep.equal({
      "object-store-server": {
        podSelector: { matchLabels: labelsOf("object-store", "server") },
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ from: [{ podSelector: { matchLabels: labelsOf("presto", "coordinator") } }], ports: tcp(3900) }],
        egress: [names],
      },
      "presto-coordinator": {
        podSelector: { matchLabels: labelsOf("presto", "coordinator") },
        policyTypes: ["Ingress", "Egress"],
        egress: [
          names,
          { to: [{ podSelector: { matchLabels: labelsOf("object-store", "server") } }], ports: tcp(3900) },
        ],
      },
    });
  });

  it("name pods of another namespace by both, so that nobody takes their place elsewhere", () => {
    const task = { service: "airflow", component: "task", in: "jobs" } as const;
    const edges = [...edgesOf({ ...task, reaches: [store, podsAt(task, [7079], "blocks")] })];
    const policies = rolePolicies(edges, { ...context, quarters: ["jobs"] });
    const there = (namespace: string, service: string, component: string) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      podSelector: { matchLabels: labelsOf(service, component) },
    });
    expect(policies["object-store-server"]?.ingress).to.deep.equal([
      { from: [there("millrace-jobs", "airflow", "task")], ports: tcp(3900) },
    ]);
    expect(policies["airflow-task"]?.egress.slice(1)).to.deep.equal([
      { to: [{ podSelector: { matchLabels: labelsOf("airflow", "task") } }], ports: tcp(7079) },
      { to: [there("millrace", "object-store", "server")], ports: tcp(3900) },
    ]);
    expect(policies["airflow-task"]?.ingress).to.deep.equal([
      { from: [{ podSelector: { matchLabels: labelsOf("airflow", "task") } }], ports: tcp(7079) },
    ]);
    const ingress = { ...context, quarters: ["jobs", "users"] as const, hasIngress: true };
    const page = rolePolicies([publishedEdge(presto, 8080, "Presto")], ingress)["presto-coordinator"]?.ingress?.[0];
    expect(page?.from[1]?.namespaceSelector?.matchExpressions?.[0]?.values).to.deep.equal([
      "millrace",
      "millrace-jobs",
      "millrace-users",
    ]);
  });

  it("tell pods of a role apart by further labels", () => {
    const task = { service: "airflow", component: "task" };
    const maker = { ...task, also: { dag_id: "census_batch" }, serviceAccountName: "airflow-task" };
    const policies = rolePolicies([...edgesOf({ ...task, reaches: [store] }), ...edgesOf(maker)], context);
    expect(Object.keys(policies)).to.deep.equal(["airflow-task", "airflow-task-census-batch", "object-store-server"]);
    expect(policies["airflow-task-census-batch"]).to.deep.equal({
      podSelector: { matchLabels: { ...labelsOf("airflow", "task"), dag_id: "census_batch" } },
      policyTypes: ["Ingress", "Egress"],
      egress: [names, { to: [outside], ports: tcp(6443) }],
    });
  });

  it("let those through who come by a published address, and no pod, where its network is known", () => {
    const edges = [publishedEdge(presto, 8080, "Presto")];
    const ingress = (given: Parameters<typeof rolePolicies>[1]) =>
      rolePolicies(edges, given)["presto-coordinator"]?.ingress;
    expect(ingress(context)).to.deep.equal([{ from: [outside], ports: tcp(8080) }]);
    expect(ingress({ ...context, podNetworks: [] })?.[0]?.from).to.deep.equal([{ ipBlock: { cidr: "0.0.0.0/0" } }]);
    expect(ingress({ ...context, hasIngress: true })?.[0]?.from[1]).to.deep.equal({
      namespaceSelector: {
        matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["millrace"] }],
      },
    });
  });

  it("lead outside to an address, to any on the port of a name, and to the namespace of a Service", () => {
    const reaching = (...hosts: string[]) =>
      openTo(edgesOf({ ...presto, reaches: [outsideAt(hosts, [9000], "S3")] }))?.slice(1);
    const anywhere = { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } };
    expect(reaching("192.0.2.7", "192.0.2.8")).to.deep.equal([
      { to: [{ ipBlock: { cidr: "192.0.2.7/32" } }, { ipBlock: { cidr: "192.0.2.8/32" } }], ports: tcp(9000) },
    ]);
    expect(reaching("s3.example.com", "192.0.2.7")).to.deep.equal([{ to: [anywhere], ports: tcp(9000) }]);
    const storage = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "storage" } } };
    expect(reaching("minio.storage.svc.cluster.local")).to.deep.equal([{ to: [storage] }]);
    expect(reaching("kafka-0.kafka.storage.svc", "192.0.2.7")).to.deep.equal([
      { to: [storage] },
      { to: [{ ipBlock: { cidr: "192.0.2.7/32" } }], ports: tcp(9000) },
    ]);
  });

  it("let people's programs into the networks that the stack names, and into no private one by the way", () => {
    const reaching = (...given: string[]) =>
      rolePolicies(edgesOf({ ...presto, reaches: [world] }), { ...context, world: given })[
        "presto-coordinator"
      ]?.egress.slice(1);
    const internet = {
      cidr: "0.0.0.0/0",
      except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
    };
    expect(reaching()).to.deep.equal([]);
    expect(reaching("0.0.0.0/0", "10.20.0.0/16")).to.deep.equal([
      { to: [{ ipBlock: internet }, { ipBlock: { cidr: "10.20.0.0/16" } }] },
    ]);
    expect(reaching("10.0.0.0/8")).to.deep.equal([
      { to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.244.0.0/24"] } }] },
    ]);
  });

  it("let every pod ask for names, where the name server is a pod too, and nothing else", () => {
    expect(denyPolicy(network)).to.deep.equal({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      egress: [names],
    });
    expect(denyPolicy({ ...network, nameServer: "pod" }).egress[0]?.to).to.deep.equal([
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } },
      { ipBlock: { cidr: "169.254.20.10/32" } },
    ]);
  });
});

describe("NetworkPolicies", () => {
  const edges = edgesOf({ ...presto, reaches: [store] });
  const type = "kubernetes:networking.k8s.io/v1:NetworkPolicy";

  it("closes all else last, when every edge is open", async () => {
    const mocked = await mock();
    const { ready } = new NetworkPolicies("network", { namespace: "millrace", network, edges });
    expect(await namesOf(ready)).to.deep.equal(["object-store-server", "presto-coordinator", "deny-all-else"]);
    const waits = [...(await mocked.dependencies())].find(([urn]) => urn.endsWith("::deny-all-else"))?.[1] ?? [];
    expect(waits.map((urn) => urn.split("::").at(-1))).to.include.members([
      "object-store-server",
      "presto-coordinator",
    ]);
    expect((await mocked.get(type, "deny-all-else")).inputs.spec).to.deep.equal(denyPolicy(network));
    expect((await mocked.get(type, "presto-coordinator")).inputs.spec).to.deep.equal(
      rolePolicies(edges, context)["presto-coordinator"],
    );
  });

  it("leaves pods of others alone in a namespace that they share", async () => {
    const mocked = await mock();
    new NetworkPolicies("network", { namespace: "team", shared: true, network, edges });
    expect((await mocked.get(type, "deny-all-else")).inputs.spec).to.deep.include({
      podSelector: { matchLabels: { "app.kubernetes.io/part-of": "millrace" } },
    });
  });
});
