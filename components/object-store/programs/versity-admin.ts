/** What the setup asks of Versity's gateway: accounts by its admin API, buckets and their policies by S3. */
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { Client, S3Error } from "minio";

/** Marks accounts as made here: others are somebody else's. Nothing but a file system with project quotas uses it. */
const OURS = "7433";

export interface VersityAccount {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly isOurs: boolean;
}

export interface VersityOptions {
  /** For example `http://object-store:7070`. */
  readonly url: string;
  readonly region: string;
  /** The root account. */
  readonly accessKey: string;
  readonly secretKey: string;
}

const refusals = ["AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "XAdminAccessDenied"];

export class VersityAdmin {
  readonly url: string;
  readonly #region: string;
  readonly #client: Client;

  constructor({ url, region, accessKey, secretKey }: VersityOptions) {
    const { protocol, hostname, port } = new URL(url);
    this.url = url;
    this.#region = region;
    this.#client = new Client({
      endPoint: hostname,
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
      useSSL: protocol === "https:",
      region,
      pathStyle: true,
      accessKey,
      secretKey,
    });
  }

  /**
   * @returns why the server can't be set up yet; `undefined`: it can
   * @throws {Error} when it refuses the root account: waiting does not help
   */
  async problem(): Promise<string | undefined> {
    try {
      await this.accounts();
      return undefined;
    } catch (error) {
      if (error instanceof S3Error && refusals.includes(error.code ?? "")) {
        throw new Error(`${this.url} refuses its root account: ${error.message}`, { cause: error });
      }
      return error instanceof Error ? error.message : String(error);
    }
  }

  async accounts(): Promise<VersityAccount[]> {
    const answer = await this.#ask("list-users");
    const field = (account: string, name: string): string =>
      unescaped(new RegExp(`<${name}>([^<]*)</${name}>`).exec(account)?.[1] ?? "");
    return [...answer.matchAll(/<Accounts>(.*?)<\/Accounts>/gs)].map(([, account = ""]) => ({
      accessKey: field(account, "Access"),
      secretKey: field(account, "Secret"),
      isOurs: field(account, "ProjectID") === OURS,
    }));
  }

  async createAccount(accessKey: string, secretKey: string): Promise<void> {
    const fields = { Access: accessKey, Secret: secretKey, Role: "user", UserID: "0", GroupID: "0", ProjectID: OURS };
    await this.#ask("create-user", "", document("Account", fields));
  }

  async changeSecret(accessKey: string, secretKey: string): Promise<void> {
    await this.#ask(
      "update-user",
      `access=${encodeURIComponent(accessKey)}`,
      document("MutableProps", { Secret: secretKey }),
    );
  }

  async deleteAccount(accessKey: string): Promise<void> {
    await this.#ask("delete-user", `access=${encodeURIComponent(accessKey)}`);
  }

  async buckets(): Promise<string[]> {
    return (await this.#client.listBuckets()).map(({ name }) => name);
  }

  async hasBucket(name: string): Promise<boolean> {
    return this.#client.bucketExists(name);
  }

  async createBucket(name: string): Promise<void> {
    await this.#client.makeBucket(name, this.#region);
  }

  /** @returns the bucket's policy; `undefined` when it has none */
  async policy(bucket: string): Promise<unknown> {
    try {
      return JSON.parse(await this.#client.getBucketPolicy(bucket));
    } catch (error) {
      if (error instanceof S3Error && error.code === "NoSuchBucketPolicy") return undefined;
      throw error;
    }
  }

  /** @param policy `undefined` takes away the one that it has. */
  async setPolicy(bucket: string, policy: object | undefined): Promise<void> {
    await this.#client.setBucketPolicy(bucket, policy === undefined ? "" : JSON.stringify(policy));
  }

  /** The admin API takes signed requests as S3 does, with its calls where S3 has buckets. */
  async #ask(call: string, query = "", body = ""): Promise<string> {
    const options = { method: "PATCH", bucketName: call, query };
    const response: Readable = await this.#client.makeRequestAsync(options, body, [200, 201], this.#region);
    return await text(response);
  }
}

function document(root: string, fields: Readonly<Record<string, string>>): string {
  const inner = Object.entries(fields).map(([name, value]) => `<${name}>${escaped(value)}</${name}>`);
  return `<${root}>${inner.join("")}</${root}>`;
}

function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescaped(value: string): string {
  return value
    .replaceAll(/&#(\d+);|&#x([0-9a-fA-F]+);/g, (_, decimal?: string, hex?: string) =>
      String.fromCodePoint(decimal === undefined ? parseInt(hex ?? "", 16) : Number(decimal)),
    )
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
