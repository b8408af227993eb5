/** What is wrong with a cluster's certificates, in words: a clock that was changed, a long sleep, another cluster. */
import { X509Certificate } from "node:crypto";

const foreign = "is not signed by the authority that the kubeconfig names: the kubeconfig is for another cluster";

/** What TLS says of a server's certificate, by Node's code of the error. */
const serverTroubles: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another address than the kubeconfig's",
  DEPTH_ZERO_SELF_SIGNED_CERT: foreign,
  SELF_SIGNED_CERT_IN_CHAIN: foreign,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: foreign,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: foreign,
  CERT_SIGNATURE_FAILURE: foreign,
};

/** @returns what is wrong with the API server's certificate; `undefined`: the error is another one */
export function serverCertificateTrouble(error: unknown, now = new Date()): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const trouble = code === undefined ? undefined : serverTroubles[code];
  if (trouble === undefined) return undefined;
  const isOfTime = code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID";
  return `the API server's certificate ${trouble}${isOfTime ? clockWords(now) : ""}`;
}

/**
 * @param pem - certificate of the kubeconfig's user, as text
 * @returns why no API server takes it now; `undefined`: by its time it is good, or it can't be read
 */
export function clientCertificateTrouble(pem: string, now = new Date()): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return undefined;
  }
  const { validFromDate: from, validToDate: to } = certificate;
  if (now > to) return `the kubeconfig's own certificate expired on ${to.toISOString()}${clockWords(now)}`;
  if (now < from) return `the kubeconfig's own certificate is not valid before ${from.toISOString()}${clockWords(now)}`;
  return undefined;
}

function clockWords(now: Date): string {
  return `; this machine's clock says ${now.toISOString()}: set it right if it is wrong`;
}

/** How certificates are made anew, by whether the cluster is Millrace's own. */
export function renewalWords(embedded: boolean): string {
  return embedded
    ? "docker restart of the node's container renews the embedded cluster's certificates, and npm run up then continues"
    : "otherwise get a new kubeconfig from whoever runs the cluster";
}
