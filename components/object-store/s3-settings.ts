/** How S3 clients are told where an object store is. */
import * as pulumi from "@pulumi/pulumi";
import type { S3Endpoint } from "./endpoint.ts";
import { type EnvVar, secretEnv } from "../../platform/workload.ts";

/** `http://host:port` of an endpoint. */
export function s3Url(endpoint: S3Endpoint): pulumi.Output<string> {
  return pulumi.interpolate`${endpoint.protocol}://${endpoint.host}:${endpoint.port}`;
}

/** The environment variables in which every AWS SDK looks for its keys. */
export function awsKeyEnv(endpoint: S3Endpoint): EnvVar[] {
  const { secretName, accessKeyField, secretKeyField } = endpoint.credentials;
  return [
    secretEnv("AWS_ACCESS_KEY_ID", secretName, accessKeyField),
    secretEnv("AWS_SECRET_ACCESS_KEY", secretName, secretKeyField),
    { name: "AWS_REGION", value: endpoint.region },
  ];
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
