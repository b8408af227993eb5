/** What is known of jobs, as objects in the bucket of their state. */
import type { Client } from "minio";
import { type JobRecord, type Records, recordSchema } from "./jobs.ts";

const FOLDER = "jobs/";

export class BucketRecords implements Records {
  readonly #client: Pick<Client, "listObjectsV2" | "getObject" | "putObject">;
  readonly #bucket: string;

  constructor(client: Pick<Client, "listObjectsV2" | "getObject" | "putObject">, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async all(): Promise<ReadonlyMap<string, JobRecord>> {
    const found = new Map<string, JobRecord>();
    for (const key of await this.#keys(FOLDER)) {
      const name = /^jobs\/(.+)\.json$/.exec(key)?.[1];
      if (name !== undefined) found.set(name, recordSchema.parse(JSON.parse(await this.#text(key))));
    }
    return found;
  }

  async write(name: string, record: JobRecord): Promise<void> {
    await this.#client.putObject(this.#bucket, `${FOLDER}${name}.json`, JSON.stringify(record, null, 2));
  }

  /** A checkpoint is whole when its list of files is there, which is written last. */
  async newestCheckpoint(id: string): Promise<string | undefined> {
    const numbers = (await this.#keys(`checkpoints/${id}/`)).flatMap((key) => {
      const number = /\/chk-(\d+)\/_metadata$/.exec(key)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
    if (numbers.length === 0) return undefined;
    return `s3://${this.#bucket}/checkpoints/${id}/chk-${Math.max(...numbers)}`;
  }

  async #keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const object of this.#client.listObjectsV2(this.#bucket, prefix, true)) {
      const { name } = object as { readonly name?: string };
      if (name !== undefined) keys.push(name);
    }
    return keys;
  }

  async #text(key: string): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#client.getObject(this.#bucket, key)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  }
}
