/** Bad input about the cluster: each is refused in seconds, with its name and the way out, and nothing is touched. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { isStopped } from "../../../cli/interrupt.ts";
import { connect } from "../../../cli/kube.ts";
import { hasState } from "../../../cli/owner.ts";
import { readStack } from "../../../cli/stack.ts";
import { hasNamespace } from "../../../cli/anew.ts";
import { must, type Runner } from "../runner.ts";
import type { LookAlike, Values } from "./descriptions.ts";
import type { Stage } from "./stage.ts";

const STACK = "refused";
/** Bar for a refusal, in ms. */
const SOON_MS = 30_000;
/** Nobody listens there. */
const NOWHERE = "localhost:1";

interface Refusal {
  readonly what: string;
  /** What is changed in `millrace:cluster`. */
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly images?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
  /** The name, and the way out. */
  readonly says: readonly string[];
}

export async function refusals(runner: Runner, stage: Stage, of: LookAlike, signal: AbortSignal): Promise<void> {
  for (const refusal of refusalsOf(stage, of)) {
    if (isStopped(signal)) return;
    await runner.step(`${refusal.what} is refused with name and way out`, 2 * SOON_MS, () => refuse(stage, refusal));
  }
}

function refusalsOf(stage: Stage, { ways }: LookAlike): Refusal[] {
  const { context } = stage.pose;
  const registry = stage.values["millrace:cluster"]?.["registry"] as { readonly push: string; readonly pull?: string };
  const port = Number(/:(\d+)/.exec(registry.push)?.[1]);
  const pull = registry.pull ?? registry.push;
  const common: Refusal[] = [
    {
      what: "a context that the kubeconfig does not have",
      cluster: { context: "nowhere" },
      says: ['no context "nowhere"', context, "cluster.context"],
    },
    {
      what: "a cluster that does not answer",
      cluster: { kubeconfig: deadKubeconfig(stage) },
      says: [`the cluster of context "${context}" can't be used`, "start"],
    },
    {
      what: "a StorageClass that is not there",
      cluster: { storageClass: "nowhere" },
      says: ['no StorageClass "nowhere"', stage.pose.storageClass.name, ways.storageClass],
    },
    {
      what: "a registry that this machine does not reach",
      cluster: { registry: { push: NOWHERE, pull } },
      says: [`registry ${NOWHERE} can't be used`, ways.registry],
    },
    {
      what: "a registry that no node reaches",
      cluster: { registry: { push: registry.push, pull: NOWHERE } },
      says: [`a node can't pull from ${NOWHERE}`, ways.registry],
    },
  ];
  if (stage.pose.registry.login === undefined) return common;
  return [
    ...common,
    {
      what: "a login that the registry does not take",
      cluster: {},
      env: stage.wrongLogin(port),
      says: ['refuses the login of "platform"', `docker login localhost:${port}`],
    },
    {
      what: "a registry that lets no node in without a login",
      cluster: {},
      images: { pullLogin: false },
      says: [`a node reaches ${pull}, which wants a login`, "millrace:images.pullLogin"],
    },
  ];
}

function deadKubeconfig(stage: Stage): string {
  const config = parse(readFileSync(stage.kubeconfig, "utf8")) as { clusters: { cluster: { server: string } }[] };
  for (const { cluster } of config.clusters) cluster.server = `https://${NOWHERE}`;
  const file = join(stage.clone, "..", "dead-kubeconfig");
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

async function refuse(stage: Stage, { cluster, images, env, says }: Refusal): Promise<string> {
  const given = stage.values;
  const changed: Values = {
    ...given,
    "millrace:cluster": { ...given["millrace:cluster"], ...cluster },
    ...(images && { "millrace:images": images }),
  };
  stage.writeStack(STACK, changed);
  const ran = await stage.millrace(["up", "--stack", STACK, "--yes"], 2 * SOON_MS, env);
  must(ran.code !== 0, "up went on");
  for (const words of says) must(ran.stderr.includes(words), `it does not say "${words}": ${ran.stderr.slice(-1500)}`);
  must(ran.ms < SOON_MS, `it took ${Math.round(ran.ms)} ms`);
  must(!hasState(STACK, stage.clone), "the refused stack has a state");
  const { profile, config } = readStack({ stack: "dev", target: undefined }, stage.clone);
  const kube = connect(profile);
  must(!(await hasNamespace(kube, config.cluster.namespace)), "the refused up made a namespace");
  const { items } = await kube.get<{ items: readonly object[] }>("/api/v1/namespaces/default/pods");
  must(items.length === 0, "the refused up left a pod behind");
  return `${(ran.ms / 1000).toFixed(1)} s`;
}
