/** The user's kubeconfig of the embedded cluster, and questions asked with it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { renewalWords } from "../certificates.ts";
import { readKubeconfig } from "../kubeconfig.ts";
import { KubeError, KubernetesClient } from "../kubernetes-client.ts";

interface Kubeconfig {
  contexts: [{ name: string; context: { cluster: string; user: string } }];
  "current-context": string;
  clusters: [{ name: string; cluster: { server: string; "certificate-authority-data": string } }];
  users: [{ name: string; user: { "client-certificate-data": string; "client-key-data": string } }];
}

/** Path of the kubeconfig in Millrace's folder of run-time files. */
export function kubeconfigPath(stateDir: string): string {
  return join(stateDir, "kubeconfig");
}

/** Rewrites the node's own kubeconfig for use from this machine; its context gets the cluster's name. */
export function publishedKubeconfig(text: string, port: number, name: string): string {
  const config = parse(text) as Kubeconfig;
  config.clusters[0].cluster.server = `https://127.0.0.1:${port}`;
  config.contexts[0].name = name;
  config["current-context"] = name;
  return stringify(config, { lineWidth: 0 });
}

/** Writes the kubeconfig in one step, readable by its owner only, unless it is the same already. */
export function writeKubeconfig(stateDir: string, text: string): void {
  const path = kubeconfigPath(stateDir);
  mkdirSync(stateDir, { recursive: true });
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
}

/** Removes the kubeconfig. */
export function removeKubeconfig(stateDir: string): void {
  rmSync(kubeconfigPath(stateDir), { force: true });
}

/** Asks the API server, as the kubeconfig's user. */
function clientOf(kubeconfig: string): KubernetesClient {
  return new KubernetesClient(readKubeconfig(kubeconfig), { timeoutMs: 5000, renewal: renewalWords(true) });
}

/** @returns what is wrong with the cluster's certificates, with the way out; `undefined`: nothing, as far as it answers */
export async function apiTrouble(kubeconfig: string): Promise<string | undefined> {
  try {
    await clientOf(kubeconfig).text("GET", "/version");
    return undefined;
  } catch (error) {
    return error instanceof KubeError ? error.certificateTrouble : undefined;
  }
}

/** Whether the API server answers and its only node is ready. */
export async function isNodeReady(kubeconfig: string): Promise<boolean> {
  try {
    const nodes = await clientOf(kubeconfig).json<{
      items: { status: { conditions?: { type: string; status: string }[] } }[];
    }>("GET", "/api/v1/nodes");
    return nodes.items.some(({ status }) =>
      (status.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True"),
    );
  } catch {
    return false;
  }
}
