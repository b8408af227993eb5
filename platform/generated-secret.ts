/** A password or token that nobody has chosen, in a Secret of its own. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SecretKeyRef } from "./endpoints.ts";
import { configHash } from "./workload.ts";

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
  const secret = new k8s.core.v1.Secret(
    secretName,
    { metadata: { name: secretName, namespace, labels }, stringData: { [key]: pulumi.secret(generated.result) } },
    opts,
  );
  return {
    ref: { secretName: secret.metadata.name, key },
    // Sixteen digits of a hash do not tell a text, so that a change of it may show.
    fingerprint: pulumi.unsecret(generated.result.apply((text) => configHash(text))),
  };
}
