/** What an S3 server must say about itself for `ObjectStore` to run it. */
import type * as pulumi from "@pulumi/pulumi";
import type { EnvVar, Probes, VolumeMount } from "../../platform/workload.ts";
import type { Right } from "./programs/rights.ts";

/** What a consumer may do with a bucket. */
export type BucketRight = "read" | "readWrite" | "owner";

/** Rights in the words of the setup Job. */
export const rightNames: Readonly<Record<BucketRight, readonly Right[]>> = {
  read: ["read"],
  readWrite: ["read", "write"],
  owner: ["read", "write", "owner"],
};

/** Buckets, and for each consumer its right on each bucket that it may use. */
export interface ObjectStoreContents {
  readonly buckets: readonly string[];
  readonly keys: Readonly<Record<string, Readonly<Record<string, BucketRight>>>>;
}

/** What the setup Job runs. */
export interface SetupContainer {
  readonly image: pulumi.Input<string>;
  readonly command: readonly pulumi.Input<string>[];
  readonly env: readonly EnvVar[];
}

/** An S3 server: its ports, paths and environment, and how buckets and keys are made in it. */
export interface S3Server {
  /** In the user's words. */
  readonly title: string;
  readonly region: string;
  readonly s3Port: number;
  /** Port numbers by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Port at which the setup Job makes buckets and keys. */
  readonly setupPort: number;
  /** Port of its web page. @default - it has none */
  readonly consolePort?: number;
  /** Where its claim is mounted. */
  readonly dataPath: string;
  /** Generates the values of the server's own Secret. */
  readonly secretData: (
    name: string,
    opts: pulumi.CustomResourceOptions,
  ) => Readonly<Record<string, pulumi.Output<string>>>;
  /** Texts of its ConfigMap, none of them secret. */
  readonly configData: Readonly<Record<string, string>>;
  /** Texts of the setup Job's ConfigMap, mounted at /setup. Empty: there is no such ConfigMap. */
  readonly setupConfigData: (contents: ObjectStoreContents) => Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env: (secretName: pulumi.Input<string>) => EnvVar[];
  /** Mount of the ConfigMap, as the volume `config`. @default - it has no ConfigMap */
  readonly configMount?: VolumeMount;
  /** Folder of its own Secret's values as files, in its pods and in the setup Job's. @default - they are in the environment only */
  readonly secretPath?: string;
  readonly probes: Probes;
  readonly setup: (args: {
    /** DNS name of the server. */
    readonly host: pulumi.Output<string>;
    readonly secretName: pulumi.Input<string>;
    readonly serverImage: pulumi.Input<string>;
    readonly toolsImage: pulumi.Input<string>;
    /** `{buckets: [...], keys: {consumer: {bucket: ["read", "write", "owner"]}}}` */
    readonly setupJson: string;
  }) => SetupContainer;
}
