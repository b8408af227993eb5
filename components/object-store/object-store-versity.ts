/** Versity's gateway as the S3 server: objects are files on the claim, and rights are policies of the buckets. */
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { httpProbe, secretEnv } from "../../platform/workload.ts";
import { dataPaths } from "./data-paths.ts";
import type { S3Server } from "./object-store-server.ts";

const S3_PORT = 7070;
const HEALTH = "/healthz";
const DATA = dataPaths.versity;
const ROOT_ACCESS_KEY = "rootAccessKey";
const ROOT_SECRET_KEY = "rootSecretKey";
/** Presto's S3 client signs for this one when the endpoint is not Amazon's. */
const REGION = "us-east-1";

/** The server makes neither folder by itself; objects and accounts must not lie in one. */
const START = `mkdir -p ${DATA}/buckets ${DATA}/accounts && exec /usr/local/bin/versitygw "$@"`;

function secretData(name: string, opts: pulumi.CustomResourceOptions): Record<string, pulumi.Output<string>> {
  const user = new random.RandomBytes(`${name}-root-access-key`, { length: 10 }, opts);
  const password = new random.RandomBytes(`${name}-root-secret-key`, { length: 32 }, opts);
  return { [ROOT_ACCESS_KEY]: user.hex, [ROOT_SECRET_KEY]: password.hex };
}

const rootEnv = (secretName: pulumi.Input<string>) => [
  secretEnv("ROOT_ACCESS_KEY_ID", secretName, ROOT_ACCESS_KEY),
  secretEnv("ROOT_SECRET_ACCESS_KEY", secretName, ROOT_SECRET_KEY),
];

/** One gateway in front of one claim. */
export const versity: S3Server = {
  title: "S3 (Versity)",
  region: REGION,
  s3Port: S3_PORT,
  setupPort: S3_PORT,
  ports: { s3: S3_PORT },
  dataPath: DATA,
  secretData,
  configData: {},
  setupConfigData: () => ({}),
  command: ["/bin/sh", "-c", START, "versitygw"],
  args: [
    "--port",
    `:${String(S3_PORT)}`,
    "--region",
    REGION,
    "--iam-dir",
    `${DATA}/accounts`,
    "--health",
    HEALTH,
    "--keep-alive",
    "--quiet",
    "posix",
    `${DATA}/buckets`,
  ],
  env: rootEnv,
  probes: {
    startup: httpProbe(S3_PORT, HEALTH, { periodSeconds: 1 }),
    readiness: httpProbe(S3_PORT, HEALTH, { periodSeconds: 5 }),
    liveness: httpProbe(S3_PORT, HEALTH, { periodSeconds: 20, failureThreshold: 6 }),
  },
  setup: ({ host, secretName, toolsImage, setupJson }) => ({
    image: toolsImage,
    command: ["node", "/opt/millrace/components/object-store/programs/versity-setup.ts"],
    env: [
      { name: "S3_URL", value: host.apply((name) => `http://${name}:${String(S3_PORT)}`) },
      { name: "AWS_REGION", value: REGION },
      ...rootEnv(secretName),
      { name: "SETUP_CONFIG", value: setupJson },
    ],
  }),
};
