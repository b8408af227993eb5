/** MinIO as the S3 server, by the contract of its official image; users and policies are made with its own `mc`. */
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { dataPaths } from "./data-paths.ts";
import { type BucketRight, type ObjectStoreContents, rightNames, type S3Server } from "./object-store-server.ts";
import { actionsOf } from "./programs/rights.ts";
import { httpProbe, secretEnv } from "../../platform/workload.ts";

const S3_PORT = 9000;
const CONSOLE_PORT = 9001;
const ROOT_USER = "rootUser";
const ROOT_PASSWORD = "rootPassword";

/** The policy of one consumer: its rights on its buckets and nothing else. */
export function minioPolicy(rights: Readonly<Record<string, BucketRight>>): object {
  return {
    Version: "2012-10-17",
    Statement: Object.entries(rights).flatMap(([bucket, right]) => [
      { Effect: "Allow", Action: actionsOf(rightNames[right], "bucket"), Resource: [`arn:aws:s3:::${bucket}`] },
      { Effect: "Allow", Action: actionsOf(rightNames[right], "object"), Resource: [`arn:aws:s3:::${bucket}/*`] },
    ]),
  };
}

/**
 * The script that makes buckets, users and policies; running it again changes nothing. Keys reach `mc` by standard
 * input and the environment, never as arguments, which other processes could see.
 */
export function minioSetupScript(contents: ObjectStoreContents): string {
  const lines = [
    "set -eu",
    'export MC_CONFIG_DIR=/tmp/mc MC_HOST_store="http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@$SERVER_HOST"',
    "attach() { # attaching twice is an error to mc, and none to us",
    '  if out=$(mc admin policy attach store "$1" --user "$2" 2>&1); then return 0; fi',
    '  case "$out" in *"no net effect"* | *"already in effect"*) return 0 ;; esac',
    '  echo "$out" >&2; return 1',
    "}",
    'add_user() { { cat "/run/keys/$1/accessKey"; echo; cat "/run/keys/$1/secretKey"; echo; } | mc admin user add store; }',
    "mc ready store",
    ...contents.buckets.map((bucket) => `mc mb --ignore-existing store/${bucket}`),
    ...Object.keys(contents.keys).flatMap((consumer) => [
      `mc admin policy create store ${consumer} /setup/policy-${consumer}.json`,
      `add_user ${consumer}`,
      `attach ${consumer} "$(cat /run/keys/${consumer}/accessKey)"`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function secretData(name: string, opts: pulumi.CustomResourceOptions): Record<string, pulumi.Output<string>> {
  const user = new random.RandomBytes(`${name}-root-user`, { length: 8 }, opts);
  const password = new random.RandomBytes(`${name}-root-password`, { length: 24 }, opts);
  return { [ROOT_USER]: user.hex, [ROOT_PASSWORD]: password.hex };
}

/** One MinIO server. */
export const minio: S3Server = {
  title: "S3 (MinIO)",
  region: "us-east-1",
  s3Port: S3_PORT,
  setupPort: S3_PORT,
  ports: { s3: S3_PORT, console: CONSOLE_PORT },
  consolePort: CONSOLE_PORT,
  dataPath: dataPaths.minio,
  secretData,
  configData: {},
  setupConfigData: (contents) => ({
    "setup.sh": minioSetupScript(contents),
    ...Object.fromEntries(
      Object.entries(contents.keys).map(([consumer, rights]) => [
        `policy-${consumer}.json`,
        `${JSON.stringify(minioPolicy(rights), null, 2)}\n`,
      ]),
    ),
  }),
  args: ["server", "/data", "--address", `:${String(S3_PORT)}`, "--console-address", `:${CONSOLE_PORT}`],
  env: (secretName) => [
    secretEnv("MINIO_ROOT_USER", secretName, ROOT_USER),
    secretEnv("MINIO_ROOT_PASSWORD", secretName, ROOT_PASSWORD),
  ],
  probes: {
    startup: httpProbe(S3_PORT, "/minio/health/live", { periodSeconds: 1 }),
    readiness: httpProbe(S3_PORT, "/minio/health/ready", { periodSeconds: 5 }),
    liveness: httpProbe(S3_PORT, "/minio/health/live", { periodSeconds: 20, failureThreshold: 6 }),
  },
  setup: ({ host, secretName, serverImage }) => ({
    image: serverImage,
    command: ["/bin/sh", "/setup/setup.sh"],
    env: [
      { name: "SERVER_HOST", value: host.apply((name) => `${name}:${String(S3_PORT)}`) },
      secretEnv("MINIO_ROOT_USER", secretName, ROOT_USER),
      secretEnv("MINIO_ROOT_PASSWORD", secretName, ROOT_PASSWORD),
      { name: "HOME", value: "/tmp" },
    ],
  }),
};
