/** Certificates of an authority of one's own, as the stack's file gives them. */
import { X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;
/** Clients get it in a variable of their environment, of which Linux takes 128 KiB. */
const MOST_BYTES = 64 * 1024;

/** Key of the certificates in a Secret, as cert-manager and Kubernetes call it. */
export const CA_KEY = "ca.crt";

/**
 * What is wrong with an authority's certificates; empty when nothing is.
 * @param at The setting: `millrace:services.kafka.existing.ca`.
 * @param now In ms since 1970. @default - now
 */
export function authorityProblems(at: string, pem: string, now = Date.now()): string[] {
  const wanted = 'give certificates in PEM, from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----"';
  const blocks = [...pem.matchAll(BLOCK)].map(([block, kind = ""]) => ({ block, kind }));
  if (Buffer.byteLength(pem) > MOST_BYTES) {
    return [
      `${at}: received ${Buffer.byteLength(pem)} bytes; give at most ${MOST_BYTES}: only the authority that has signed`,
    ];
  }
  if (blocks.length === 0) return [`${at}: is no certificate in PEM; ${wanted}`];
  const other = blocks.find(({ kind }) => kind !== "CERTIFICATE");
  if (other !== undefined) {
    return [`${at}: holds a ${other.kind}, which no client needs; ${wanted} and nothing else`];
  }
  const certificates = blocks.map(({ block }) => certificateIn(block));
  const broken = certificates.indexOf(undefined);
  if (broken >= 0) return [`${at}: certificate ${broken + 1} of ${blocks.length} can't be read; ${wanted}`];
  const found = certificates.filter((certificate) => certificate !== undefined);
  if (found.some(({ validTo }) => Date.parse(validTo) > now)) return [];
  const last = found.map(
    ({ subject, validTo }) => `"${oneLine(subject)}" on ${new Date(validTo).toISOString().slice(0, 10)}`,
  );
  return [`${at}: has ended, ${last.join(", ")}, so clients trust nobody by it; give the one that is valid now`];
}

function certificateIn(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.split("\n").join(", ");
}
