/** Garage as the S3 server: keys with rights per bucket, made through its admin API. */
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type EnvVar, httpProbe } from "../../platform/workload.ts";
import { dataPaths } from "./data-paths.ts";
import type { S3Server } from "./object-store-server.ts";

const S3_PORT = 3900;
const RPC_PORT = 3901;
const ADMIN_PORT = 3903;
const SECRETS = "/run/garage";

/**
 * Region that requests must be signed for. Presto's S3 client cannot be told a region and signs for this one when the
 * endpoint is not Amazon's, so the server takes it too.
 */
const REGION = "us-east-1";

/** Settings without any secret; secrets are files. */
export const garageToml = `metadata_dir = "/var/lib/garage/meta"
data_dir = "/var/lib/garage/data"
db_engine = "sqlite"
replication_factor = 1

rpc_bind_addr = "0.0.0.0:${RPC_PORT}"
rpc_public_addr = "127.0.0.1:${RPC_PORT}"

[s3_api]
s3_region = "${REGION}"
api_bind_addr = "0.0.0.0:${String(S3_PORT)}"

[admin]
api_bind_addr = "0.0.0.0:${ADMIN_PORT}"
`;

/** The values of Garage's own Secret. */
function secretData(name: string, opts: pulumi.CustomResourceOptions): Record<string, pulumi.Output<string>> {
  const rpc = new random.RandomBytes(`${name}-rpc-secret`, { length: 32 }, opts);
  const admin = new random.RandomBytes(`${name}-admin-token`, { length: 32 }, opts);
  const metrics = new random.RandomBytes(`${name}-metrics-token`, { length: 32 }, opts);
  return { rpcSecret: rpc.hex, adminToken: admin.hex, metricsToken: metrics.hex };
}

/** One Garage node that keeps its metadata and data on one claim. */
export const garage: S3Server = {
  title: "S3 (Garage)",
  region: REGION,
  s3Port: S3_PORT,
  setupPort: ADMIN_PORT,
  ports: { s3: S3_PORT, admin: ADMIN_PORT },
  dataPath: dataPaths.garage,
  secretData,
  configData: { "garage.toml": garageToml },
  setupConfigData: () => ({}),
  command: ["/garage"],
  args: ["server", "--single-node"],
  env: () => [
    { name: "GARAGE_RPC_SECRET_FILE", value: `${SECRETS}/rpcSecret` },
    { name: "GARAGE_ADMIN_TOKEN_FILE", value: `${SECRETS}/adminToken` },
    { name: "GARAGE_METRICS_TOKEN_FILE", value: `${SECRETS}/metricsToken` },
    // It wants files that only their owner reads; those of a Secret are their group's, too, and nobody else is in the pod.
    { name: "GARAGE_ALLOW_WORLD_READABLE_SECRETS", value: "true" },
  ],
  secretPath: SECRETS,
  configMount: { name: "config", mountPath: "/etc/garage.toml", subPath: "garage.toml", readOnly: true },
  probes: {
    startup: httpProbe(ADMIN_PORT, "/health", { periodSeconds: 1 }),
    readiness: httpProbe(ADMIN_PORT, "/health", { periodSeconds: 5 }),
    liveness: httpProbe(ADMIN_PORT, "/health", { periodSeconds: 20, failureThreshold: 6 }),
  },
  setup: ({ host, toolsImage, setupJson }) => ({
    image: toolsImage,
    command: ["node", "/opt/millrace/components/object-store/programs/object-store-setup.ts"],
    env: [
      { name: "ADMIN_URL", value: host.apply((name) => `http://${name}:${ADMIN_PORT}`) },
      { name: "GARAGE_ADMIN_TOKEN_FILE", value: `${SECRETS}/adminToken` },
      { name: "SETUP_CONFIG", value: setupJson },
    ] satisfies EnvVar[],
  }),
};
