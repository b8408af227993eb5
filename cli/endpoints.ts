/** `npm run endpoints`: the platform's published addresses as the file that the Python library reads. No key is in it. */
import { objectStoreContents } from "../config/buckets.ts";
import type { PlatformConfig } from "../config/index.ts";
import { type Address, readAddresses } from "./addresses.ts";
import type { Command } from "./command.ts";
import { chooseEngine } from "./engine.ts";
import { UserError } from "./errors.ts";
import { engineOption, stackArgs, stackOptions } from "./options.ts";
import { engineOptions, readStack } from "./stack.ts";

/** `endpoints.json` for a program outside the cluster; what is not published is left out. */
export interface PublishedEndpoints {
  readonly kafka?: { readonly bootstrapServers: string; readonly securityProtocol: "PLAINTEXT" | "SSL" };
  readonly presto?: { readonly url: string; readonly catalog: string };
  readonly s3?: { readonly endpoint: string; readonly region: string; readonly pathStyle: boolean };
  readonly notebooks: string;
}

const { stack, target, profile, name } = stackOptions;

export const endpoints: Command = {
  summary: "prints the published addresses as the endpoints.json of the Python library",
  // The file is JSON as it is.
  options: { stack, target, profile, name, ...engineOption },
  async run(values) {
    const args = stackArgs(values);
    const chosen = readStack(args);
    const engine = await chooseEngine(args.engine);
    const addresses = readAddresses(await engine.outputs(engineOptions(chosen, false)));
    process.stdout.write(`${JSON.stringify(publishedEndpoints(chosen.config, addresses), null, 2)}\n`);
    return 0;
  },
};

/**
 * The services that a program on this machine reaches.
 * @throws UserError when there is none.
 */
export function publishedEndpoints(config: PlatformConfig, addresses: readonly Address[]): PublishedEndpoints {
  const address = (title: RegExp): string | undefined => addresses.find((one) => title.test(one.title))?.url;
  const { kafka, objectStore } = config.services;
  const brokers = kafka.existing?.bootstrapServers ?? address(/^Kafka$/);
  const presto = address(/^Presto$/);
  const s3 = s3Endpoint(objectStore.existing, address(/^S3 \(\w+\)$/));
  if (brokers === undefined && presto === undefined && s3 === undefined) {
    throw new UserError(
      "endpoints: no address of Kafka, Presto or S3 is published; bring the platform up (npm run up), " +
        "or use a target that publishes services (docs/targets.md)",
    );
  }
  return {
    ...(brokers !== undefined && {
      kafka: { bootstrapServers: brokers, securityProtocol: kafka.existing?.securityProtocol ?? "PLAINTEXT" },
    }),
    ...(presto !== undefined && { presto: { url: presto, catalog: "lake" } }),
    ...(s3 !== undefined && { s3 }),
    notebooks: `s3://${objectStoreContents(config).buckets.notebooks}`,
  };
}

function s3Endpoint(
  existing: PlatformConfig["services"]["objectStore"]["existing"],
  published: string | undefined,
): PublishedEndpoints["s3"] {
  if (existing !== undefined) {
    const { protocol, host, port, region, pathStyle } = existing;
    return { endpoint: `${protocol}://${host}:${port}`, region, pathStyle };
  }
  if (published === undefined) return undefined;
  const endpoint = published.includes("://") ? published : `http://${published}`;
  return { endpoint, region: "us-east-1", pathStyle: true };
}
