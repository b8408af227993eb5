/** Airflow's generated secrets: the keys of its processes, and the passwords of its first accounts. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { People } from "../../platform/endpoints.ts";
import { accountPasswords } from "../../platform/generated-secret.ts";
import { labels, ROBOT } from "../../platform/names.ts";

/** Account of people, with the first password; they may change it. */
export const ADMIN = "admin";
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
): Omit<People, "users"> {
  const accounts = Object.fromEntries([ADMIN, ROBOT].map((user) => [user, `${name}-${user}-password`]));
  return accountPasswords(`${name}-users`, { namespace, labels: labels(name, "users"), accounts }, opts);
}
