/** Kubeconfigs that lead to servers of a spec's own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Servers by the names of their contexts. */
export type Contexts = Readonly<Record<string, string | undefined>>;

/** @param current Name of the current context. @default - none */
export function kubeconfigText(contexts: Contexts, current?: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    ...(current !== undefined && { "current-context": current }),
    clusters: Object.entries(contexts).map(([name, server]) => ({
      name,
      cluster: { server, "insecure-skip-tls-verify": true },
    })),
    users: [{ name: "me", user: {} }],
    contexts: Object.keys(contexts).map((name) => ({ name, context: { cluster: name, user: "me" } })),
  });
}

/** Writes the file `kubeconfig` into a folder. @returns its path */
export function writeKubeconfig(folder: string, contexts: Contexts, current?: string): string {
  const path = join(folder, "kubeconfig");
  writeFileSync(path, kubeconfigText(contexts, current));
  return path;
}
