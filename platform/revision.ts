/** What a platform is made of, as a text that changes when any of it does. */
import * as pulumi from "@pulumi/pulumi";
import { configHash } from "./workload.ts";

/** Objects that decide what runs; passwords are not among them, for a text of them must not come out of their Secrets. */
const deciding = /^kubernetes:(apps\/|batch\/|core\/v1:ConfigMap$|networking\.k8s\.io\/v1:NetworkPolicy$)/;

/**
 * Gathers what a program declares. It sees each object as it is declared, under both engines, before any is made; so an
 * unchanged program has an unchanged revision.
 */
export class Revision {
  readonly #parts: { readonly name: string; readonly props: unknown }[] = [];

  /** Goes into the options of the components whose objects are meant; their children inherit it. */
  readonly transformation: pulumi.ResourceTransformation = ({ type, name, props }) => {
    if (deciding.test(type)) this.#parts.push({ name: `${type} ${name}`, props });
    return undefined;
  };

  /** Hash of all objects that were declared until now; unknown in a preview that does not know one of them. */
  current(): pulumi.Output<string> {
    const parts = this.#parts.toSorted((left, right) => (left.name < right.name ? -1 : Number(left.name > right.name)));
    // A hash of this length tells nothing of what it was made from.
    return pulumi.unsecret(pulumi.output(parts).apply((known) => configHash(JSON.stringify(known))));
  }
}
