/** The kubeconfig as kubectl finds it: a path or the contents, else the files of `$KUBECONFIG`, else the usual place. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";

/** A path with `~` for the home folder, which no shell has replaced in a stack's file. */
export function expandHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir());
}

/**
 * @param given Path or contents; empty and `undefined` are the usual places.
 * @throws Error when the file, or every file of `$KUBECONFIG`, is missing.
 */
export function readKubeconfig(given: string | undefined, env = process.env): KubeConfig {
  const config = new KubeConfig();
  if (given === undefined || given === "") {
    const named = env["KUBECONFIG"] ?? "";
    if (named === "") {
      config.loadFromDefault();
      return config;
    }
    return merged(named.split(delimiter).filter(Boolean).map(expandHome));
  }
  if (given.includes("\n") || given.trimStart().startsWith("{")) {
    config.loadFromString(given);
    return config;
  }
  const path = expandHome(given);
  if (!existsSync(path)) {
    throw new Error(`the kubeconfig ${path} does not exist`);
  }
  config.loadFromFile(path);
  return config;
}

/** Of what several files have under one name the first counts; files that are missing are left out. */
function merged(files: readonly string[]): KubeConfig {
  const found = files.filter((file) => existsSync(file));
  if (found.length === 0) {
    throw new Error(
      `of the files in $KUBECONFIG none exists: ${files.join(", ")}; correct the variable, or unset it for ~/.kube/config`,
    );
  }
  const result = new KubeConfig();
  result.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: "" });
  for (const file of found) {
    const next = new KubeConfig();
    next.loadFromFile(file);
    const isNew = (have: readonly { readonly name: string }[]) => (one: { readonly name: string }) =>
      !have.some(({ name }) => name === one.name);
    result.clusters = [...result.clusters, ...next.clusters.filter(isNew(result.clusters))];
    result.users = [...result.users, ...next.users.filter(isNew(result.users))];
    result.contexts = [...result.contexts, ...next.contexts.filter(isNew(result.contexts))];
    result.currentContext = result.currentContext === "" ? next.currentContext : result.currentContext;
  }
  return result;
}
