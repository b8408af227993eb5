/** The user's kubeconfig of the embedded cluster, and questions asked with it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { clientCertificateTrouble, renewalWords, serverCertificateTrouble } from "../certificates.ts";

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

/**
 * Asks the API server, as the kubeconfig's user.
 * @returns the body of a successful answer
 * @throws Error with the status, or the network's error; after 5 s without an answer.
 */
export async function askApi(kubeconfig: string, path: string): Promise<string> {
  const config = parse(kubeconfig) as Kubeconfig;
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const decode = (data: string): Buffer => Buffer.from(data, "base64");
  return await new Promise((resolve, reject) => {
    const asked = request(
      new URL(path, cluster.server),
      {
        ca: decode(cluster["certificate-authority-data"]),
        cert: decode(user["client-certificate-data"]),
        key: decode(user["client-key-data"]),
        agent: false,
        timeout: 5000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const body = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(body);
          else
            reject(new Error(`the API server answers ${response.statusCode ?? 0} to ${path}: ${body.slice(0, 200)}`));
        });
      },
    );
    asked.on("timeout", () => asked.destroy(new Error(`the API server did not answer ${path} within 5 s`)));
    asked.on("error", reject);
    asked.end();
  });
}

/** @returns what is wrong with the cluster's certificates, with the way out; `undefined`: nothing, as far as it answers */
export async function apiTrouble(kubeconfig: string): Promise<string | undefined> {
  const { user } = (parse(kubeconfig) as Kubeconfig).users[0];
  try {
    await askApi(kubeconfig, "/version");
    return undefined;
  } catch (error) {
    const trouble =
      serverCertificateTrouble(error) ??
      clientCertificateTrouble(Buffer.from(user["client-certificate-data"], "base64").toString());
    return trouble && `${trouble}; ${renewalWords(true)}`;
  }
}

/** Whether the API server answers and its only node is ready. */
export async function isNodeReady(kubeconfig: string): Promise<boolean> {
  try {
    const nodes = JSON.parse(await askApi(kubeconfig, "/api/v1/nodes")) as {
      items: { status: { conditions?: { type: string; status: string }[] } }[];
    };
    return nodes.items.some(({ status }) =>
      (status.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True"),
    );
  } catch {
    return false;
  }
}
