/** A password or token that nobody has chosen, in a Secret of its own. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { People, SecretKeyRef } from "./endpoints.ts";
import { CREDENTIAL, labels as labelsOf, roleSecretName } from "./names.ts";
import { givableSecret } from "./quarters.ts";
import { configHash, type Volume, type VolumeMount } from "./workload.ts";

export interface GeneratedSecretArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of the generated text in the state; another name makes another text. */
  readonly name: string;
  readonly secretName: string;
  /** Key in the Secret that holds the text. */
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Letters and digits in the text. */
  readonly length: number;
}

export interface GeneratedSecret {
  readonly ref: SecretKeyRef;
  /** Changes when the text does, and does not tell it. */
  readonly fingerprint: pulumi.Output<string>;
}

/** Letters and digits only, so the text needs no escaping in a URL. */
export function generatedSecret(args: GeneratedSecretArgs, opts: pulumi.ComponentResourceOptions): GeneratedSecret {
  const { namespace, name, secretName, key, labels, length } = args;
  const generated = new random.RandomPassword(name, { length, special: false }, opts);
  const secret = givableSecret(
    secretName,
    { name: secretName, namespace, labels, stringData: { [key]: pulumi.secret(generated.result) } },
    opts,
  );
  return {
    ref: { ...secret, key },
    // Sixteen digits of a hash do not tell a text, so that a change of it may show.
    fingerprint: pulumi.unsecret(generated.result.apply((text) => configHash(text))),
  };
}

/** Key of the password in a role's Secret. */
export const PASSWORD_KEY = "password";

const ROLE_PASSWORD_LENGTH = 32;

/** The password of a role of a database, in a Secret that is named after both. */
export function rolePassword(
  database: string,
  role: string,
  namespace: pulumi.Input<string>,
  opts: pulumi.ComponentResourceOptions,
): GeneratedSecret {
  return generatedSecret(
    {
      namespace,
      name: `${database}-${role}-password`,
      secretName: roleSecretName(database, role),
      key: PASSWORD_KEY,
      labels: labelsOf(database, CREDENTIAL.role),
      length: ROLE_PASSWORD_LENGTH,
    },
    opts,
  );
}

/**
 * Secrets as files of a pod: each key of a consumer's Secret is a file in the folder `<path>/<consumer>`.
 * @param what Begin of the volumes' names, for example "password".
 */
export function secretFolders(
  what: string,
  path: string,
  secrets: readonly (readonly [consumer: string, secretName: pulumi.Input<string>])[],
): { readonly volumes: Volume[]; readonly mounts: VolumeMount[] } {
  const all = secrets.map(([consumer, secretName]) => ({
    // Names of volumes have no underscore.
    volume: `${what}-${consumer.replaceAll("_", "-")}`,
    consumer,
    secretName,
  }));
  return {
    volumes: all.map(({ volume: name, secretName }) => ({ name, secret: { secretName } })),
    mounts: all.map(({ volume: name, consumer }) => ({ name, mountPath: `${path}/${consumer}`, readOnly: true })),
  };
}

const ACCOUNT_PASSWORD_LENGTH = 24;

/**
 * Passwords of accounts in one Secret, for people to log in with.
 * @param args.accounts Names of the resources that make the passwords, by the accounts' keys in the Secret.
 */
export function accountPasswords(
  name: string,
  args: {
    readonly namespace: pulumi.Input<string>;
    readonly labels: Readonly<Record<string, string>>;
    readonly accounts: Readonly<Record<string, string>>;
  },
  opts: pulumi.CustomResourceOptions,
): Omit<People, "users"> {
  const { namespace, labels, accounts } = args;
  const passwords = Object.fromEntries(
    Object.entries(accounts).map(([key, resource]) => {
      const settings = { length: ACCOUNT_PASSWORD_LENGTH, special: false };
      return [key, new random.RandomPassword(resource, settings, opts).result];
    }),
  );
  const secret = new k8s.core.v1.Secret(
    name,
    { metadata: { name, namespace, labels }, stringData: pulumi.secret(passwords) },
    opts,
  );
  const fingerprint = pulumi.unsecret(pulumi.output(passwords).apply((texts) => configHash(JSON.stringify(texts))));
  return { secretName: secret.metadata.name, fingerprint };
}
