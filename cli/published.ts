/** How the addresses that a stack publishes are asked from this machine. */
import { rooms } from "../config/rooms.ts";
import { ROBOT } from "../platform/names.ts";
import { type Account, type AnsweringOptions, askingOf } from "./answering.ts";
import { connect, type Kube } from "./kube.ts";
import { readSecret } from "./secrets.ts";
import type { Stack } from "./stack.ts";

export function askingAt(stack: Stack, signal: AbortSignal): AnsweringOptions {
  return {
    ...askingOf(stack.profile.exposure),
    ca: stack.config.cluster.ingress?.tls?.ca,
    login: () => robotAccount(connect(stack.profile), stack.config.cluster.namespace),
    signal,
  };
}

/** The proof's account at the proxy that asks for logins; `undefined` where there is no such proxy. */
export async function robotAccount(kube: Pick<Kube, "get">, namespace: string): Promise<Account | undefined> {
  const accounts = rooms.find(({ guards }) => guards === true)?.accounts;
  if (accounts?.kind !== "passwords") return undefined;
  const password = (await readSecret(kube, namespace, accounts.secret))?.[ROBOT];
  return password === undefined ? undefined : { user: ROBOT, password };
}
