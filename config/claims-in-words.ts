/** Claims as people read of them. */
import type { LiveClaim } from "./live-platform.ts";

/** `claim data-kafka-0 (5Gi)`, or several of them. */
export function claimsInWords(claims: readonly LiveClaim[]): string {
  const listed = claims.map(({ name, sizeBytes }) => `${name} (${sizeInWords(sizeBytes)})`).join(", ");
  return `${claims.length === 1 ? "claim" : "claims"} ${listed}`;
}

/** In Gi where that is a whole number, else in Mi. */
export function sizeInWords(bytes: number): string {
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}Gi` : `${Math.ceil(bytes / 2 ** 20)}Mi`;
}
