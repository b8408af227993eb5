/** The cluster of a target, as the commands ask it. */
import { existsSync } from "node:fs";

import type { KubeConfig } from "@kubernetes/client-node";

import { answerMs } from "../platform/hops/limits.ts";
import { renewalWords } from "../clusters/certificates.ts";
import { expandHome, readKubeconfig } from "../clusters/kubeconfig.ts";
import { KubeError, KubernetesClient, type RequestExtras } from "../clusters/kubernetes-client.ts";
import type { TargetProfile } from "../clusters/profile.ts";
import { UserError, messageOf } from "./errors.ts";
import { lineSplitter } from "../platform/exec.ts";

export interface Kube {
  /** Any request that answers JSON, also to a Service through the API server. */
  ask<T>(method: string, path: string, extras?: RequestExtras): Promise<T>;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** A merge patch. */
  patch<T>(path: string, body: unknown): Promise<T>;
  /** What is gone already counts as deleted. */
  delete(path: string, body?: unknown): Promise<void>;
  /** Plain text, for logs. */
  text(path: string): Promise<string>;
  /** Calls back for each line of a followed log until it ends or the signal aborts. */
  follow(path: string, onLine: (line: string) => void, signal?: AbortSignal): Promise<void>;
}

/** Whether there is an object at a path; what the server says else is thrown. */
export async function exists(kube: Kube, path: string): Promise<boolean> {
  try {
    await kube.get(path);
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}

/**
 * Connects to the target's cluster.
 * @throws UserError when the kubeconfig or its context is not there.
 */
export function connect(profile: Pick<TargetProfile, "kubeconfig" | "context" | "target">): Kube {
  const fix =
    profile.target === "embedded"
      ? "the embedded cluster is not there; npm run up makes it"
      : "check cluster.context in the stack and $KUBECONFIG";
  if (profile.kubeconfig !== undefined && !existsSync(expandHome(profile.kubeconfig))) {
    throw new UserError(`no kubeconfig at ${profile.kubeconfig}: ${fix}`);
  }
  const config = fromKubeconfig(profile.kubeconfig);
  const names = config.getContexts().map((context) => context.name);
  if (!names.includes(profile.context)) {
    throw new UserError(
      `the kubeconfig has no context "${profile.context}"; it has ${names.length === 0 ? "none" : names.join(", ")}; ${fix}`,
    );
  }
  config.setCurrentContext(profile.context);
  return clientOf(config, renewalWords(profile.target === "embedded"));
}

function fromKubeconfig(given: string | undefined): KubeConfig {
  try {
    return readKubeconfig(given);
  } catch (error) {
    throw new UserError(messageOf(error));
  }
}

/**
 * A client of the current context of a loaded kubeconfig. It asks once: a command tells at once what does not answer.
 * @param renewal - how its certificates are made anew
 */
export function clientOf(config: KubeConfig, renewal = renewalWords(false)): Kube {
  if (config.getCurrentCluster() === null) throw new UserError("the kubeconfig's context names no cluster");
  const client = new KubernetesClient(config, { timeoutMs: answerMs, renewal });
  return {
    ask: (method, path, extras) => client.json(method, path, extras),
    get: (path) => client.json("GET", path),
    post: (path, body) => client.json("POST", path, { body }),
    patch: (path, body) => client.json("PATCH", path, { body }),
    async delete(path, body) {
      try {
        await client.text("DELETE", path, { body });
      } catch (error) {
        if (!(error instanceof KubeError && error.status === 404)) throw error;
      }
    },
    text: (path) => client.text("GET", path),
    async follow(path, onLine, signal) {
      const lines = lineSplitter(onLine);
      await client.follow(
        path,
        (piece) => {
          lines.push(piece);
        },
        signal,
      );
      lines.end();
    },
  };
}

/** Whether the API server answers at all, and if not, why. */
export async function reachable(kube: Kube): Promise<{ ok: true } | { ok: false; why: string }> {
  try {
    await kube.get("/version");
    return { ok: true };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
