/** The Kubernetes API as the engine asks it: any kind, by discovery; no throttling of its own. */

import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { readKubeconfig } from "../../clusters/kubeconfig.ts";
import {
  isAway,
  KubeError,
  KubernetesClient,
  KubeSilenceError,
  type RequestExtras,
} from "../../clusters/kubernetes-client.ts";
import { NoAnswerError } from "../provider.ts";
import { isObject, type Props } from "../values.ts";

/** The cluster has no such kind of object. */
export class UnknownKindError extends Error {
  override readonly name = "UnknownKindError";
}

interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const requestTimeoutMs = 15_000;

/** What `ask` gives, or `otherwise` while the server is silent or busy: whoever waits anyway asks again. */
export async function unlessAway<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoAnswerError || isAway(error)) {
      return otherwise;
    }
    throw error;
  }
}

export class KubernetesApi {
  readonly #client: KubernetesClient;
  readonly #discovered = new Map<string, Promise<Map<string, Kind>>>();

  constructor(kubeconfig: string | undefined, context: string | undefined) {
    this.#client = new KubernetesClient(loadConfig(kubeconfig, context), {
      timeoutMs: requestTimeoutMs,
      patient: true,
      namesRequests: true,
    });
  }

  get server(): string {
    return this.#client.server;
  }

  close(): void {
    this.#client.close();
  }

  /** The path of an object, or of its collection when `name` is empty. */
  async path(reference: Reference): Promise<string> {
    const { apiVersion, kind, name, namespace } = reference;
    const found = await this.kind(apiVersion, kind);
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const scope = found.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : "";
    return `${root}${scope}/${found.plural}${name === "" ? "" : `/${name}`}`;
  }

  /** Plural name and scope of a kind; waits a little for a kind whose definition was made a moment ago. */
  async kind(apiVersion: string, kind: string): Promise<Kind> {
    for (let attempt = 0; ; attempt++) {
      let kinds = this.#discovered.get(apiVersion);
      if (kinds === undefined) {
        kinds = this.#discover(apiVersion);
        this.#discovered.set(apiVersion, kinds);
      }
      const known = await kinds.catch((error: unknown) => {
        this.#discovered.delete(apiVersion);
        throw error;
      });
      const found = known.get(kind);
      if (found !== undefined) {
        return found;
      }
      this.#discovered.delete(apiVersion);
      if (attempt >= 10) {
        throw new UnknownKindError(
          `the cluster does not know the kind ${kind} of ${apiVersion}; is its CustomResourceDefinition installed?`,
        );
      }
      await sleep(500);
    }
  }

  async #discover(apiVersion: string): Promise<Map<string, Kind>> {
    const answer = await this.get(apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
    const kinds = new Map<string, Kind>();
    for (const entry of Array.isArray(answer?.["resources"]) ? (answer["resources"] as unknown[]) : []) {
      if (
        isObject(entry) &&
        typeof entry["name"] === "string" &&
        typeof entry["kind"] === "string" &&
        !entry["name"].includes("/")
      ) {
        kinds.set(entry["kind"], { plural: entry["name"], namespaced: entry["namespaced"] === true });
      }
    }
    return kinds;
  }

  /** `undefined` when there is no such object. */
  async get(path: string): Promise<Props | undefined> {
    try {
      return await this.#request("GET", path);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) {
        return undefined;
      }
      throw error;
    }
  }

  async list(path: string, query: Readonly<Record<string, string>> = {}): Promise<Props[]> {
    const search = new URLSearchParams(query).toString();
    const answer = await this.get(search === "" ? path : `${path}?${search}`);
    return Array.isArray(answer?.["items"]) ? (answer["items"] as Props[]) : [];
  }

  /** Calls back whenever the object changes, until the signal or until the server ends it. */
  async watch(path: string, onChange: () => void, signal: AbortSignal): Promise<void> {
    const end = path.lastIndexOf("/");
    const query = new URLSearchParams({ watch: "true", fieldSelector: `metadata.name=${path.slice(end + 1)}` });
    await this.#client.follow(`${path.slice(0, end)}?${query.toString()}`, onChange, signal);
  }

  apply(path: string, object: Props, manager: string, force: boolean): Promise<Props> {
    const query = new URLSearchParams({ fieldManager: manager, force: String(force), fieldValidation: "Strict" });
    return this.#request("PATCH", `${path}?${query.toString()}`, {
      body: object,
      contentType: "application/apply-patch+yaml",
    });
  }

  /** A JSON patch: all of its operations, or none. */
  patch(path: string, operations: readonly Props[]): Promise<Props> {
    return this.#request("PATCH", path, { body: operations, contentType: "application/json-patch+json" });
  }

  /** A merge patch. */
  merge(path: string, change: Props): Promise<Props> {
    return this.#request("PATCH", path, { body: change });
  }

  delete(path: string, options: Props): Promise<Props> {
    return this.#request("DELETE", path, { body: options });
  }

  /** The end of a container's log; empty when there is none. */
  async log(namespace: string, pod: string, container: string, previous: boolean, lines: number): Promise<string> {
    const query = new URLSearchParams({ container, previous: String(previous), tailLines: String(lines) });
    try {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`;
      return (await this.#client.text("GET", path, { patient: false })).trim();
    } catch {
      return "";
    }
  }

  async #request(method: string, path: string, extras: RequestExtras = {}): Promise<Props> {
    try {
      return await this.#client.json<Props>(method, path, extras);
    } catch (error) {
      if (error instanceof KubeSilenceError) {
        throw new NoAnswerError(`the Kubernetes API server ${this.server} can't be reached: ${error.why}`, {
          cause: error.cause,
        });
      }
      throw error;
    }
  }
}

/** @throws Error when the kubeconfig has no such context. */
function loadConfig(kubeconfig: string | undefined, context: string | undefined): KubeConfig {
  const config = readKubeconfig(kubeconfig);
  if (context !== undefined && context !== "") {
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) {
    const names = config.getContexts().map((entry) => entry.name);
    throw new Error(
      `the kubeconfig has no usable context${context === undefined ? "" : ` "${context}"`}; it has: ` +
        (names.join(", ") || "none"),
    );
  }
  return config;
}
