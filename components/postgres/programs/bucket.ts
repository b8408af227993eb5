/** One bucket over S3, as much of it as backups need. */
import { setTimeout as sleep } from "node:timers/promises";
import { isConnectionRefused } from "../../../platform/hops/errors.ts";
import { s3Client } from "../../object-store/programs/s3-client.ts";

export interface Bucket {
  /** `http://host:port/bucket`, for messages. */
  readonly where: string;
  list(prefix: string): Promise<string[]>;
  read(key: string): Promise<AsyncIterable<Uint8Array>>;
  write(key: string, content: string): Promise<void>;
  upload(key: string, path: string): Promise<void>;
  download(key: string, path: string): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface BucketSettings {
  readonly url: URL;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A part of a large upload is held in memory, so it is small. */
const PART_BYTES = 16 * 2 ** 20;

/**
 * Waits while the store refuses connections: a new pod may be refused until the network knows it.
 * @param waitMs - for so long, in ms
 * @throws what the store answers otherwise, or the refusal when the time is over
 */
export async function untilItAnswers(bucket: Bucket, prefix: string, waitMs: number): Promise<void> {
  const end = performance.now() + waitMs;
  for (;;) {
    try {
      await bucket.list(prefix);
      return;
    } catch (error) {
      if (!isConnectionRefused(error) || performance.now() >= end) throw error;
      await sleep(1000);
    }
  }
}

/** Calls fail with an error that names the bucket and what was to be done there. */
export function s3Bucket(settings: BucketSettings): Bucket {
  const { url, bucket } = settings;
  const where = `${url.origin}/${bucket}`;
  const client = s3Client({
    url,
    region: settings.region,
    pathStyle: settings.pathStyle,
    accessKey: settings.accessKey,
    secretKey: settings.secretKey,
    partSize: PART_BYTES,
  });
  const named = async <T>(action: string, task: Promise<T>): Promise<T> => {
    try {
      return await task;
    } catch (error) {
      throw new Error(`${where}: can't ${action}: ${describe(error)}`, { cause: error });
    }
  };
  return {
    where,
    list: (prefix) =>
      named(
        `list ${prefix}`,
        (async () => {
          const keys: string[] = [];
          for await (const item of client.listObjectsV2(bucket, prefix, true)) {
            const name: unknown = Reflect.get(Object(item), "name");
            if (typeof name === "string") keys.push(name);
          }
          return keys;
        })(),
      ),
    read: (key) => named(`read ${key}`, client.getObject(bucket, key)),
    write: async (key, content) => {
      await named(`write ${key}`, client.putObject(bucket, key, content));
    },
    upload: async (key, path) => {
      await named(`write ${key}`, client.fPutObject(bucket, key, path));
    },
    download: (key, path) => named(`read ${key}`, client.fGetObject(bucket, key, path)),
    remove: (key) => named(`remove ${key}`, client.removeObject(bucket, key)),
  };
}

/** What S3 says, with its code: messages alone are often empty. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code: unknown = Reflect.get(error, "code");
  return [typeof code === "string" && !error.message.includes(code) ? code : "", error.message]
    .filter((part) => part !== "")
    .join(": ");
}
