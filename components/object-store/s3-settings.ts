/** How S3 clients are told where an object store is. */
import * as pulumi from "@pulumi/pulumi";
import type { AccessKeyRef, S3Endpoint } from "./endpoint.ts";
import type { Trust } from "../../platform/trust.ts";
import { type EnvVar, secretEnv } from "../../platform/workload.ts";

/** `http://host:port` of an endpoint. */
export function s3Url(endpoint: S3Endpoint): pulumi.Output<string> {
  return pulumi.interpolate`${endpoint.protocol}://${endpoint.host}:${endpoint.port}`;
}

/** Keys of a Secret by the variables in which every AWS SDK looks for them. */
export function keyFields(credentials: AccessKeyRef): Record<string, string> {
  const { accessKeyField, secretKeyField, sessionTokenField } = credentials;
  return {
    AWS_ACCESS_KEY_ID: accessKeyField,
    AWS_SECRET_ACCESS_KEY: secretKeyField,
    ...(sessionTokenField !== undefined && { AWS_SESSION_TOKEN: sessionTokenField }),
  };
}

/** A key pair in the variables in which every AWS SDK looks for it. */
export function keyEnv(credentials: AccessKeyRef): EnvVar[] {
  return Object.entries(keyFields(credentials)).map(([name, field]) => secretEnv(name, credentials.secretName, field));
}

/** The environment of every AWS SDK. Where the endpoint has an authority of its own, the pod must trust it: {@link s3Trust}. */
export function awsKeyEnv(endpoint: S3Endpoint): EnvVar[] {
  return [...keyEnv(endpoint.credentials), { name: "AWS_REGION", value: endpoint.region }];
}

/** The environment of the platform's own programs that use S3, in Node. */
export function s3Env(endpoint: S3Endpoint): EnvVar[] {
  return [
    { name: "S3_URL", value: s3Url(endpoint) },
    { name: "S3_PATH_STYLE", value: String(endpoint.pathStyle) },
    ...s3CaEnv(endpoint),
    ...awsKeyEnv(endpoint),
  ];
}

/** What a client of `s3Client` reads by itself, beside what it is given. */
export function s3ClientEnv(endpoint: S3Endpoint): EnvVar[] {
  const { secretName, sessionTokenField } = endpoint.credentials;
  return [
    ...s3CaEnv(endpoint),
    ...(sessionTokenField === undefined ? [] : [secretEnv("AWS_SESSION_TOKEN", secretName, sessionTokenField)]),
  ];
}

function s3CaEnv({ ca }: S3Endpoint): EnvVar[] {
  return ca === undefined ? [] : [secretEnv("S3_CA", ca.secretName, ca.key)];
}

/** What a pod trusts, so that its programs can use the store; nothing where a public authority has signed. */
export function s3Trust({ ca }: Pick<S3Endpoint, "ca">, by: Trust["by"]): { readonly trust?: Trust } {
  return ca === undefined ? {} : { trust: { ca, by } };
}

/** Hadoop's S3A settings; keys come from the environment. */
export function s3aSettings(endpoint: S3Endpoint): Record<string, pulumi.Input<string>> {
  return {
    "fs.s3a.endpoint": s3Url(endpoint),
    "fs.s3a.endpoint.region": endpoint.region,
    "fs.s3a.path.style.access": String(endpoint.pathStyle),
    "fs.s3a.connection.ssl.enabled": endpoint.protocol.apply((protocol) => String(protocol === "https")),
    // Without it S3A also asks for the keys of a cloud's virtual machine, which takes seconds where there is none.
    "fs.s3a.aws.credentials.provider": "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
    // Looking for the bucket at start would make clients wait for it before they need it.
    "fs.s3a.bucket.probe": "0",
  };
}
