import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type Docker from "dockerode";

import { rememberImages, removeImages } from "./local-images.ts";

describe("images under a look-alike's registry", () => {
  it("go with it, also after a run that was killed; those that were there before and those of others stay", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-images-"));
    let names: string[] = ["localhost:32000/mine:1", "localhost:5000/millrace/tools:a"];
    const docker = {
      // Without a name it is no list at all.
      listImages: () => Promise.resolve([{ RepoTags: names }, { RepoTags: null }]),
      getImage: (name: string) => ({
        remove: () => {
          names = names.filter((one) => one !== name);
          return Promise.resolve();
        },
      }),
    } as unknown as Docker;
    const file = join(folder, "look-alike", "images.json");
    try {
      await removeImages(docker, file);
      await rememberImages(docker, file, 32000);
      names.push("localhost:32000/millrace/tools:a", "localhost:32001/x:1");
      await removeImages(docker, file);
      expect(names).to.deep.equal(["localhost:32000/mine:1", "localhost:5000/millrace/tools:a", "localhost:32001/x:1"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
