import { expect } from "chai";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { readAvro } from "../../../../components/catalog/hops/formats/avro.ts";
import { rowsOfRun } from "../../../../components/catalog/hops/formats/parquet.ts";
import { call, decodeReply, encodeCall } from "../../../../components/catalog/hops/formats/thrift.ts";
import { figuresOf } from "../../../../platform/hops/hop.ts";
import { IcebergFiles } from "../../../../components/catalog/hops/iceberg-table.ts";
import type { ObjectStore } from "../../../../components/object-store/hops/store-client.ts";

// Written by Spark with Iceberg and by Hive's metastore on a running platform.
const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const run = "proof-1795238648203-c14d6b30";

describe("Parquet of the stream", () => {
  it("gives the rows of one run with their values", async () => {
    expect(figuresOf(await rowsOfRun(fixture("samples.parquet"), run))).to.deep.equal({
      count: 200,
      distinct: 200,
      checksum: "339300",
    });
    expect((await rowsOfRun(fixture("samples.parquet"), run))[0]).to.deep.equal({
      id: "0695e843-293b-4f96-bc5d-a3f02d0f285f",
      run,
      source: "proof",
      node: "proof-0",
      ts: Date.UTC(2026, 10, 21, 5, 24, 8, 203),
      metric: "proof.sequence",
      value: 1000,
    });
    expect(await rowsOfRun(fixture("samples.parquet"), "another")).to.deep.equal([]);
  });
});

describe("Avro of Iceberg's manifests", () => {
  it("gives the manifests of a snapshot and the files of a manifest", () => {
    const list = readAvro(fixture("manifest-list.avro")) as { manifest_path: string; content: number }[];
    expect(list.length).to.be.greaterThan(1);
    expect(list[0]?.manifest_path).to.match(/^s3a:\/\/lake\/warehouse\/telemetry\.db\/samples\/metadata\/.*\.avro$/);
    const entries = readAvro(fixture("manifest.avro")) as { status: number; data_file: { file_path: string } }[];
    expect(entries[0]?.status).to.equal(1);
    expect(entries[0]?.data_file.file_path).to.match(/^s3a:\/\/lake\/.*\.parquet$/);
  });

  it("refuses what is cut off or no Avro at all", () => {
    expect(() => readAvro(fixture("manifest.avro").subarray(0, 6000))).to.throw("cut off");
    expect(() => readAvro(Buffer.from("PAR1 and more"))).to.throw("not an Avro file");
  });

  it("finds data files from a table's metadata, in the newest manifests first, reading each once", async () => {
    const read: string[] = [];
    const metadata = {
      "current-snapshot-id": 7,
      snapshots: [{ "snapshot-id": 7, "manifest-list": "s3a://lake/list.avro" }],
    };
    const store = {
      get: (key: string) => {
        read.push(key);
        if (key === "v1.json") return Promise.resolve(Buffer.from(JSON.stringify(metadata)));
        return Promise.resolve(fixture(key === "list.avro" ? "manifest-list.avro" : "manifest.avro"));
      },
    } as unknown as ObjectStore;
    const keyOf = (location: string): string => location.replace("s3a://lake/", "");
    const list = readAvro(fixture("manifest-list.avro")) as { manifest_path: string; sequence_number: number }[];
    const manifests = list
      .toSorted((left, right) => right.sequence_number - left.sequence_number)
      .map((one) => keyOf(one.manifest_path));
    const [entry] = readAvro(fixture("manifest.avro")) as { data_file: { file_path: string } }[];
    const listed = keyOf(entry?.data_file.file_path ?? "");
    const files = new IcebergFiles(store);
    expect(await files.listed("s3a://lake/v1.json", [])).to.deep.equal([]);
    expect(await files.listed("s3a://lake/v1.json", [listed])).to.deep.equal([listed]);
    expect(read.splice(0)).to.deep.equal(["v1.json", "list.avro", "v1.json", "list.avro", manifests[0]]);
    expect(await files.listed("s3a://lake/v1.json", ["other", listed])).to.deep.equal([listed]);
    expect(read.splice(0)).to.deep.equal(["v1.json", "list.avro", ...manifests.slice(1)]);
    expect(await files.listed("s3a://lake/v1.json", ["other"])).to.deep.equal([]);
    expect(read).to.deep.equal(["v1.json", "list.avro"]);
  });
});

describe("Thrift of the metastore", () => {
  it("gives where the metadata of a table is", () => {
    const table = decodeReply(fixture("get-table-reply.bin")) as ReadonlyMap<number, ReadonlyMap<string, string>>;
    expect(table.get(9)?.get("metadata_location")).to.match(/^s3a:\/\/lake\/.*\.metadata\.json$/);
  });

  it("gives the metastore's own words when there is no such table", () => {
    expect(() => decodeReply(fixture("no-such-table-reply.bin"))).to.throw("telemetry.nosuch table not found");
  });

  it("asks for more while an answer is not complete", () => {
    const reply = fixture("get-table-reply.bin");
    for (const length of [0, 3, 100, reply.length - 1]) {
      expect(() => decodeReply(reply.subarray(0, length))).to.throw(RangeError);
    }
  });

  it("puts together an answer that comes in pieces", async () => {
    const reply = fixture("get-table-reply.bin");
    const server = createServer((socket) => {
      socket.once("data", (request) => {
        expect(request).to.deep.equal(encodeCall("get_table", ["telemetry", "samples"]));
        socket.write(reply.subarray(0, 50));
        setTimeout(() => socket.write(reply.subarray(50)), 10);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const args = ["telemetry", "samples"];
      expect(await call({ host: "127.0.0.1", port }, "get_table", args, AbortSignal.timeout(5000))).to.be.instanceOf(
        Map,
      );
    } finally {
      server.close();
    }
  });
});
