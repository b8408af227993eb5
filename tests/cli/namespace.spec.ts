import { expect } from "chai";

import { KubeError } from "../../clusters/kubernetes-client.ts";
import {
  handMadeWarnings,
  heldNamespace,
  namespaceFinding,
  peopleNamespaceProblems,
  podRefusal,
  pullSecretWarning,
  removeClaims,
} from "../../cli/namespace.ts";
import { loadConfig } from "../../config/index.ts";
import { claimsByOwner } from "../../cli/removal.ts";
import { podProblems, type PodSpec } from "../../platform/hardening.ts";

const holding = (labels: Record<string, string> | undefined) => ({
  get: <T>() =>
    labels === undefined
      ? Promise.reject(new KubeError(404, "not found"))
      : Promise.resolve({ metadata: { labels } } as T),
});
const own = { namespace: "data", existingNamespace: false };
const existing = { namespace: "data", existingNamespace: true };
const ours = "0123456789abcdef";
const theirs = "fedcba9876543210";
const enforced = { "pod-security.kubernetes.io/enforce": "restricted" };

describe("the Secret with which pods get their images", () => {
  const asked = async (answer: object | Error): Promise<string | undefined> => {
    const get = <T>(path: string) => {
      expect(path).to.equal("/api/v1/namespaces/data/secrets/regcred");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as T);
    };
    return await pullSecretWarning({ get }, "data", "regcred");
  };

  it("is asked for before pods wait for it, with both ways out", async () => {
    expect(await asked(new KubeError(404, "not found"))).to.equal(
      'millrace:images.pullSecret: Secret "regcred" is not in namespace data; pods wait for their images until it is. ' +
        "kubectl -n data create secret docker-registry regcred --docker-server=... makes it; or set images.pullLogin",
    );
    expect(await asked({ type: "Opaque" })).to.contain("is of type Opaque, not kubernetes.io/dockerconfigjson");
  });

  it("is fine as Docker's logins, and where this user may not look", async () => {
    expect(await asked({ type: "kubernetes.io/dockerconfigjson" })).to.equal(undefined);
    expect(await asked({ type: "kubernetes.io/dockercfg" })).to.equal(undefined);
    expect(await asked(new KubeError(403, "forbidden"))).to.equal(undefined);
  });
});

describe("a namespace of somebody's", () => {
  const tried = async (answer: object | Error) => {
    const asked: { method: string; path: string; body: unknown }[] = [];
    const ask = <T>(method: string, path: string, extras?: { readonly body?: unknown }) => {
      asked.push({ method, path, body: extras?.body });
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as T);
    };
    return { words: await podRefusal({ ask }, "data", "registry.example/tools:1"), asked };
  };

  it("is tried with a pod like the platform's, which is not made", async () => {
    const { words, asked } = await tried({});
    expect(words).to.equal(undefined);
    expect(asked.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
      "POST /api/v1/namespaces/data/pods?dryRun=All",
    ]);
    expect(podProblems((asked[0]?.body as { spec: PodSpec }).spec, false)).to.deep.equal([]);
  });

  it("that is stricter than the platform is refused in its own words, with the way out", async () => {
    const words = 'admission webhook "uids.example" denied the request: runAsUser must be from 20000 to 29999';
    expect((await tried(new KubeError(403, words))).words).to.equal(
      `namespace data takes no pod like the platform's: ${words}. Have whoever rules over it let such pods in, or set ` +
        "millrace:cluster.namespace to another",
    );
  });

  it("that can't be asked without making anything says nothing", async () => {
    expect((await tried(new KubeError(400, "webhook does not support dry run"))).words).to.equal(undefined);
    expect((await tried(new KubeError(500, "busy"))).words).to.equal(undefined);
  });
});

describe("the namespaces of people's programs", () => {
  const cluster = { namespace: "data", existingNamespace: false } as Parameters<typeof peopleNamespaceProblems>[1];
  const asking = (labels: Record<string, string>) => ({
    get: <T>(path: string) =>
      path.endsWith("/data-users")
        ? Promise.resolve({ metadata: { labels } } as T)
        : Promise.reject(new KubeError(404, "not found")),
  });

  it("are gone on with where the stack made them, and left alone where somebody else did", async () => {
    expect(await peopleNamespaceProblems(asking({ "millrace/stack-id": ours }), cluster, ours)).to.deep.equal([]);
    for (const labels of [{}, { "millrace/stack-id": theirs }]) {
      const [problem = "", ...more] = await peopleNamespaceProblems(asking(labels), cluster, ours);
      expect(problem).to.contain("namespace data-users is on the cluster already");
      expect(more).to.deep.equal([]);
    }
    const one = { ...cluster, existingNamespace: true };
    expect(await peopleNamespaceProblems(asking({}), one, ours)).to.deep.equal([]);
  });

  it("lack Secrets that people have made, until these copy them", async () => {
    const config = loadConfig({
      "millrace:profile": "studio",
      "millrace:cluster": { target: "cloud", context: "prod", registry: { push: "registry.example" } },
      "millrace:images": { pullSecret: "regcred" },
    });
    const get = <T>(path: string) =>
      path.startsWith("/api/v1/namespaces/millrace-users/")
        ? Promise.resolve({} as T)
        : Promise.reject(new KubeError(404, "not found"));
    const [warning = "", ...more] = await handMadeWarnings({ get }, config);
    expect(warning).to.contain('Secret "regcred" is not in namespace millrace-jobs, whose pods wait until it is');
    expect(warning).to.contain("kubectl -n millrace get secret regcred -o json");
    expect(more).to.deep.equal([]);
    const silent = { get: () => Promise.reject(new KubeError(403, "forbidden")) };
    expect(await handMadeWarnings(silent, config)).to.deep.equal([]);
  });
});

describe("a namespace that is being deleted", () => {
  const path = "/api/v1/namespaces/data";
  const message =
    "Some resources are remaining: configmaps. has 1 resource instances, claims.acme.io has 1 resource instances";
  const going = (secondsAgo: number) => ({
    metadata: { name: "data", deletionTimestamp: new Date(Date.now() - secondsAgo * 1000).toISOString() },
    status: { conditions: [{ type: "NamespaceContentRemaining", status: "True", message }] },
  });
  const held = (name: string, ...finalizers: string[]) => ({ items: [{ metadata: { name, finalizers } }] });
  const answering = (answers: Readonly<Record<string, object>>) => ({
    get: <T>(asked: string) =>
      asked in answers ? Promise.resolve(answers[asked] as T) : Promise.reject(new KubeError(404, "not found")),
  });
  const cluster = (secondsAgo: number, finalizer: string) =>
    answering({
      [path]: going(secondsAgo),
      [`${path}/configmaps`]: held("settings"),
      "/apis/acme.io": { preferredVersion: { groupVersion: "acme.io/v2" } },
      [`/apis/acme.io/v2/namespaces/data/claims`]: held("db", finalizer),
    });

  it("is refused before anything is made, with the object that holds it and the way out", async () => {
    const kube = cluster(5, "acme.io/keep");
    const words = "claims.acme.io/db (finalizer acme.io/keep) holds it; nothing was changed";
    for (const [settings, recorded] of [
      [own, false],
      [own, true],
      [existing, true],
    ] as const) {
      const { problem } = await namespaceFinding(kube, settings, recorded);
      expect(problem)
        .to.contain(words)
        .and.contain('kubectl -n data patch claims.acme.io db --type=merge -p \'{"metadata":{"finalizers":null}}\'');
    }
    expect(await heldNamespace(kube, "data")).to.contain(words);
  });

  it("is left to the deploy, which waits, while Kubernetes itself ends what is in it", async () => {
    const protection = "kubernetes.io/pvc-protection";
    expect(await namespaceFinding(cluster(5, protection), own, false)).to.deep.equal({});
    expect((await namespaceFinding(cluster(90, protection), own, false)).problem).to.contain(protection);
    const { problem } = await namespaceFinding(answering({ [path]: going(5) }), existing, true);
    expect(problem).to.contain("cluster.existingNamespace wants one that stays");
  });
});

describe("the namespace on a cluster of others", () => {
  it("is made where there is none, and gone on with where the stack made it", async () => {
    expect(await namespaceFinding(holding(undefined), own, false)).to.deep.equal({});
    expect(await namespaceFinding(holding({}), own, true)).to.deep.equal({});
  });

  it("is not taken over from somebody, and the message has both ways", async () => {
    const { problem } = await namespaceFinding(holding({}), own, false);
    expect(problem)
      .to.contain("belongs to someone else")
      .and.contain("cluster.namespace")
      .and.contain("cluster.existingNamespace to true");
    const ours = await namespaceFinding(holding({ "app.kubernetes.io/part-of": "millrace" }), own, false);
    expect(ours.problem).to.contain("belongs to another stack or to a state that is gone");
  });

  it("is used as it is where the stack says that it is there", async () => {
    expect(await namespaceFinding(holding(enforced), existing, false)).to.deep.equal({});
    const { problem, warning } = await namespaceFinding(holding({}), existing, false);
    expect([problem, warning?.includes('does not enforce Pod Security "restricted"')]).to.deep.equal([undefined, true]);
  });

  it("is asked for with the command that makes it where it is not there", async () => {
    const { problem } = await namespaceFinding(holding(undefined), existing, false);
    expect(problem).to.contain("kubectl create namespace data");
  });

  it("is not used where another stack made it, and would remove it with all data", async () => {
    const labels = { ...enforced, "millrace/stack-id": theirs };
    const { problem } = await namespaceFinding(holding(labels), existing, true, ours);
    expect(problem).to.contain(`was made by another Millrace stack, with the id ${theirs}, and goes when`);
    expect(await namespaceFinding(holding(labels), existing, true, theirs)).to.deep.equal({});
  });

  const claim = (name: string, more: object = {}) => ({
    metadata: { name, ...more },
    spec: { resources: { requests: { storage: "1Gi" } } },
  });
  const set = (name: string, more: object = {}) => ({
    metadata: { name, ...more },
    spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] },
  });
  const bears = (id?: string) => ({
    labels: { "app.kubernetes.io/part-of": "millrace", ...(id === undefined ? {} : { "millrace/stack-id": id }) },
  });
  const shared = (sets: readonly object[], claims: readonly object[]) => {
    const removed: string[] = [];
    const kube = {
      get: <T>(path: string) => Promise.resolve({ items: path.includes("/statefulsets") ? sets : claims } as T),
      delete: (path: string) => {
        removed.push(path.split("/").at(-1) ?? "");
        return Promise.resolve();
      },
    };
    return { kube, removed };
  };

  it("loses the claims of the stack with it, also of services that were switched off, and no others", async () => {
    const { kube, removed } = shared(
      [set("kafka", bears(ours)), set("cassandra", bears(theirs)), set("wordpress")],
      [
        claim("data-kafka-0"),
        claim("data-kafka-connect-0"),
        claim("data-wordpress-0", { labels: { "app.kubernetes.io/name": "postgres" } }),
        claim("data-cassandra-0", bears()),
        // Services that were switched off before.
        claim("data-postgres-0", bears(ours)),
        claim("data-object-store-0", bears(theirs)),
        claim("data-catalog-0", bears()),
      ],
    );
    const { own, others } = await claimsByOwner(kube, "data", ours);
    await removeClaims(kube, "data", own);
    expect(removed).to.deep.equal(["data-kafka-0", "data-postgres-0"]);
    expect(others.map(({ name, note }) => [name, note])).to.deep.equal(
      [
        ["data-catalog-0", "no stack's id says whose it is; kubectl -n data delete pvc data-catalog-0 removes it"],
        ["data-cassandra-0", `of another stack, with the id ${theirs}`],
        ["data-object-store-0", `of another stack, with the id ${theirs}`],
      ].toSorted(),
    );
  });

  it("loses what a Millrace before there were such labels made for the stack, by the engine that wrote it", async () => {
    const by = (manager: string) => ({ ...bears(), managedFields: [{ manager }] });
    const { kube } = shared(
      [set("kafka", by(`millrace-${ours}`)), set("cassandra", by(`millrace-${theirs}`))],
      [
        claim("data-kafka-0", bears()),
        claim("data-cassandra-0", bears()),
        claim("data-postgres-0", by(`millrace-${ours}-01234567`)),
      ],
    );
    const { own, others } = await claimsByOwner(kube, "data", ours);
    expect(own.map(({ name }) => name)).to.deep.equal(["data-kafka-0", "data-postgres-0"]);
    expect(others.map(({ name }) => name)).to.deep.equal(["data-cassandra-0"]);
  });

  it("loses nothing by a stack that has no id", async () => {
    const { kube } = shared(
      [set("kafka", bears())],
      [claim("data-kafka-0", bears()), claim("data-postgres-0", bears(ours))],
    );
    const { own, others } = await claimsByOwner(kube, "data", undefined);
    expect([own.length, others.length]).to.deep.equal([0, 2]);
  });
});
