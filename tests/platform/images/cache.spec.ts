import { expect } from "chai";
import { ownFolder } from "../../support/own-folder.ts";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, once, surplusIn, sweepCache, touch } from "../../../platform/images/cache.ts";

describe("platform/images/cache", () => {
  const root = ownFolder("MILLRACE_CACHE");

  it("is where MILLRACE_CACHE says", () => {
    expect(cacheDir("files", "x")).to.equal(join(root(), "files", "x"));
  });

  it("never shows a partial result", async () => {
    const target = cacheDir("contexts", "kafka-1");
    const failed = await once(target, (temporary) => {
      writeFileSync(join(temporary, "half"), "");
      return Promise.reject(new Error("broken off"));
    }).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    expect(existsSync(target)).to.be.false;
  });

  it("makes a thing once", async () => {
    let made = 0;
    const make = (temporary: string): Promise<string> => {
      made++;
      return Promise.resolve(temporary);
    };
    await once(cacheDir("contexts", "kafka-1"), make);
    await once(cacheDir("contexts", "kafka-1"), make);
    expect(made).to.equal(1);
  });

  it("sweeps what was not used for long and keeps what is in use and all downloads", () => {
    const long = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
    const paths = ["tmp/left", "contexts/old", "web/old", "contexts/used", "files/download"].map((path) =>
      cacheDir(path),
    );
    for (const path of paths) {
      mkdirSync(path, { recursive: true });
      utimesSync(path, long, long);
    }
    touch(cacheDir("contexts/used"));
    sweepCache();
    expect(paths.map((path) => existsSync(path))).to.deep.equal([false, false, false, true, true]);
  });

  describe("of several versions", () => {
    const day = 24 * 60 * 60 * 1000;
    const [a, b, c, d] = ["a", "b", "c", "d"].map((letter) => letter.repeat(16));
    const make = (folder: string, ages: Readonly<Record<string, number>>): void => {
      for (const [name, days] of Object.entries(ages)) {
        mkdirSync(cacheDir(folder, name), { recursive: true });
        const when = new Date(Date.now() - days * day);
        utimesSync(cacheDir(folder, name), when, when);
      }
    };

    it("keeps the last two of each image, what is in use, and what somebody may work with", () => {
      make("contexts", {
        [`kafka-${a}`]: 2,
        [`kafka-${b}`]: 3,
        [`kafka-${c}`]: 4,
        [`kafka-${d}`]: 5,
        [`spark-${a}`]: 9,
      });
      expect(surplusIn("contexts", new Set([`kafka-${d}`]))).to.deep.equal([`kafka-${c}`]);
      make("contexts", { [`kafka-${c}`]: 0.5, [`kafka-${a}`]: 0.1, [`kafka-${b}`]: 0.2 });
      expect(surplusIn("contexts", new Set())).to.deep.equal([`kafka-${d}`]);
    });

    it("takes bases for one kind each, whose records of packages stay", () => {
      make("bases", {
        [`jre-${a}.tar`]: 2,
        [`jre-${b}.tar`]: 3,
        [`jre-${c}.tar`]: 4,
        [`jre-${c}.packages`]: 4,
        [`base-${c}.tar`]: 4,
      });
      expect(surplusIn("bases", new Set())).to.deep.equal([`jre-${c}.tar`]);
    });

    it("is swept of what is too many, and of nothing that is in use, however old", () => {
      make("contexts", { [`kafka-${a}`]: 2, [`kafka-${b}`]: 3, [`kafka-${c}`]: 4, [`kafka-${d}`]: 50 });
      sweepCache(new Set([`kafka-${d}`]));
      const left = [a, b, c, d].filter((tag = "") => existsSync(cacheDir("contexts", `kafka-${tag}`)));
      expect(left).to.deep.equal([a, b, d]);
    });
  });
});
