import { tmpdir } from "node:os";

import { expect } from "chai";

import { diskProblems } from "../../cli/preflight.ts";
import { filledFolders, onePerFileSystem } from "../../clusters/docker-disk.ts";

const GIB = 2 ** 30;
const everything = (): boolean => true;

describe("the disk that is asked before an up", () => {
  it("is the one that Docker keeps images and volumes on", () => {
    const info = { DockerRootDir: "/data/docker", DriverStatus: [["Backing Filesystem", "extfs"] as const] };
    expect(filledFolders(info, everything)).to.deep.equal(["/data/docker", "/data/docker/volumes"]);
  });

  it("is also containerd's, where the engine leaves the images to it", () => {
    const info = {
      DockerRootDir: "/data/docker",
      DriverStatus: [["driver-type", "io.containerd.snapshotter.v1"] as const],
    };
    expect(filledFolders(info, everything)).to.include("/var/lib/containerd");
  });

  it("is none that this machine does not see", () => {
    expect(filledFolders({ DockerRootDir: "/in/a/vm" }, () => false)).to.deep.equal([]);
    expect(filledFolders({}, everything)).to.deep.equal([]);
  });

  it("is asked once for each file system", () => {
    const device = (folder: string): number => (folder.startsWith("/data") ? 2 : 1);
    expect(onePerFileSystem(["/data/docker", "/data/docker/volumes", "/var/lib/containerd"], device)).to.deep.equal([
      "/data/docker",
      "/var/lib/containerd",
    ]);
  });

  it("is named with its folder, what is free and what is needed", () => {
    const folder = tmpdir();
    expect(diskProblems(8 * GIB, [folder], () => 3 * GIB)[0]).to.equal(
      `disk: 3.0 GiB are free at ${folder}, where Docker keeps images and volumes, and 8.0 GiB are needed; ` +
        "free some space, or run npm run down -- --cache",
    );
    expect(diskProblems(8 * GIB, [folder], () => 9 * GIB)).to.deep.equal([]);
  });
});
