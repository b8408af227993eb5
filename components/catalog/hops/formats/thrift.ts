/** Just enough of Thrift's binary protocol to ask a Hive metastore for one table. */
import { connect } from "node:net";

/** A decoded value: structs and maps as maps, lists and sets as arrays. */
export type ThriftValue = string | number | bigint | boolean | readonly ThriftValue[] | ThriftMap;
export type ThriftMap = ReadonlyMap<ThriftValue, ThriftValue>;

const versionOfCall = 0x80010001;
const typeOfString = 11;
const replyOfException = 3;

/** The bytes of a call whose arguments are texts, numbered from 1. */
export function encodeCall(method: string, args: readonly string[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const header = Buffer.alloc(4);
  header.writeUInt32BE(versionOfCall);
  const fields = args.map((value, index) => Buffer.concat([Buffer.from([typeOfString, 0, index + 1]), text(value)]));
  return Buffer.concat([header, text(method), Buffer.alloc(4), ...fields, Buffer.from([0])]);
}

/**
 * The result of a call.
 * @throws {RangeError} while bytes are missing
 * @throws {Error} with the server's message when it answered with an exception
 */
export function decodeReply(bytes: Buffer): ThriftValue {
  const reader = new Reader(bytes);
  const kind = reader.i32() & 0xff;
  reader.text();
  reader.i32();
  const result = reader.struct();
  if (kind === replyOfException) throw new Error(`metastore: ${messageOf(result)}`);
  const success = result.get(0);
  if (success !== undefined) return success;
  const failure = [...result.values()][0];
  throw new Error(`metastore: ${failure instanceof Map ? messageOf(failure) : "no result"}`);
}

/** Thrift's own exceptions and the metastore's carry their message in field 1. */
function messageOf(failure: ThriftMap): string {
  const message = failure.get(1);
  return typeof message === "string" ? message : "error without a message";
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  i32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  text(): string {
    const length = this.i32();
    if (length < 0 || this.#at + length > this.#bytes.length) throw new RangeError("text is cut off");
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  struct(): ThriftMap {
    const fields = new Map<ThriftValue, ThriftValue>();
    for (let type = this.#i8(); type !== 0; type = this.#i8()) {
      this.#at += 2;
      fields.set(this.#bytes.readInt16BE(this.#at - 2), this.#value(type));
    }
    return fields;
  }

  #i8(): number {
    this.#at += 1;
    return this.#bytes.readInt8(this.#at - 1);
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case 2:
        return this.#i8() !== 0;
      case 3:
        return this.#i8();
      case 4:
        this.#at += 8;
        return this.#bytes.readDoubleBE(this.#at - 8);
      case 6:
        this.#at += 2;
        return this.#bytes.readInt16BE(this.#at - 2);
      case 8:
        return this.i32();
      case 10:
        this.#at += 8;
        return this.#bytes.readBigInt64BE(this.#at - 8);
      case typeOfString:
        return this.text();
      case 12:
        return this.struct();
      case 13: {
        const [keyType, valueType] = [this.#i8(), this.#i8()];
        return new Map(
          Array.from({ length: this.i32() }, () => [this.#value(keyType), this.#value(valueType)] as const),
        );
      }
      case 14:
      case 15: {
        const elementType = this.#i8();
        return Array.from({ length: this.i32() }, () => this.#value(elementType));
      }
      default:
        throw new Error(`metastore: type ${type} in the answer is not one of Thrift's`);
    }
  }
}

/** Calls a method of a server over a connection of its own. */
export async function call(
  server: { readonly host: string; readonly port: number },
  method: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<ThriftValue> {
  const { promise, resolve, reject } = Promise.withResolvers<ThriftValue>();
  const socket = connect({ ...server, signal });
  let received = Buffer.alloc(0);
  socket.once("connect", () => socket.write(encodeCall(method, args)));
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    try {
      resolve(decodeReply(received));
    } catch (error) {
      if (!(error instanceof RangeError)) reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
  socket.once("error", reject);
  socket.once("end", () => {
    reject(new Error("the metastore closed the connection before it had answered"));
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
