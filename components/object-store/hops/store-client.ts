/** The bucket of the tables, as the proof reads it. */
import { describeError, isRefusal } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { s3Client } from "../programs/s3-client.ts";

export interface ObjectStore {
  /** `http://host:port/bucket`, for messages. */
  readonly where: string;
  list(prefix: string): Promise<string[]>;
  get(key: string): Promise<Buffer>;
  put(key: string, content: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** A store that also reads objects of any size. */
export interface LineStore extends ObjectStore {
  /** The lines of a text as they come, without their ends. */
  lines(key: string): AsyncIterable<readonly string[]>;
}

/** A bucket, and the key that opens it. */
export interface StoreConfig {
  readonly protocol: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** All calls fail with a {@link HopFailure} that names the key when the store refuses it. */
export function objectStore(config: StoreConfig): LineStore {
  const { bucket, accessKey } = config;
  const where = `${config.protocol}://${config.host}:${config.port}/${bucket}`;
  const client = s3Client({
    url: new URL(`${config.protocol}://${config.host}:${config.port}`),
    region: config.region,
    pathStyle: config.pathStyle,
    accessKey,
    secretKey: config.secretKey,
  });
  const failure = (action: string, error: unknown): Error => {
    if (!isRefusal(error)) return new Error(`${where}: ${describeError(error)}`, { cause: error });
    return new HopFailure(
      `${where} refuses to ${action} for the proof's key ${accessKey}: ${describeError(error)}; ` +
        "the key is wrong or has no right on the bucket",
    );
  };
  const named = async <T>(action: string, task: Promise<T>): Promise<T> => {
    try {
      return await task;
    } catch (error) {
      throw failure(action, error);
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
    lines: async function* (key) {
      try {
        yield* linesOf((await client.getObject(bucket, key)) as AsyncIterable<Uint8Array>);
      } catch (error) {
        throw failure("read", error);
      }
    },
    put: async (key, content) => {
      await named("write", client.putObject(bucket, key, content));
    },
    remove: (key) => named("delete", client.removeObject(bucket, key)),
  };
}

/** The whole lines of each piece of a text; what is left at its end is a line too. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield lines.map(withoutReturn);
  }
  rest += decoder.decode();
  if (rest !== "") yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
