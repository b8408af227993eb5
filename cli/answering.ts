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

/** An account of the proxy that asks for logins. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

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
  /** The account for addresses with a login. @default - they are asked for nothing but the login */
  readonly login?: (() => Promise<Account | undefined>) | undefined;
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
  const { limitMs, pauseMs = 1000 } = options;
  const limit = AbortSignal.timeout(limitMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  let why = "it accepts connections but does not answer";
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      await ask(address, options, AbortSignal.any([signal, AbortSignal.timeout(answerMs)]));
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
async function ask(
  address: Address,
  { isRouted = false, login }: AnsweringOptions,
  signal: AbortSignal,
): Promise<void> {
  const { url } = address;
  if (!/^https?:/.test(url)) {
    const greeting = portOf(address)?.greeting;
    if (greeting === undefined) throw new Error("its room does not say how it is asked (greeting)");
    await greet(url, greeting, signal);
    return;
  }
  let status: number;
  try {
    status = await statusOf(url, signal);
  } catch (error) {
    // It has shown its own certificate: it serves. An Ingress shows its controller's, whether anybody is behind it or not.
    const showsOwn = portOf(address)?.hasOwnCertificate === true && !isRouted;
    if (showsOwn && strangers.some((code) => describeError(error).includes(code))) return;
    throw error;
  }
  // Whoever asks for a login or a key serves.
  if (status >= 500) throw new Error(`it answers with status ${status}`);
  // The start page of everything that is published is there.
  if (isRouted && status === 404) throw new Error("the ingress controller does not know this host name (status 404)");
  if (address.login !== true) return;
  if (status !== 401) {
    throw new Error(
      `it answers with status ${status} to somebody who has not logged in, where it must ask for a login (401)`,
    );
  }
  const account = await login?.();
  if (account === undefined) return;
  const behind = await statusOf(url, signal, account);
  if (behind === 401) throw new Error(`it refuses the password of account "${account.user}" (status 401)`);
  if (behind >= 400) throw new Error(`what is behind its login answers with status ${behind}`);
}

async function statusOf(url: string, signal: AbortSignal, account?: Account): Promise<number> {
  const key = account && Buffer.from(`${account.user}:${account.password}`).toString("base64");
  const headers = key === undefined ? {} : { authorization: `Basic ${key}` };
  const response = await fetch(url, { redirect: "manual", signal, headers });
  await response.body?.cancel();
  return response.status;
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
