/** What the object store offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";
import type { Givable } from "../../platform/quarters.ts";

/** A key pair kept in a Kubernetes Secret of the platform's namespace. */
export interface AccessKeyRef extends Givable {
  /** Name of the Secret. */
  readonly secretName: Output<string>;
  /** Key in the Secret that holds the access key id. */
  readonly accessKeyField: string;
  /** Key in the Secret that holds the secret access key. */
  readonly secretKeyField: string;
  /** Key in the Secret that holds the session token. @default - the key has none, for it does not end */
  readonly sessionTokenField?: string;
}

/** An S3 API, seen with the rights of one consumer. */
export interface S3Endpoint {
  readonly kind: "s3";
  /** Where connections to it go. */
  readonly at: Destination;
  readonly protocol: Output<"http" | "https">;
  /** DNS name, reachable from pods. */
  readonly host: Output<string>;
  readonly port: Output<number>;
  /** Region that requests are signed for. */
  readonly region: Output<string>;
  /** `true`: buckets are path segments; `false`: buckets are host names. */
  readonly pathStyle: boolean;
  /** Authority that has signed the service's certificate, in PEM. @default - a public one */
  readonly ca?: SecretKeyRef;
  /** The consumer's own key pair. */
  readonly credentials: AccessKeyRef;
  /** Made when buckets and keys exist and answer; wait for it only where the first request must succeed. */
  readonly ready: Ready;
}

/** What consumers take an object store's endpoint from, whichever it is. */
export interface S3Source<Consumer extends string> {
  /** The store as one consumer sees it, with the consumer's own key pair. */
  readonly access: (consumer: Consumer) => S3Endpoint;
}
