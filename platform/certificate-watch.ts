/** Until when certificates of servers hold, as the servers show them. */
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Sample } from "./watching.ts";

/** Name of the figure: seconds since 1970. Alert `CertificateEnds` is about all of them. */
export const CERTIFICATE_END = "millrace_certificate_end_seconds";

const AGAIN_MS = 10 * 60_000;
const ANSWER_MS = 5000;

/**
 * Asks servers for their certificates, and again after ten minutes. Of one that shows none nothing is known: whether it answers is for
 * others to say.
 * @param addresses `host:port` of each
 */
export function certificateWatch(addresses: readonly string[]): () => Promise<Sample[]> {
  let known: readonly Sample[] = [];
  let next = 0;
  return async () => {
    if (Date.now() < next) return [...known];
    const asked = await Promise.allSettled(addresses.map(async (address) => [address, await endOf(address)] as const));
    const answers = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    known = answers.map(([address, value]) => ({ name: CERTIFICATE_END, labels: { address }, value }));
    next = answers.length === addresses.length ? Date.now() + AGAIN_MS : 0;
    return [...known];
  };
}

function endOf(address: string): Promise<number> {
  const { hostname: host, port } = new URL(`https://${address}`);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const name = host.replaceAll(/[[\]]/g, "");
  const socket = connect({
    host: name,
    port: Number(port || 443),
    ...(isIP(name) === 0 && { servername: name }),
    // Whoever signed it: it is only looked at.
    rejectUnauthorized: false,
    timeout: ANSWER_MS,
  });
  const fail = (error: Error): void => {
    socket.destroy();
    reject(error);
  };
  socket.once("secureConnect", () => {
    const { valid_to: end } = socket.getPeerCertificate();
    socket.end();
    resolve(Date.parse(end) / 1000);
  });
  socket.once("error", fail);
  socket.once("timeout", () => {
    fail(new Error(`no answer within ${ANSWER_MS / 1000} s`));
  });
  return promise;
}
