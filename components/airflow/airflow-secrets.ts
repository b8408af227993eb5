/** Airflow's generated secrets: the keys of its processes, and the passwords of its first accounts. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { labels, ROBOT } from "../../platform/names.ts";
import { configHash } from "../../platform/workload.ts";

/** Account of people, with the first password; they may change it. */
export const ADMIN = "admin";
const PASSWORD_LENGTH = 24;
const FERNET_BYTES = 32;
const SIGNING_BYTES = 64;

/** A Fernet key (32 bytes in URL-safe base64, padded) from their hexadecimal digits. */
export function fernetKey(hex: string): string {
  return `${Buffer.from(hex, "hex").toString("base64url")}=`;
}

/** Keys that encrypt what is in the database (`fernet`) and sign tokens (`jwt`) and sessions (`api`). Returns the Secret's name. */
export function createKeys(
  name: string,
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const hex = (what: string, length: number): pulumi.Output<string> =>
    new random.RandomBytes(`${name}-${what}-key`, { length }, opts).hex;
  const secret = new k8s.core.v1.Secret(
    `${name}-keys`,
    {
      metadata: { name: `${name}-keys`, namespace, labels: labels(name, "keys") },
      stringData: {
        fernet: pulumi.secret(hex("fernet", FERNET_BYTES).apply(fernetKey)),
        jwt: pulumi.secret(hex("jwt", SIGNING_BYTES)),
        api: pulumi.secret(hex("api", SIGNING_BYTES)),
      },
    },
    opts,
  );
  return secret.metadata.name;
}

/** Passwords by account, and a fingerprint of them that tells none. */
export function createUsers(
  name: string,
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): { readonly secretName: pulumi.Output<string>; readonly fingerprint: pulumi.Output<string> } {
  const password = (user: string): pulumi.Output<string> =>
    new random.RandomPassword(`${name}-${user}-password`, { length: PASSWORD_LENGTH, special: false }, opts).result;
  const passwords = { [ADMIN]: password(ADMIN), [ROBOT]: password(ROBOT) };
  const secret = new k8s.core.v1.Secret(
    `${name}-users`,
    {
      metadata: { name: `${name}-users`, namespace, labels: labels(name, "users") },
      stringData: pulumi.secret(passwords),
    },
    opts,
  );
  const fingerprint = pulumi.unsecret(pulumi.output(passwords).apply((texts) => configHash(JSON.stringify(texts))));
  return { secretName: secret.metadata.name, fingerprint };
}
