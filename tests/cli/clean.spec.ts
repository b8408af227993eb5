import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  type ImageStore,
  removeAll,
  renderClean,
  renderSurplus,
  surplusBuilds,
  surplusImages,
} from "../../cli/clean.ts";
import { cacheKeys } from "../../clusters/embedded/node-image.ts";
import { imageTag } from "../../images/index.ts";
import { cacheDir } from "../../platform/images/cache.ts";

const DAY = 24 * 60 * 60 * 1000;
const tags = ["a", "b", "c", "d"].map((letter) => letter.repeat(16));

describe("what is cleaned", () => {
  describe("of the builds", () => {
    const before = process.env["MILLRACE_CACHE"];
    beforeEach(() => {
      process.env["MILLRACE_CACHE"] = mkdtempSync(join(tmpdir(), "millrace-clean-"));
    });
    afterEach(() => {
      rmSync(cacheDir(), { recursive: true });
      if (before === undefined) delete process.env["MILLRACE_CACHE"];
      else process.env["MILLRACE_CACHE"] = before;
    });
    const make = (path: string, days: number): string => {
      const folder = cacheDir(path);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "file"), "x".repeat(10_000));
      const when = new Date(Date.now() - days * DAY);
      utimesSync(folder, when, when);
      return folder;
    };

    it("is what is older than the last two, never what this version is made from, and no download", async () => {
      const kept = [
        make(`contexts/kafka-${imageTag("kafka")}`, 90),
        make(`node/own-${cacheKeys().own}`, 90),
        ...[2, 3].map((days) => make(`contexts/kafka-${tags[days] ?? ""}`, days)),
        ...[2, 3].map((days) => make(`node/own-${tags[days] ?? ""}`, days)),
        make("files/download", 90),
        make("registry/docker", 90),
      ];
      const going = [make(`contexts/kafka-${tags[0] ?? ""}`, 4), make(`node/own-${tags[0] ?? ""}`, 4)];
      const found = surplusBuilds();
      expect(found.map(({ name }) => name)).to.have.members(going);
      const report = await removeAll(found, undefined);
      expect(report).to.include({ ok: true });
      expect(kept.filter((path) => !existsSync(path))).to.deep.equal([]);
      expect(going.filter((path) => existsSync(path))).to.deep.equal([]);
      expect(surplusBuilds()).to.deep.equal([]);
    });

    it("frees what it says: files that have another place too are not counted", () => {
      for (const days of [2, 3]) make(`contexts/kafka-${tags[days] ?? ""}`, days);
      const going = make(`contexts/kafka-${tags[0] ?? ""}`, 4);
      const [one] = surplusBuilds();
      expect(one?.bytes).to.be.within(10_000, 20_000);
      linkSync(join(going, "file"), cacheDir("elsewhere"));
      utimesSync(going, new Date(Date.now() - 4 * DAY), new Date(Date.now() - 4 * DAY));
      expect(surplusBuilds()[0]?.bytes).to.equal(0);
    });
  });

  describe("of the Docker engine's images", () => {
    const seconds = (days: number): number => Math.floor((Date.now() - days * DAY) / 1000);
    const engine = (images: Readonly<Record<string, number>>, usedBy: readonly string[] = []) => {
      const gone: string[] = [];
      const listed = Object.entries(images).map(([name, days]) => ({
        Id: `id of ${name}`,
        Created: seconds(days),
        RepoTags: name === "none" ? null : [name],
      }));
      const store = {
        listImages: () => Promise.resolve(listed),
        listContainers: () => Promise.resolve(usedBy.map((name) => ({ ImageID: `id of ${name}` }))),
        df: () => Promise.resolve({ Images: listed.map(({ Id }) => ({ Id, Size: 900, SharedSize: 800 })) }),
        getImage: (name: string) => ({
          remove: () => {
            if (name.includes("spark")) return Promise.reject(new Error("conflict"));
            gone.push(name);
            return Promise.resolve();
          },
        }),
      } as unknown as ImageStore;
      return { store, gone };
    };
    const [a, b, c, d] = tags;

    it("is what is older than the last two of a repository; what runs, this version's, and others' images stay", async () => {
      const kafka = "localhost:5000/millrace/kafka";
      const { store } = engine(
        {
          [`${kafka}:${a}`]: 2,
          [`${kafka}:${b}`]: 3,
          [`${kafka}:${c}`]: 4,
          [`${kafka}:${d}`]: 5,
          [`${kafka}:${imageTag("kafka")}`]: 9,
          [`localhost:6000/millrace/kafka:${c}`]: 9,
          [`millrace/jre:${a}`]: 2,
          [`millrace/jre:${b}`]: 3,
          [`millrace/jre:${c}`]: 4,
          [`theirs/kafka:${a}`]: 90,
          [`theirs/millrace/tool:${a}`]: 90,
          "localhost:5000/millrace/kafka:mine": 90,
          none: 90,
        },
        [`${kafka}:${d}`],
      );
      expect(await surplusImages(store)).to.deep.equal([
        { kind: "docker image", name: `${kafka}:${c}`, bytes: 100 },
        { kind: "docker image", name: `millrace/jre:${c}`, bytes: 100 },
      ]);
    });

    it("goes one by one: what can't go is named, and the rest goes", async () => {
      const images = Object.fromEntries(
        ["spark", "kafka"].flatMap((name) =>
          [2, 3, 4].map((days) => [`millrace/${name}:${tags[days - 2] ?? ""}`, days]),
        ),
      );
      const { store, gone } = engine(images);
      const found = await surplusImages(store);
      expect(renderSurplus(found).join("\n")).to.match(/^docker image +1 KiB +millrace\/spark:c{16}$/m);
      const report = await removeAll(found, store);
      expect(gone).to.deep.equal([`millrace/kafka:${c}`]);
      expect(report.ok).to.equal(false);
      expect(report.errors).to.deep.equal([`millrace/spark:${c} could not be removed: conflict`]);
      expect(renderClean(report)).to.equal("1 removed, at least 1 KiB are free");
    });
  });
});
