/** ZooKeeper's form of messages, jute: numbers with the high byte first, and lengths before what has one. */

export class JuteWriter {
  readonly #parts: Buffer[] = [];

  int(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.#parts.push(bytes);
    return this;
  }

  long(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    this.#parts.push(bytes);
    return this;
  }

  bool(value: boolean): this {
    this.#parts.push(Buffer.from([value ? 1 : 0]));
    return this;
  }

  bytes(value: Buffer): this {
    this.int(value.length);
    this.#parts.push(value);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  append(other: JuteWriter): this {
    this.#parts.push(...other.#parts);
    return this;
  }

  /** The message with its length before it. */
  framed(): Buffer {
    const body = Buffer.concat(this.#parts);
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  }
}

/** Reads a message from its begin. @throws RangeError where it is too short */
export class JuteReader {
  #at = 0;
  readonly #message: Buffer;

  constructor(message: Buffer) {
    this.#message = message;
  }

  int(): number {
    this.#at += 4;
    return this.#message.readInt32BE(this.#at - 4);
  }

  long(): bigint {
    this.#at += 8;
    return this.#message.readBigInt64BE(this.#at - 8);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int());
    if (this.#at + length > this.#message.length) throw new RangeError("a message of ZooKeeper is cut off");
    this.#at += length;
    return this.#message.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.bytes().toString();
  }
}
