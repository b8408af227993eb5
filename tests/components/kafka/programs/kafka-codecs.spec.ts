import { readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect } from "chai";
import kafkajs from "kafkajs";
import { kafkaClient } from "../../../../components/kafka/programs/kafka-client.ts";
import { lz4, unlz4, unsnappy } from "../../../../components/kafka/programs/kafka-codecs.ts";

interface Codec {
  compress: (encoder: { readonly buffer: Buffer }) => Promise<Buffer>;
  decompress: (bytes: Buffer) => Promise<Buffer>;
}

/** As Python's cramjam compressed them. */
const compressed = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/compressed.json"), "utf8")) as Record<
  string,
  string
>;
const text = Array.from({ length: 3000 }, (_, index) => `record ${index % 50} of a batch; `).join("");

describe("records that are compressed", () => {
  const { Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;

  function codec(type: kafkajs.CompressionTypes): Codec {
    kafkaClient({ bootstrapServers: "127.0.0.1:1", clientId: "test" });
    return (Reflect.get(kafkajs.CompressionCodecs, String(type)) as () => Codec)();
  }

  for (const [name, type] of [
    ["snappy", Snappy],
    ["snappy of Java's library", Snappy],
    ["lz4", LZ4],
    ["zstd", ZSTD],
  ] as const) {
    it(`are read: ${name}`, async () => {
      const bytes = Buffer.from(compressed[name] ?? "", "base64");
      expect(bytes.length).to.be.above(50);
      expect((await codec(type).decompress(bytes)).toString()).to.equal(text);
    });
  }

  for (const [name, type] of Object.entries({ Snappy, LZ4, ZSTD })) {
    it(`come back as they were sent: ${name}`, async () => {
      for (const sent of [Buffer.alloc(0), Buffer.from(text), Buffer.alloc(5_000_000, "x")]) {
        const packed = await codec(type).compress({ buffer: sent });
        expect((await codec(type).decompress(packed)).equals(sent)).to.equal(true);
      }
    });
  }

  it("are refused where they would take the reader's memory", async () => {
    const bytes = zstdCompressSync(Buffer.alloc(70 * 1024 * 1024));
    const refused = await codec(ZSTD)
      .decompress(bytes)
      .catch((error: unknown) => error);
    expect(refused).to.be.an("error");
    // A length of 4 GB, and no more.
    expect(() => unsnappy(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]))).to.throw("more than 64 MiB");
  });

  it("are refused where they are cut off or refer to what is not there", () => {
    const frame = Buffer.from(compressed["lz4"] ?? "", "base64");
    expect(() => unlz4(frame.subarray(0, 60))).to.throw("amid a block");
    expect(() => unlz4(lz4(Buffer.from("abc")).subarray(1))).to.throw("no frame");
    const broken = Buffer.concat([lz4(Buffer.alloc(0)).subarray(0, 7), Buffer.from([4, 0, 0, 0, 0x10, 0x61, 9, 0])]);
    expect(() => unlz4(Buffer.concat([broken, Buffer.alloc(4)]))).to.throw("not there");
    expect(() => unsnappy(Buffer.from([200, 1]))).to.throw();
  });
});
