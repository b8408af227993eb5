/** Whether the published addresses answer from this machine: a Service can be ready inside and reach nobody outside. */
import { connect } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { answerMs, refusedMs } from "../platform/hops/limits.ts";
import type { Exposure } from "../platform/exposure.ts";
import { describeError } from "../platform/describe-error.ts";
import type { Greeting } from "../platform/operating.ts";
import { type Address, portOf } from "./addresses.ts";

/**
 * A cloud gives a load balancer its name some minutes before the name is known everywhere; an Ingress waits for its controller and for
 * its certificate. In ms.
 */
const outsideMs = 10 * refusedMs;

/** Node's codes for a certificate that nobody it knows has signed. */
const strangers = [
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
];

export interface AnsweringOptions {
  /** Time in which each address must have answered once, in ms. */
  readonly limitMs: number;
  /**
   * Whether requests go through a controller that chooses by host name: it answers 404 in the place of a page that it does not know.
   * @default false
   */
  readonly isRouted?: boolean;
  /** Authority that is trusted beside those that Node knows, in PEM. @default - none */
  readonly ca?: string | undefined;
  /** @default 1000 */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
}

/** How long addresses are asked, and what is no answer there. */
export function askingOf({ kind }: Pick<Exposure, "kind">): Required<Pick<AnsweringOptions, "limitMs" | "isRouted">> {
  return {
    limitMs: kind === "loadBalancer" || kind === "ingress" ? outsideMs : refusedMs,
    isRouted: kind === "ingress",
  };
}

/** Asks all at once, each again and again. @returns a sentence for each that does not answer in time */
export async function silentAddresses(addresses: readonly Address[], options: AnsweringOptions): Promise<string[]> {
  if (options.ca !== undefined) setDefaultCACertificates([...getCACertificates("default"), options.ca]);
  const problems = await Promise.all(addresses.map((address) => problemOf(address, options)));
  return problems.filter((problem) => problem !== undefined);
}

async function problemOf(address: Address, options: AnsweringOptions): Promise<string | undefined> {
  const { title, url } = address;
  const { limitMs, pauseMs = 1000, isRouted = false } = options;
  const limit = AbortSignal.timeout(limitMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  let why = "it accepts connections but does not answer";
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      await ask(address, isRouted, AbortSignal.any([signal, AbortSignal.timeout(answerMs)]));
      return undefined;
    } catch (error) {
      // An attempt that the limit has cut short has nothing new to say.
      if (!isOver()) why = describeError(error);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  if (options.signal?.aborted === true) return undefined;
  const hint = strangers.some((code) => why.includes(code))
    ? "; this machine does not know who signed its certificate: for a CA of your own, give millrace:cluster.ingress.tls.ca, or set NODE_EXTRA_CA_CERTS to the CA's file"
    : "";
  return `${title} does not answer at its published address ${url} from this machine, tried for ${Math.round(limitMs / 1000)} s: ${why}${hint}`;
}

/** @throws {Error} when nothing that serves has answered */
async function ask(address: Address, isRouted: boolean, signal: AbortSignal): Promise<void> {
  const { url } = address;
  if (!/^https?:/.test(url)) {
    const greeting = portOf(address)?.greeting;
    if (greeting === undefined) throw new Error("its room does not say how it is asked (greeting)");
    await greet(url, greeting, signal);
    return;
  }
  const response = await fetch(url, { redirect: "manual", signal });
  await response.body?.cancel();
  // Whoever asks for a login or a key serves.
  if (response.status >= 500) throw new Error(`it answers with status ${response.status}`);
  // The start page of everything that is published is there.
  if (isRouted && response.status === 404)
    throw new Error("the ingress controller does not know this host name (status 404)");
}

/** A published port takes connections also when nothing is behind it, so an answer is waited for. */
async function greet(address: string, greeting: Greeting, signal: AbortSignal): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const expected = Buffer.from(greeting.answer, "hex");
  const end = greeting.from + expected.length;
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) });
  let seen = Buffer.alloc(0);
  const abort = (): void => {
    reject(new Error("it accepts connections but does not answer"));
  };
  signal.addEventListener("abort", abort, { once: true });
  socket.on("connect", () => void socket.write(Buffer.from(greeting.ask, "hex")));
  socket.on("data", (data: Buffer) => {
    seen = Buffer.concat([seen, data]);
    if (seen.length < end) return;
    if (seen.subarray(greeting.from, end).equals(expected)) resolve(undefined);
    else reject(new Error(`what answers there is not a ${greeting.by}`));
  });
  socket.on("error", reject);
  socket.on("close", () => {
    reject(new Error("the connection was closed without an answer"));
  });
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}
