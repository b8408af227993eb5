/** A tiny Kubernetes API server in memory: discovery, patches, get, list and delete. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { kubeconfigText } from "../support/kubeconfig.ts";
import { type LocalServer, serveHttp } from "../support/local-server.ts";
import { applied, isObject, type Json, merged, patched } from "./fake-apply.ts";

const kinds: Readonly<Record<string, readonly Json[]>> = {
  "/api/v1": [
    { name: "namespaces", kind: "Namespace", namespaced: false },
    { name: "secrets", kind: "Secret", namespaced: true },
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "pods", kind: "Pod", namespaced: true },
    { name: "persistentvolumeclaims", kind: "PersistentVolumeClaim", namespaced: true },
    { name: "services", kind: "Service", namespaced: true },
    { name: "serviceaccounts", kind: "ServiceAccount", namespaced: true },
    { name: "resourcequotas", kind: "ResourceQuota", namespaced: true },
    { name: "limitranges", kind: "LimitRange", namespaced: true },
  ],
  "/apis/batch/v1": [
    { name: "jobs", kind: "Job", namespaced: true },
    { name: "cronjobs", kind: "CronJob", namespaced: true },
  ],
  "/apis/rbac.authorization.k8s.io/v1": [
    { name: "roles", kind: "Role", namespaced: true },
    { name: "rolebindings", kind: "RoleBinding", namespaced: true },
    { name: "clusterroles", kind: "ClusterRole", namespaced: false },
    { name: "clusterrolebindings", kind: "ClusterRoleBinding", namespaced: false },
  ],
  "/apis/admissionregistration.k8s.io/v1": [
    { name: "validatingadmissionpolicies", kind: "ValidatingAdmissionPolicy", namespaced: false },
    { name: "validatingadmissionpolicybindings", kind: "ValidatingAdmissionPolicyBinding", namespaced: false },
  ],
  "/apis/policy/v1": [{ name: "poddisruptionbudgets", kind: "PodDisruptionBudget", namespaced: true }],
  "/apis/networking.k8s.io/v1": [
    { name: "ingresses", kind: "Ingress", namespaced: true },
    { name: "networkpolicies", kind: "NetworkPolicy", namespaced: true },
  ],
  "/apis/apps/v1": [
    { name: "deployments", kind: "Deployment", namespaced: true },
    { name: "statefulsets", kind: "StatefulSet", namespaced: true },
  ],
};

type Intercepted = number | { readonly status: number; readonly retryAfter: number } | undefined;

export class FakeCluster {
  readonly objects = new Map<string, Json>();
  /** `METHOD path` of every request. */
  readonly requests: string[] = [];
  /** Called before a request is carried out; a status it returns is sent instead. */
  intercept: (method: string, path: string) => Intercepted | Promise<Intercepted> = () => undefined;
  /** What an intercepted request is answered. */
  message = "intercepted";
  /** Called when a request is carried out, before its answer. */
  beforeAnswer: (method: string, path: string) => Promise<void> | undefined = () => undefined;
  /** Called with an object that is about to be stored: what a controller would make of it. */
  controller: (path: string, object: Json) => Json = (_path, object) => object;
  #server: LocalServer | undefined;

  constructor() {
    this.put("/api/v1/namespaces/kube-system", { metadata: { name: "kube-system" } });
  }

  async start(): Promise<void> {
    this.#server = await serveHttp((request, body, response) => {
      void this.#answer(request, body, response);
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  get kubeconfig(): string {
    return kubeconfigText({ fake: this.#server?.url }, "fake");
  }

  put(path: string, object: Json): Json {
    const metadata = { uid: randomUUID(), ...(object["metadata"] as Json) };
    const stored = { ...object, metadata };
    this.objects.set(path, stored);
    return stored;
  }

  async #answer(request: IncomingMessage, text: string, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const method = request.method ?? "GET";
    this.requests.push(`${method} ${url.pathname}`);
    const send = (status: number, body: Json, headers: Record<string, string> = {}) => {
      void Promise.resolve(this.beforeAnswer(method, url.pathname)).then(() => {
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(JSON.stringify(body));
      });
    };
    const intercepted = await this.intercept(method, url.pathname);
    if (typeof intercepted === "number") {
      send(intercepted, { message: this.message });
      return;
    }
    if (intercepted !== undefined) {
      send(intercepted.status, { message: "later" }, { "retry-after": String(intercepted.retryAfter) });
      return;
    }
    const resources = kinds[url.pathname];
    if (resources !== undefined) {
      send(200, { resources });
      return;
    }
    const found = this.objects.get(url.pathname);
    if (method === "PATCH") {
      const type = request.headers["content-type"] ?? "";
      const body = JSON.parse(text) as Json | Json[];
      if (found === undefined && !type.includes("apply")) {
        send(404, { message: `${url.pathname} not found` });
        return;
      }
      const next = Array.isArray(body)
        ? patched(found ?? {}, body)
        : type.includes("apply")
          ? applied(found, body, url.searchParams.get("fieldManager") ?? "")
          : merged(found ?? {}, body);
      if (next === undefined) {
        send(409, { message: "the object has been modified" });
        return;
      }
      const stored = this.controller(url.pathname, next);
      this.objects.set(url.pathname, stored);
      send(200, stored);
    } else if (method === "GET" && found === undefined && this.#isCollection(url.pathname)) {
      const items = [...this.objects].filter(([path]) => path.slice(0, path.lastIndexOf("/")) === url.pathname);
      send(200, { items: items.map(([, object]) => object) });
    } else if (found === undefined) {
      send(404, { message: `${url.pathname} not found` });
    } else {
      if (method === "DELETE") {
        this.#delete(url.pathname, found);
      }
      send(200, found);
    }
  }

  /** Deletes an object and what it owns. */
  #delete(path: string, object: Json): void {
    this.objects.delete(path);
    const uid = (object["metadata"] as Json)["uid"];
    for (const [other, owned] of this.objects) {
      const owners = (owned["metadata"] as Json)["ownerReferences"];
      if (Array.isArray(owners) && owners.some((owner) => isObject(owner) && owner["uid"] === uid)) {
        this.#delete(other, owned);
      }
    }
  }

  #isCollection(path: string): boolean {
    return Object.values(kinds)
      .flat()
      .some((kind) => path.endsWith(`/${String(kind["name"])}`));
  }
}
