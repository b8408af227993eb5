/**
 * The typed wires between components. An endpoint is what a component offers to others: where it is, how to speak to it,
 * where connections to it go, and a *reference* to the Secret that opens it, never a password. A managed or existing service is the same endpoint
 * made from values, so its consumers do not change. Each room's own is in its `endpoint.ts`; here is what several have.
 */
import type { Output, Resource } from "@pulumi/pulumi";
import type { Destination } from "./network.ts";

/** What must be there before a first request, for `dependsOn`; nothing where the service is there already. */
export type Ready = readonly Resource[];

/** One value kept in a Kubernetes Secret of the platform's namespace. */
export interface SecretKeyRef {
  /** Name of the Secret. */
  readonly secretName: Output<string>;
  /** Key in the Secret that holds the value. */
  readonly key: string;
}

/** A service that people and programs log in to over HTTP. */
export interface LoginEndpoint {
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Name of the account that the proof uses. */
  readonly robot: string;
  readonly robotPassword: SecretKeyRef;
  /** Made when the service answers. */
  readonly ready: Ready;
}

/** A page or port that people open from outside the cluster. */
export interface PublishedAddress {
  /** What it is, in the user's words: "Presto", "S3 (Versity)". */
  readonly title: string;
  /** URL or `host:port` as seen from the user's machine; `undefined` where the target publishes nothing. */
  readonly url: Output<string | undefined>;
}
