/** Texts that the stack's file gives, in a Secret of their own. */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Component, type ComponentOptions } from "./component.ts";
import type { SecretKeyRef } from "./endpoints.ts";
import { labels } from "./names.ts";
import { givableSecret, type Quarters } from "./quarters.ts";
import { configHash } from "./workload.ts";

const SALT_LENGTH = 32;
const MARK_LENGTH = 8;

export interface GivenSecretArgs {
  readonly namespace: pulumi.Input<string>;
  /** By key of the Secret. */
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * A Secret whose name changes with its texts: whatever refers to it is changed too, and pods start anew with the new
 * texts. The name does not tell the texts, also not to who tries many: it is salted.
 */
export class GivenSecret extends Component {
  readonly secretName: pulumi.Output<string>;
  readonly #give: (to: Quarters) => void;

  constructor(name: string, args: GivenSecretArgs, opts?: ComponentOptions) {
    super("GivenSecret", name, { keys: Object.keys(args.texts) }, opts);
    const childOptions = { parent: this };
    const salt = new random.RandomPassword(`${name}-salt`, { length: SALT_LENGTH, special: false }, childOptions);
    const texts = pulumi.secret(args.texts);
    const mark = pulumi
      .all([salt.result, texts])
      .apply(([before, known]) => configHash(before + JSON.stringify(known)).slice(0, MARK_LENGTH));
    const { secretName, give } = givableSecret(
      name,
      {
        name: pulumi.unsecret(mark).apply((text) => `${name}-${text}`),
        namespace: args.namespace,
        labels: labels(name, "given"),
        stringData: texts,
      },
      childOptions,
    );
    this.secretName = secretName;
    this.#give = give;
    this.registerOutputs({ secretName: this.secretName });
  }

  /** One of its texts. */
  ref(key: string): SecretKeyRef {
    return { secretName: this.secretName, key, give: this.#give };
  }
}
