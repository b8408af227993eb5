/**
 * The ways of compressing records that Kafka's brokers take and the client does not know of itself: Snappy, LZ4 and zstd.
 * `kafkaClient` adds them, so that every reader reads what anyone may send.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { snappyCompress, snappyUncompress } from "hysnappy";
import kafkajs from "kafkajs";

/** What a batch may become: more would take the reader's memory. A broker takes batches of 1 MB. */
const MAX_BYTES = 64 * 1024 * 1024;

const SNAPPY_JAVA = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Its header has two versions as well. */
const SNAPPY_JAVA_BYTES = SNAPPY_JAVA.length + 8;

const LZ4_MAGIC = 0x184d2204;
/** Version 1, independent blocks, no checksums; blocks of up to 4 MiB; and the check of these two. */
const LZ4_HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]);
const LZ4_BLOCK_BYTES = 4 * 1024 * 1024;
const LZ4_STORED = 0x8000_0000;

interface Codec {
  readonly compress: (bytes: Buffer) => Buffer;
  readonly decompress: (bytes: Buffer) => Buffer;
}

const codecs: readonly (readonly [kafkajs.CompressionTypes, Codec])[] = [
  [kafkajs.CompressionTypes.Snappy, { compress: (bytes) => Buffer.from(snappyCompress(bytes)), decompress: unsnappy }],
  [kafkajs.CompressionTypes.LZ4, { compress: lz4, decompress: unlz4 }],
  [
    kafkajs.CompressionTypes.ZSTD,
    {
      compress: (bytes) => zstdCompressSync(bytes),
      decompress: (bytes) => zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES }),
    },
  ],
];

/** Makes the client read and write all that brokers take. */
export function addCodecs(): void {
  for (const [type, { compress, decompress }] of codecs) {
    const codec = {
      compress: async (encoder: { readonly buffer: Buffer }) => await Promise.resolve(compress(encoder.buffer)),
      decompress: async (bytes: Buffer) => await Promise.resolve(decompress(bytes)),
    };
    Object.assign(kafkajs.CompressionCodecs, { [String(type)]: () => codec });
  }
}

/** Either one block, or the blocks of Java's library with their sizes. */
export function unsnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, SNAPPY_JAVA.length).equals(SNAPPY_JAVA)) return unsnappyBlock(bytes, MAX_BYTES);
  const blocks: Buffer[] = [];
  let left = MAX_BYTES;
  for (let at = SNAPPY_JAVA_BYTES; at < bytes.length;) {
    const size = bytes.readInt32BE(at);
    const block = unsnappyBlock(bytes.subarray(at + 4, at + 4 + size), left);
    left -= block.length;
    blocks.push(block);
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

function unsnappyBlock(block: Buffer, most: number): Buffer {
  let size = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block.readUInt8(at);
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  if (size > most) throw tooMuch();
  return Buffer.from(snappyUncompress(block, size));
}

/** Stores: Kafka's LZ4 is for those who send, and nobody here sends so much. */
export function lz4(bytes: Buffer): Buffer {
  const parts: Buffer[] = [LZ4_HEADER];
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK_BYTES) {
    const block = bytes.subarray(at, at + LZ4_BLOCK_BYTES);
    const size = Buffer.alloc(4);
    size.writeUInt32LE((block.length | LZ4_STORED) >>> 0);
    parts.push(size, block);
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

/** The frame of https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md; the broker has checked its checksums. */
export function unlz4(bytes: Buffer): Buffer {
  if (bytes.readUInt32LE(0) !== LZ4_MAGIC) throw new Error("records compressed with LZ4 that are no frame of LZ4");
  const flags = bytes.readUInt8(4);
  const [blockChecksum, hasSize, hasDictionary] = [0x10, 0x08, 0x01].map((bit) => (flags & bit) !== 0);
  const output = new Output();
  for (let at = 7 + (hasSize === true ? 8 : 0) + (hasDictionary === true ? 4 : 0); ;) {
    const size = bytes.readUInt32LE(at);
    if (size === 0) return output.bytes;
    const length = size & ~LZ4_STORED;
    const block = bytes.subarray(at + 4, at + 4 + length);
    if (block.length < length) throw new Error("records compressed with LZ4 end amid a block");
    if (size >= LZ4_STORED) output.add(block);
    else unlz4Block(block, output);
    at += 4 + length + (blockChecksum === true ? 4 : 0);
  }
}

function unlz4Block(block: Buffer, output: Output): void {
  let at = 0;
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; length += byte) byte = block.readUInt8(at++);
    return length;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = lengthOf(token >> 4);
    output.add(block.subarray(at, at + literals));
    at += literals;
    if (at >= block.length) return;
    const back = block.readUInt16LE(at);
    at += 2;
    output.repeat(back, lengthOf(token & 15) + 4);
  }
}

/** Bytes that grow by new ones and by those that are there already. */
class Output {
  #room = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  add(bytes: Buffer): void {
    this.#grow(bytes.length);
    bytes.copy(this.#room, this.#length);
    this.#length += bytes.length;
  }

  repeat(back: number, length: number): void {
    if (back === 0 || back > this.#length) throw new Error("records compressed with LZ4 refer to what is not there");
    this.#grow(length);
    // What is copied may be what was just written.
    for (const end = this.#length + length; this.#length < end; this.#length++) {
      this.#room[this.#length] = this.#room[this.#length - back] ?? 0;
    }
  }

  #grow(by: number): void {
    const wanted = this.#length + by;
    if (wanted > MAX_BYTES) throw tooMuch();
    if (wanted <= this.#room.length) return;
    const room = Buffer.allocUnsafe(Math.max(wanted, 2 * this.#room.length));
    this.bytes.copy(room);
    this.#room = room;
  }
}

function tooMuch(): Error {
  return new Error(`a batch of records unpacks to more than ${MAX_BYTES / 1024 / 1024} MiB`);
}
