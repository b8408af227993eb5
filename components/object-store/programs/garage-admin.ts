/** The calls of Garage's admin API (version 2) that the setup needs. */
import { z } from "zod";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import type { Right } from "./rights.ts";

const permissions = z.looseObject({ read: z.boolean(), write: z.boolean(), owner: z.boolean() });

const bucketShape = z.looseObject({
  id: z.string(),
  keys: z.array(z.looseObject({ accessKeyId: z.string(), permissions })),
});
const keyShape = z.looseObject({ accessKeyId: z.string(), name: z.string(), secretAccessKey: z.string().nullish() });
const keyListShape = z.array(z.looseObject({ id: z.string(), name: z.string() }));

export type Permissions = Readonly<Record<Right, boolean>>;
export type Bucket = z.infer<typeof bucketShape>;
export type Key = z.infer<typeof keyShape>;

export class GarageAdmin {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.#token = token;
  }

  /**
   * @returns why the server can't be set up yet; `undefined`: it can
   * @throws {ApiRefusal} when it refuses the token: waiting does not help
   */
  async problem(): Promise<string | undefined> {
    try {
      const response = await fetch(new URL("/health", this.url), { signal: AbortSignal.timeout(5000) });
      if (!response.ok) return `health ${response.status}: ${(await response.text()).slice(0, 200)}`;
      await this.keys();
      return undefined;
    } catch (error) {
      if (error instanceof ApiRefusal && (error.status === 401 || error.status === 403)) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
      return error instanceof Error ? `${error.message}${cause}` : String(error);
    }
  }

  async bucket(alias: string): Promise<Bucket | undefined> {
    return this.#find(`/v2/GetBucketInfo?globalAlias=${encodeURIComponent(alias)}`, bucketShape);
  }

  async createBucket(alias: string): Promise<Bucket> {
    return bucketShape.parse(await this.#call("/v2/CreateBucket", { globalAlias: alias }));
  }

  async keys(): Promise<z.infer<typeof keyListShape>> {
    return keyListShape.parse(await this.#call("/v2/ListKeys"));
  }

  async key(id: string): Promise<Key | undefined> {
    return this.#find(`/v2/GetKeyInfo?id=${encodeURIComponent(id)}&showSecretKey=true`, keyShape);
  }

  async importKey(name: string, accessKeyId: string, secretAccessKey: string): Promise<void> {
    await this.#call("/v2/ImportKey", { name, accessKeyId, secretAccessKey });
  }

  async deleteKey(id: string): Promise<void> {
    await this.#call(`/v2/DeleteKey?id=${encodeURIComponent(id)}`, {});
  }

  async allow(bucketId: string, accessKeyId: string, rights: Permissions): Promise<void> {
    await this.#call("/v2/AllowBucketKey", { bucketId, accessKeyId, permissions: rights });
  }

  async deny(bucketId: string, accessKeyId: string, rights: Permissions): Promise<void> {
    await this.#call("/v2/DenyBucketKey", { bucketId, accessKeyId, permissions: rights });
  }

  async #find<T>(path: string, shape: z.ZodType<T>): Promise<T | undefined> {
    try {
      return shape.parse(await this.#call(path));
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  async #call(path: string, body?: object): Promise<unknown> {
    const response = await fetch(new URL(path, this.url), {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    if (response.ok) return text === "" ? undefined : JSON.parse(text);
    const method = path.replace(/^\/v2\/|\?.*$/g, "");
    const hint =
      response.status === 401 || response.status === 403 ? " (is GARAGE_ADMIN_TOKEN_FILE the server's?)" : "";
    throw new ApiRefusal(
      response.status,
      `Garage refuses ${method} with ${response.status}${hint}: ${text.slice(0, 300)}`,
    );
  }
}
