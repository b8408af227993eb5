/** A certificate of a service's own, in a Secret: whoever speaks to it inside the cluster trusts that one and no other. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { generate } from "selfsigned";
import { CA_KEY } from "./authority.ts";
import type { SecretKeyRef } from "./endpoints.ts";

const YEARS = 10;

export interface OwnCertificateArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of the Secret, and of the resource. It has `tls.crt`, `tls.key` and, for clients, `ca.crt`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names and addresses by which clients reach the service. The first one is its name. */
  readonly hosts: readonly [string, ...string[]];
}

/**
 * Made once, valid for ten years, and kept as it is from then on; to have another one, delete the Secret and run `npm run up`.
 * @returns where clients find what to trust
 */
export function ownCertificate(args: OwnCertificateArgs, opts: pulumi.CustomResourceOptions): SecretKeyRef {
  const { namespace, name, labels, hosts } = args;
  const made = pulumi.secret(pulumi.output(certificateFor(hosts)));
  const secret = new k8s.core.v1.Secret(
    name,
    { metadata: { name, namespace, labels }, stringData: made },
    // Another one each time would restart whoever has it.
    { ...opts, ignoreChanges: ["data", "stringData"] },
  );
  return { secretName: secret.metadata.name, key: CA_KEY };
}

/** Keys of the Secret. */
export async function certificateFor(
  hosts: OwnCertificateArgs["hosts"],
  now = new Date(),
): Promise<Record<"tls.crt" | "tls.key" | typeof CA_KEY, string>> {
  const end = new Date(now);
  end.setFullYear(end.getFullYear() + YEARS);
  const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host);
  const { cert, private: key } = await generate([{ name: "commonName", value: hosts[0] }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    // A clock that is behind would refuse a certificate of now.
    notBeforeDate: new Date(now.getTime() - 24 * 3600 * 1000),
    notAfterDate: end,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: hosts.map((host) =>
          isAddress(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host },
        ),
      },
    ],
  });
  return { "tls.crt": cert, "tls.key": key, [CA_KEY]: cert };
}
