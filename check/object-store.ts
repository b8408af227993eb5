/** The bucket of the tables, as the proof reads it. */
import { Client } from "minio";
import { describeError, isRefusal } from "./errors.ts";
import { HopFailure } from "./hop.ts";
import type { ProofConfig } from "./config.ts";

export interface ObjectStore {
  /** `http://host:port/bucket`, for messages. */
  readonly where: string;
  list(prefix: string): Promise<string[]>;
  get(key: string): Promise<Buffer>;
  put(key: string, content: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** All calls fail with a {@link HopFailure} that names the key when the store refuses it. */
export function objectStore(config: ProofConfig["s3"]): ObjectStore {
  const { bucket, accessKey } = config;
  const where = `${config.protocol}://${config.host}:${config.port}/${bucket}`;
  const client = new Client({
    endPoint: config.host,
    port: config.port,
    useSSL: config.protocol === "https",
    region: config.region,
    pathStyle: config.pathStyle,
    accessKey,
    secretKey: config.secretKey,
  });
  const named = async <T>(action: string, task: Promise<T>): Promise<T> => {
    try {
      return await task;
    } catch (error) {
      if (!isRefusal(error)) throw new Error(`${where}: ${describeError(error)}`, { cause: error });
      throw new HopFailure(
        `${where} refuses to ${action} for the proof's key ${accessKey}: ${describeError(error)}; ` +
          "the key is wrong or has no right on the bucket",
      );
    }
  };
  return {
    where,
    list: (prefix) =>
      named(
        "list",
        (async () => {
          const keys: string[] = [];
          for await (const item of client.listObjectsV2(bucket, prefix, true)) {
            const name: unknown = Reflect.get(Object(item), "name");
            if (typeof name === "string") keys.push(name);
          }
          return keys;
        })(),
      ),
    get: (key) =>
      named(
        "read",
        (async () => {
          const chunks: Buffer[] = [];
          for await (const chunk of await client.getObject(bucket, key)) chunks.push(Buffer.from(chunk as Uint8Array));
          return Buffer.concat(chunks);
        })(),
      ),
    put: async (key, content) => {
      await named("write", client.putObject(bucket, key, content));
    },
    remove: (key) => named("delete", client.removeObject(bucket, key)),
  };
}
