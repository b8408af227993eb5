/**
 * The typed wires between components. An endpoint is what a component offers to others: where it is, how to speak to it,
 * where connections to it go, and a *reference* to the Secret that opens it, never a password. A managed or existing service is the same endpoint
 * made from values, so its consumers do not change. Each room's own is in its `endpoint.ts`; here is what several have.
 */
import type { Output, Resource } from "@pulumi/pulumi";
import type { Destination } from "./network.ts";
import type { Givable } from "./quarters.ts";

/** What must be there before a first request, for `dependsOn`; nothing where the service is there already. */
export type Ready = readonly Resource[];

/** One value kept in a Kubernetes Secret of the platform's namespace. */
export interface SecretKeyRef extends Givable {
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

/** People with their first passwords: each has a key of the Secret, by their escaped name. */
export interface People {
  readonly users: readonly string[];
  readonly secretName: Output<string>;
  /** Changes when a password does, and does not tell it. */
  readonly fingerprint: Output<string>;
}

/** A page that asks nobody who they are, as the proxy before it needs it. */
export interface GuardedPage {
  /** What it is, in the user's words. */
  readonly title: string;
  /** Where the proxy listens for it. */
  readonly port: number;
  /** Where the page is, inside the cluster. */
  readonly host: Output<string>;
  readonly hostPort: number;
  readonly at: Destination;
  readonly rules: GuardRules;
}

/** What a proxy before a page must know of it. */
export interface GuardRules {
  /** Header that names the user. The proxy sets it, whatever the client says. @default - none */
  readonly userHeader?: string;
  /** Begins of the paths that people and clients use; the proxy refuses all others. @default - all paths */
  readonly paths?: readonly string[];
}

/** A page or port that people open from outside the cluster. */
export interface PublishedAddress {
  /** What it is, in the user's words: "Presto", "S3 (Versity)". */
  readonly title: string;
  /** URL or `host:port` as seen from the user's machine; `undefined` where the target publishes nothing. */
  readonly url: Output<string | undefined>;
  /** The page behind the login. @default - it asks for one itself, or nobody does */
  readonly guarded?: GuardedPage;
}
