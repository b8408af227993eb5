/** Reads Avro container files, as Iceberg writes its manifests. */
import { inflateRawSync } from "node:zlib";
import { z } from "zod";

export type AvroValue = string | number | boolean | null | Buffer | AvroValue[] | { [name: string]: AvroValue };

type Schema =
  | string
  | Schema[]
  | {
      type: Schema;
      fields?: { name: string; type: Schema }[];
      items?: Schema;
      values?: Schema;
      size?: number;
      name?: string;
    };

const schemaShape: z.ZodType<Schema> = z.lazy(() =>
  z.union([
    z.string(),
    z.array(schemaShape),
    z.looseObject({
      type: schemaShape,
      name: z.string().optional(),
      fields: z.array(z.looseObject({ name: z.string(), type: schemaShape })).optional(),
      items: schemaShape.optional(),
      values: schemaShape.optional(),
      size: z.number().optional(),
    }),
  ]),
) as z.ZodType<Schema>;

/**
 * All values of a file.
 * @throws {Error} when it is no Avro file, or packed with a codec other than null and deflate
 */
export function readAvro(file: Buffer): AvroValue[] {
  const reader = new Reader(file);
  if (reader.bytes(4).toString("latin1") !== "Obj\u0001") throw new Error("not an Avro file");
  const header = reader.value({ type: "map", values: "bytes" });
  const meta = (name: string): string | undefined => {
    const value = isRecord(header) ? header[name] : undefined;
    return Buffer.isBuffer(value) ? value.toString("utf8") : undefined;
  };
  const codec = meta("avro.codec") ?? "null";
  if (codec !== "null" && codec !== "deflate")
    throw new Error(`Avro codec ${codec} is not known, only null and deflate`);
  const schema = schemaShape.parse(JSON.parse(meta("avro.schema") ?? "null"));
  reader.bytes(16);
  const values: AvroValue[] = [];
  while (!reader.isAtEnd) {
    const count = reader.long();
    const block = reader.bytes(reader.long());
    reader.bytes(16);
    const items = new Reader(codec === "deflate" ? inflateRawSync(block) : block);
    for (let index = 0; index < count; index++) values.push(items.value(schema));
  }
  return values;
}

function isRecord(value: AvroValue): value is { [name: string]: AvroValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

class Reader {
  readonly #file: Buffer;
  readonly #named = new Map<string, Schema>();
  #at = 0;

  constructor(file: Buffer) {
    this.#file = file;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#file.length;
  }

  bytes(length: number): Buffer {
    if (this.#at + length > this.#file.length) throw new Error("Avro file is cut off");
    this.#at += length;
    return this.#file.subarray(this.#at - length, this.#at);
  }

  /** Zigzag variable-length number; sizes and offsets of Iceberg stay below 2^53. */
  long(): number {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes(1).readUInt8();
      result |= BigInt(byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return Number((result >> 1n) ^ -(result & 1n));
    }
  }

  value(schema: Schema): AvroValue {
    if (Array.isArray(schema)) return this.value(schema[this.long()] ?? "null");
    if (typeof schema === "string") return this.#primitive(schema);
    if (schema.name !== undefined) this.#named.set(schema.name, schema);
    switch (schema.type) {
      case "record":
        return Object.fromEntries((schema.fields ?? []).map(({ name, type }) => [name, this.value(type)]));
      case "array":
        return this.#blocks(() => this.value(schema.items ?? "null"));
      case "map":
        return Object.fromEntries(
          this.#blocks(() => [this.bytes(this.long()).toString("utf8"), this.value(schema.values ?? "null")] as const),
        );
      case "fixed":
        return this.bytes(schema.size ?? 0);
      case "enum":
        return this.long();
      default:
        return this.value(schema.type);
    }
  }

  #primitive(type: string): AvroValue {
    switch (type) {
      case "null":
        return null;
      case "boolean":
        return this.bytes(1)[0] === 1;
      case "int":
      case "long":
        return this.long();
      case "float":
        return this.bytes(4).readFloatLE();
      case "double":
        return this.bytes(8).readDoubleLE();
      case "bytes":
        return this.bytes(this.long());
      case "string":
        return this.bytes(this.long()).toString("utf8");
      default: {
        const named = this.#named.get(type);
        if (named === undefined) throw new Error(`Avro type ${type} is not known`);
        return this.value(named);
      }
    }
  }

  #blocks<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) this.long();
      for (let index = 0; index < Math.abs(count); index++) items.push(item());
    }
    return items;
  }
}
