import Docker from "dockerode";
import { expect } from "chai";

import { volumesFolder } from "../../clusters/docker-disk.ts";
import { embeddedNames } from "../../clusters/embedded/container-spec.ts";
import { diskOf, nodeDisk } from "../../clusters/embedded/node-disk.ts";
import { withEngine } from "./fake-engine.ts";

const names = embeddedNames("millrace");
const said =
  "29635706880\n1073745920\t/var/lib/millrace/volumes/millrace_data-kafka-0_pvc-1\n8192\t/var/lib/millrace/volumes/b\n";

describe("the disk of the embedded cluster's volumes", () => {
  it("is what its node says: the free bytes, and those of each volume", () => {
    const { freeBytes, usedBytes } = nodeDisk(said);
    expect(freeBytes).to.equal(29_635_706_880);
    expect([...(usedBytes ?? [])]).to.deep.equal([
      ["/var/lib/millrace/volumes/millrace_data-kafka-0_pvc-1", 1_073_745_920],
      ["/var/lib/millrace/volumes/b", 8192],
    ]);
    expect(() => nodeDisk("")).to.throw("does not say");
  });

  it("is asked in the node that runs", async () => {
    await withEngine(async (engine) => {
      engine.volumes.set(names.volume, {});
      engine.containers.set(names.container, { id: "1", labels: {}, running: true });
      engine.output = said;
      expect((await diskOf(new Docker(), names))?.usedBytes?.size).to.equal(2);
    });
  });

  it("is not known while a node that has data does not run", async () => {
    await withEngine(async (engine) => {
      engine.volumes.set(names.volume, {});
      expect(await diskOf(new Docker(), names)).to.equal(undefined);
      engine.containers.set(names.container, { id: "1", labels: {}, running: false });
      expect(await diskOf(new Docker(), names)).to.equal(undefined);
    });
  });

  it("is that of Docker's volumes before there is a node", async () => {
    await withEngine(async (engine) => {
      engine.root = import.meta.dirname;
      const disk = await diskOf(new Docker(), names);
      expect(disk?.freeBytes).to.be.greaterThan(0);
      expect(disk).not.to.have.property("usedBytes");
      engine.root = "/in/a/vm";
      expect(await diskOf(new Docker(), names)).to.equal(undefined);
    });
  });

  it("is looked at from the folder above where this user may not look into that of the volumes", () => {
    const info = { DockerRootDir: "/data/docker" };
    expect(volumesFolder(info, () => true)).to.equal("/data/docker/volumes");
    expect(volumesFolder(info, (path) => path === "/data/docker")).to.equal("/data/docker");
    expect(volumesFolder({}, () => true)).to.equal(undefined);
  });
});
