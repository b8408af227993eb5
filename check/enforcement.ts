/** Whether the cluster's network does as its policies say: the proof tries a server that they close to it. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A server that runs, and that the proof was not handed. */
export interface ClosedServer {
  readonly host: string;
  readonly port: number;
}

/** `unknown`: the server's name was not found, so that nothing was tried. */
export type Enforcement = "enforced" | "not enforced" | "unknown";

export interface TryOptions {
  /** Ends the tries with one more. */
  readonly signal: AbortSignal;
  /** Time in which a server that is open answers, in milliseconds. @default 3000 */
  readonly limitMs?: number;
  /** Between two tries, in milliseconds. @default 1000 */
  readonly pauseMs?: number;
}

/** Tries until it is refused: a new pod's policies take effect a moment after its start. */
export async function findEnforcement(server: ClosedServer, options: TryOptions): Promise<Enforcement> {
  const { signal, limitMs = 3000, pauseMs = 1000 } = options;
  for (;;) {
    const isLast = signal.aborted;
    const found = await tryOnce(server, limitMs);
    if (found === "enforced" || isLast) return found;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * What of it can be told: a server that is away refuses as a policy does, so a refusal counts only where the data path, which
 * needs that server, was whole.
 */
export function believed(found: Enforcement | undefined, isWhole: boolean): Enforcement | undefined {
  return found === "enforced" && !isWhole ? undefined : found;
}

/** A policy's refusal is one of the network, or silence. */
async function tryOnce({ host, port }: ClosedServer, limitMs: number): Promise<Enforcement> {
  const { promise, resolve } = Promise.withResolvers<Enforcement>();
  const socket = connect({ host, port, timeout: limitMs });
  socket.once("connect", () => {
    resolve("not enforced");
  });
  socket.once("timeout", () => {
    resolve("enforced");
  });
  socket.once("error", (error: NodeJS.ErrnoException) => {
    resolve(error.syscall === "getaddrinfo" ? "unknown" : "enforced");
  });
  return await promise.finally(() => socket.destroy());
}
