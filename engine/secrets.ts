/** Pulumi's passphrase secrets: PBKDF2-SHA256 with 1,000,000 rounds makes the key, AES-256-GCM encrypts. */

import { createCipheriv, createDecipheriv, pbkdf2, pbkdf2Sync, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { isObject, isSecret, type Props, reveal, secretSignature, signature } from "./values.ts";

const pbkdf2Async = promisify(pbkdf2);
const rounds = 1_000_000;
/** Keys of this process: a preview, the run after it and its outputs need the same one, and it takes half a second. */
const derived = new Map<string, Promise<Buffer>>();
const tagBytes = 16;

/** Encrypts and decrypts the secrets of one stack. */
export class Crypter {
  /** What proves the passphrase: `v1:<salt>:v1:<nonce>:<ciphertext of "pulumi">`. */
  readonly state: string;
  readonly #key: Buffer;
  /** Ciphertext by envelope, so that an unchanged secret keeps its text in the state. */
  readonly #known = new WeakMap<object, string>();

  private constructor(key: Buffer, state: string) {
    this.#key = key;
    this.state = state;
  }

  /** A crypter with a new salt. */
  static async create(passphrase: string): Promise<Crypter> {
    const salt = randomBytes(8);
    const key = await derive(passphrase, salt);
    return new Crypter(key, `v1:${salt.toString("base64")}:${encrypt(key, "pulumi")}`);
  }

  /** The crypter of a stack; throws when the passphrase is not the one that made `state`. */
  static async open(passphrase: string, state: string): Promise<Crypter> {
    const { salt, proof } = partsOf(state);
    return Crypter.#proven(await derive(passphrase, salt), state, proof);
  }

  /** As `open`, for half a second in which nothing else runs. */
  static openSync(passphrase: string, state: string): Crypter {
    const { salt, proof } = partsOf(state);
    const key = pbkdf2Sync(passphrase, salt, rounds, 32, "sha256");
    derived.set(nameOf(passphrase, salt), Promise.resolve(key));
    return Crypter.#proven(key, state, proof);
  }

  static #proven(key: Buffer, state: string, proof: string): Crypter {
    let text: string | undefined;
    try {
      text = decrypt(key, proof);
    } catch {
      text = undefined;
    }
    if (text !== "pulumi") {
      throw new Error(
        "wrong passphrase: it does not open this stack's secrets; set PULUMI_CONFIG_PASSPHRASE (or PULUMI_CONFIG_PASSPHRASE_FILE) " +
          "to the one that the stack was made with",
      );
    }
    return new Crypter(key, state);
  }

  encrypt(plain: string): string {
    return encrypt(this.#key, plain);
  }

  decrypt(ciphertext: string): string {
    return decrypt(this.#key, ciphertext);
  }

  /** Secrets in the clear become `{signature, ciphertext}`, as in a checkpoint. */
  seal(value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map((item) => this.seal(item));
    }
    if (!isObject(value)) {
      return value;
    }
    if (isSecret(value)) {
      let ciphertext = this.#known.get(value);
      if (ciphertext === undefined) {
        ciphertext = this.encrypt(JSON.stringify(reveal(value.value) ?? null));
        this.#known.set(value, ciphertext);
      }
      return { [signature]: secretSignature, ciphertext };
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.seal(item)]));
  }

  /** The reverse of `seal`. */
  unseal(value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map((item) => this.unseal(item));
    }
    if (!isObject(value)) {
      return value;
    }
    if (isSecret(value)) {
      return this.#open(value);
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.unseal(item)]));
  }

  #open(sealed: Props): Props {
    const { ciphertext, plaintext } = sealed;
    if (typeof plaintext === "string") {
      return { [signature]: secretSignature, value: JSON.parse(plaintext) as unknown };
    }
    if (typeof ciphertext !== "string") {
      throw new Error("a secret in the state has neither ciphertext nor plaintext");
    }
    const open: Props = { [signature]: secretSignature, value: JSON.parse(this.decrypt(ciphertext)) as unknown };
    this.#known.set(open, ciphertext);
    return open;
  }
}

function partsOf(state: string): { readonly salt: Buffer; readonly proof: string } {
  const parts = /^v1:([^:]+):(v1:[^:]+:[^:]+)$/.exec(state);
  if (parts?.[1] === undefined || parts[2] === undefined) {
    throw new Error(
      `the stack's encryption salt "${state.slice(0, 12)}…" is not of the form v1:<salt>:v1:<nonce>:<text>`,
    );
  }
  return { salt: Buffer.from(parts[1], "base64"), proof: parts[2] };
}

function nameOf(passphrase: string, salt: Buffer): string {
  return `${salt.toString("base64")}:${passphrase}`;
}

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  const name = nameOf(passphrase, salt);
  const key = derived.get(name) ?? pbkdf2Async(passphrase, salt, rounds, 32, "sha256");
  derived.set(name, key);
  return key;
}

function encrypt(key: Buffer, plain: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const data = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${data.toString("base64")}`;
}

function decrypt(key: Buffer, text: string): string {
  const [version, nonce, data] = text.split(":");
  if (version !== "v1" || nonce === undefined || data === undefined) {
    throw new Error("a secret is not of the form v1:<nonce>:<data>");
  }
  const bytes = Buffer.from(data, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - tagBytes)), decipher.final()]).toString(
    "utf8",
  );
}
