/** Faults 7 to 12 and 20: what is wrong with the cluster, tried on an API server of their own. */
import { createServer } from "node:net";
import { join } from "node:path";
import { writeFileSync } from "node:fs";

import type { Kube } from "../../../cli/kube.ts";
import { isFree } from "../../../clusters/embedded/ports.ts";
import type { EngineResult } from "../../../engine/types.ts";
import type { Part, TestStack } from "../../engine/test-stack.ts";
import { must, until } from "../runner.ts";
import {
  changedKubeconfig,
  CLASSES,
  countOf,
  EMBEDDED,
  type Fault,
  kubeOf,
  many,
  mustSay,
  object,
  seconds,
  type Site,
  versionsOf,
} from "./fault.ts";
import { slowServer } from "./slow-server.ts";

const SOON_MS = 30_000;
const MINUTE = 60_000;
/** Nobody listens there: an `up` that went past the other checks would end here. */
const NOWHERE = "localhost:1";

/** Values of a stack on the API server that `kubeconfig` leads to. */
const onCloud = (kubeconfig: string, more: object = {}) => ({
  "millrace:cluster": { target: "cloud", context: "bench", kubeconfig, registry: { push: NOWHERE }, ...more },
});

/** A run that must end well. @returns its changes, in words */
export async function good(running: Promise<EngineResult>): Promise<EngineResult> {
  const result = await running;
  must(result.ok, result.errors.join("; "));
  return result;
}

export async function unchanged(stack: TestStack, parts: readonly Part[]): Promise<void> {
  const { changes } = await good(stack.up(...parts));
  const { create, update, replace, delete: deleted } = changes;
  must(create + update + replace + deleted === 0, `an unchanged up changes ${JSON.stringify(changes)}`);
}

/** A run that must fail in these words. @returns how long it took, in ms */
async function fails(running: Promise<EngineResult>, says: readonly string[], withinMs = SOON_MS): Promise<number> {
  const started = Date.now();
  const { ok, errors } = await running;
  const took = Date.now() - started;
  must(!ok, "it went on");
  mustSay(errors.join("\n"), says);
  must(took <= withinMs, `it took ${seconds(took)}`);
  return took;
}

const claim = (name: string, storageClassName: string): Part =>
  object(name, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: { storageClassName, accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });

async function missingClass(site: Site): Promise<string> {
  const plane = await site.plane();
  site.clone.writeStack("class", onCloud(plane.kubeconfigFile, { storageClass: "fastt" }));
  const names = [CLASSES.later, CLASSES.atOnce].sort().join(", ");
  const took = await site.clone.refuses("class", [`no StorageClass "fastt"; the cluster has ${names}`]);
  const stack = site.stack(plane.kubeconfig);
  const engineMs = await fails(stack.up(claim("class-data", "fastt")), ['"fastt" does not exist', names], 10_000);
  await good(stack.destroy());
  return `up names the class and those that there are after ${took}, the deploy of a claim after ${seconds(engineMs)}`;
}

async function boundLater(site: Site): Promise<string> {
  const plane = await site.plane();
  const stack = site.stack(plane.kubeconfig);
  const parts: Part[] = [
    claim("later-data", CLASSES.later),
    object(
      "later-pod",
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "later-pod", namespace: "default", annotations: { "pulumi.com/skipAwait": "true" } },
        spec: {
          automountServiceAccountToken: false,
          containers: [{ name: "main", image: "none", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
          volumes: [{ name: "data", persistentVolumeClaim: { claimName: "later-data" } }],
        },
      },
      { after: ["later-data"] },
    ),
  ];
  await kubeOf(plane)
    .post("/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } })
    .catch(() => undefined);
  const started = Date.now();
  await good(stack.up(...parts));
  const took = Date.now() - started;
  must(took < 20_000, `the claim was waited for: ${seconds(took)}`);
  await good(stack.destroy());
  return `the pod was made ${seconds(took)} after the start, with its claim still pending`;
}

async function takenPorts(site: Site): Promise<string> {
  const port = await freePort();
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  let host: string;
  try {
    const cluster = { target: "embedded", embedded: { name: EMBEDDED }, nodePorts: { kafka: port } };
    site.clone.writeStack("host-port", { "millrace:cluster": cluster });
    const says = [`port ${port} on 127.0.0.1, wanted for Kafka, is in use by `, `(process ${process.pid})`];
    host = await site.clone.refuses("host-port", [...says, "cluster.nodePorts.kafka"]);
  } finally {
    listener.close();
  }

  const plane = await site.plane();
  const kube = kubeOf(plane);
  const service = (name: string, nodePort: number) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { type: "NodePort", selector: { app: name }, ports: [{ name: "main", port: 80, nodePort }] },
  });
  await kube.post("/api/v1/namespaces/default/services", service("somebody", port));
  try {
    const kubeconfig = join(site.folder, "minikube");
    writeFileSync(
      kubeconfig,
      changedKubeconfig(plane.kubeconfig, (config) => {
        config.contexts[0].name = config["current-context"] = "minikube";
      }),
      { mode: 0o600 },
    );
    const cluster = { target: "minikube", kubeconfig, registry: { push: NOWHERE } };
    site.clone.writeStack("node-port", { "millrace:cluster": { ...cluster, nodePorts: { kafka: port } } });
    const words = `node port ${port}, wanted for Kafka, is taken by Service default/somebody`;
    const took = await site.clone.refuses("node-port", [words, "cluster.nodePorts.kafka"]);

    const stack = site.stack(plane.kubeconfig);
    const parts = (nodePort: number): Part[] => [
      { name: "port-beside" },
      object("port-own", service("port-own", nodePort)),
    ];
    await fails(stack.up(...parts(port)), [String(port), "taken by Service default/somebody"]);
    must((await countOf(kube, "port")) === 1, "what does not need the port was not made");
    await good(stack.up(...parts(await freePort(port + 1))));
    await good(stack.destroy());
    return `host port refused with its process after ${host}, node port with its Service after ${took}; another port works`;
  } finally {
    await kube.delete("/api/v1/namespaces/default/services/somebody");
  }
}

/** A free port of this machine that is a node port, too, and none of the platform's own. */
async function freePort(from = 31_500 + Math.floor(Math.random() * 400)): Promise<number> {
  for (let port = from; port < 32_700; port++) if (await isFree(port)) return port;
  throw new Error("no node port is free");
}

async function deadServer(site: Site): Promise<string> {
  const plane = await site.plane();
  const dead = changedKubeconfig(plane.kubeconfig, ({ clusters: [{ cluster }] }) => {
    cluster["server"] = `https://${NOWHERE}`;
  });
  const expired = changedKubeconfig(plane.kubeconfig, ({ users: [{ user }] }) => {
    user["token"] = "expired";
  });
  const files = {
    missing: "/nowhere/kubeconfig",
    dead: join(site.folder, "dead"),
    expired: join(site.folder, "expired"),
  };
  writeFileSync(files.dead, dead);
  writeFileSync(files.expired, expired);
  const says = { missing: "no kubeconfig at /nowhere/kubeconfig", dead: "can't be used", expired: "Unauthorized" };
  const took: string[] = [];
  for (const name of ["missing", "dead", "expired"] as const) {
    site.clone.writeStack(name, onCloud(files[name]));
    took.push(`${name} after ${await site.clone.refuses(name, [says[name]])}`);
  }

  const stack = site.stack(plane.kubeconfig);
  const parts = many("dead", 5);
  await good(stack.up(...parts));
  const recorded = stack.recorded.toSorted();
  const versions = await versionsOf(kubeOf(plane), "dead");
  for (const kubeconfig of [dead, expired]) {
    stack.kubeconfig = kubeconfig;
    await fails(stack.up(...parts), []);
    must(stack.recorded.toSorted().join() === recorded.join(), `the state has ${stack.recorded.join(", ")}`);
  }
  stack.kubeconfig = plane.kubeconfig;
  await untouched(stack, parts, { kube: kubeOf(plane), prefix: "dead", versions });
  await good(stack.destroy());
  return `refused: ${took.join(", ")}; a deploy fails and forgets nothing, and the next one changes no object`;
}

/** An up with the stack's own kubeconfig again, which the provider alone has to be told of. */
async function untouched(
  stack: TestStack,
  parts: readonly Part[],
  { kube, prefix, versions }: { readonly kube: Kube; readonly prefix: string; readonly versions: readonly string[] },
): Promise<void> {
  const { changes } = await good(stack.up(...parts));
  const now = await versionsOf(kube, prefix);
  must(now.join() === versions.join(), `objects were written: ${JSON.stringify(changes)}`);
  await unchanged(stack, parts);
}

async function otherCluster(site: Site): Promise<string> {
  const [plane, other] = await Promise.all([site.plane(), site.otherPlane()]);
  const stack = site.stack(plane.kubeconfig);
  const parts = many("other", 5);
  await good(stack.up(...parts));
  const versions = await versionsOf(kubeOf(plane), "other");
  stack.kubeconfig = other.kubeconfig;
  const took = await fails(stack.up(...parts, { name: "other-more" }), ["made on another cluster", "--anew"]);
  must((await countOf(kubeOf(other), "other")) === 0, "something was made on the other cluster");
  stack.kubeconfig = plane.kubeconfig;
  await untouched(stack, parts, { kube: kubeOf(plane), prefix: "other", versions });
  await good(stack.destroy());
  return `refused after ${seconds(took)}; nothing was made there, and nothing changes on the stack's own`;
}

const SLOW_OBJECTS = 60;

async function slowAndBusy(site: Site): Promise<string> {
  const plane = await site.plane();
  const slow = await slowServer(plane.kubeconfig, 500, 7);
  try {
    const stack = site.stack(slow.kubeconfig);
    const parts = many("slow", SLOW_OBJECTS);
    const started = Date.now();
    const { changes } = await good(stack.up(...parts));
    const took = Date.now() - started;
    const there = await countOf(kubeOf(plane), "slow");
    must(there === SLOW_OBJECTS && changes.create >= there, `${there} of ${SLOW_OBJECTS} objects`);
    must(slow.refused() > 0, "no request was refused as too many");
    await unchanged(stack, parts);
    await good(stack.destroy());
    must((await countOf(kubeOf(plane), "slow")) === 0, "objects are left");
    return `${there} objects, each once, in ${seconds(took)}; ${slow.refused()} requests were refused and made again`;
  } finally {
    await slow.stop();
  }
}

const HELD = "faults-held";

async function heldNamespace(site: Site): Promise<string> {
  const plane = await site.plane();
  const kube = kubeOf(plane);
  const path = `/api/v1/namespaces/${HELD}`;
  await kube.post("/api/v1/namespaces", { metadata: { name: HELD } });
  await kube.post(`${path}/configmaps`, { metadata: { name: "hold", finalizers: ["faults.example/keep"] } });
  await kube.delete(path);
  interface Going {
    readonly status?: { readonly conditions?: readonly { readonly message?: string }[] };
  }
  await until("the namespace says what it waits for", MINUTE, async () => {
    const { status } = await kube.get<Going>(path);
    return status?.conditions?.some(({ message = "" }) => message.includes("configmaps. has 1")) === true
      ? true
      : undefined;
  });
  const holder = "configmaps/hold (finalizer faults.example/keep)";
  site.clone.writeStack("held", onCloud(plane.kubeconfigFile, { namespace: HELD }));
  const took = await site.clone.refuses("held", [`namespace ${HELD} is being deleted`, holder, "kubectl -n"]);

  const stack = site.stack(plane.kubeconfig);
  const namespace = object("held", { apiVersion: "v1", kind: "Namespace", metadata: { name: HELD } });
  const inside = object(
    "held-inside",
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "inside", namespace: HELD } },
    { after: ["held"] },
  );
  const engineMs = await fails(stack.up(namespace, inside), ["not gone after 60 s", holder], 90_000);
  // What the command that `up` names sends.
  await kube.patch(`${path}/configmaps/hold`, { metadata: { finalizers: null } });
  await good(stack.up(namespace, inside));
  await unchanged(stack, [namespace, inside]);
  return `up names what holds it after ${took}, a deploy alone after ${seconds(engineMs)}; by the way out that it names the next one works`;
}

export const cluster: readonly Fault[] = [
  {
    number: 7,
    done: "a StorageClass that is not there",
    expected: "refused in less than 30 s with the class and those that there are",
    needs: "an API server",
    limitSeconds: 180,
    run: missingClass,
  },
  {
    number: 8,
    done: "a StorageClass that binds when the first pod comes",
    expected: "the claim is not waited for before its pod",
    needs: "an API server",
    limitSeconds: 120,
    run: boundLater,
  },
  {
    number: 9,
    done: "a port of this machine, and a node port, that somebody has",
    expected: "refused with the port and who has it; the rest is untouched; another port works",
    needs: "an API server",
    limitSeconds: 240,
    run: takenPorts,
  },
  {
    number: 10,
    done: "a kubeconfig that is missing, leads to a dead server, or has expired",
    expected: "fails in less than 30 s; the state forgets nothing",
    needs: "an API server",
    limitSeconds: 240,
    run: deadServer,
  },
  {
    number: 11,
    done: "a kubeconfig that leads to another cluster",
    expected: "refused before anything is changed",
    needs: "an API server",
    limitSeconds: 180,
    run: otherCluster,
  },
  {
    number: 12,
    done: "an API server that takes half a second more, and answers 429 now and then",
    expected: "slower, no failure, every object once",
    needs: "an API server",
    limitSeconds: 300,
    run: slowAndBusy,
  },
];

export const terminating: Fault = {
  number: 20,
  done: "a namespace that is being deleted, and an object in it that a finalizer holds",
  expected: "told before anything is made, with the object; no endless wait; the way out works",
  needs: "an API server",
  limitSeconds: 300,
  run: heldNamespace,
};
