import { globSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "chai";
import { filesBelow, repositoryDir } from "../../../platform/images/files.ts";
import { pastRun } from "../../../platform/images/past-runs.ts";
import {
  type Begun,
  Countdown,
  isComplete,
  type Past,
  pastOf,
  secondsLeft,
} from "../../../platform/images/time-left.ts";

/** Units that take these seconds, one after the other. */
const units = (...seconds: readonly number[]): Begun[] => {
  let at = 0;
  return seconds.map((each, index) => {
    const begun: Begun = [`unit ${index}`, at];
    at += each;
    return begun;
  });
};
const sum = (seconds: readonly number[]): number => seconds.reduce((all, each) => all + each, 0);
const steady = Array.from({ length: 100 }, () => 10);
const slowLast = [...steady.slice(1), 300];
const pastly = (seconds: readonly number[]): Past => pastOf(units(...seconds), sum(seconds));

interface Said {
  readonly now: number;
  readonly truth: number;
  readonly left: number | undefined;
  readonly words: string | undefined;
}

/** What is said every five seconds of a run. */
function follow(past: Past, run: readonly Begun[], end: number): Said[] {
  const countdown = new Countdown();
  return Array.from({ length: Math.floor(end / 5) }, (_, index) => {
    const now = index * 5;
    const left = secondsLeft(
      past,
      run.filter(([, seconds]) => seconds <= now),
      now,
    );
    return { now, truth: end - now, left, words: countdown.words(left, now) };
  });
}

const inSeconds = (words: string): number => {
  const [, number, unit] = /^about (\d+) (s|min) left$/.exec(words) ?? [];
  return Number(number) * (unit === "min" ? 60 : 1);
};
/** The largest error from a time on, as a share of what was left then, and of no less than two minutes. */
function error(said: readonly Said[], from = 0): number {
  const late = said.filter(({ now, words }) => now >= from && words !== undefined);
  expect(late.length).to.be.greaterThan(10);
  return Math.max(...late.map(({ words = "", truth }) => Math.abs(inSeconds(words) - truth) / Math.max(120, truth)));
}
/** The largest step from one report to the next. */
function jump(said: readonly Said[]): number {
  const shown = said.flatMap(({ words }) => (words === undefined ? [] : [inSeconds(words)]));
  return Math.max(...shown.slice(1).map((value, index) => Math.abs(value - (shown[index] ?? value))));
}

describe("the time that is left of a step", () => {
  it("is that of the past run when this one is like it, counted down without jumps", () => {
    const said = follow(pastly(steady), units(...steady), sum(steady));
    expect(said.filter(({ words }) => words === undefined).map(({ now }) => now)).to.deep.equal([0, 5, 10]);
    expect(said[3]?.words).to.equal("about 16 min left");
    expect(said.find(({ now }) => now === 905)?.words).to.equal("about 100 s left");
    expect(error(said)).to.be.lessThan(0.3);
    expect(jump(said)).to.be.at.most(60);
  });

  it("knows that the last unit takes long, and counts on while nothing new begins", () => {
    const run = units(...slowLast);
    const said = follow(pastly(slowLast), run, sum(slowLast));
    expect(said.find(({ now }) => now === 990)?.words).to.equal("about 5 min left");
    expect(said.find(({ now }) => now === 1200)?.words).to.equal("about 90 s left");
    expect(error(said)).to.be.lessThan(0.35);
    expect(jump(said)).to.be.at.most(60);
  });

  it("finds out that this machine is half as fast, little by little", () => {
    const slow = slowLast.map((seconds) => seconds * 2);
    const said = follow(pastly(slowLast), units(...slow), sum(slow));
    expect(error(said, 0.25 * sum(slow))).to.be.lessThan(0.3);
    expect(said.find(({ truth }) => truth === 1300)?.words).to.be.oneOf(["about 20 min left", "about 21 min left"]);
    const silent = said.filter(({ now, truth, words }) => now > 15 && truth > 60 && words === undefined);
    expect(silent).to.deep.equal([]);
    expect(jump(said)).to.be.at.most(60);
  });

  it("goes on from where a broken-off run stopped, and says nothing before it knows where that is", () => {
    const rest = slowLast.slice(61);
    const run = units(...rest).map(([, seconds], index): Begun => [`unit ${index + 61}`, seconds]);
    const past = pastly(slowLast);
    expect(secondsLeft(past, [["unheard of", 0]], 20)).to.equal(undefined);
    const said = follow(past, run, sum(rest));
    expect(error(said)).to.be.lessThan(0.35);
    expect(jump(said)).to.be.at.most(60);
    expect(isComplete(past, run), "no measure for the next run").to.equal(false);
    expect(isComplete(past, units(...slowLast))).to.equal(true);
    expect(isComplete(past, units(...steady.map(() => 50)))).to.equal(true);
  });

  it("is that of all of it where no unit of the past run is known, and nothing once it is overdue", () => {
    const past: Past = { seconds: 120, marks: [] };
    expect(secondsLeft(past, [], 5)).to.equal(undefined);
    expect(secondsLeft(past, [], 20)).to.be.closeTo(100, 1);
    expect(secondsLeft(past, [], 121)).to.equal(undefined);
  });

  it("is not told by units that begin in another order than last time", () => {
    const past = pastly(steady);
    const run = units(...steady);
    const swapped = run.map(([, seconds], index): Begun => [`unit ${index ^ 3}`, seconds]);
    const said = follow(past, swapped, sum(steady));
    expect(error(said)).to.be.lessThan(0.35);
    expect(jump(said)).to.be.at.most(60);
  });

  it("comes to another estimate little by little", () => {
    const countdown = new Countdown();
    const words = [1000, 995, 490, 485, 480, 475].map((left, index) => countdown.words(left, index * 5) ?? "");
    expect(words[1]).to.equal("about 17 min left");
    const shown = words.map(inSeconds);
    expect(shown).to.deep.equal([...shown].sort((a, b) => b - a));
    expect(shown[2]).to.be.greaterThan(840);
    expect(shown.at(-1)).to.be.within(600, 780);
    const back = new Countdown();
    expect([569, 640].map((left, index) => back.words(left, index * 5))).to.deep.equal([
      "about 9 min left",
      "about 9 min left",
    ]);
  });

  it("is remembered by few units, the first and the last among them", () => {
    const { seconds, marks } = pastOf(units(...Array.from({ length: 3000 }, () => 0.5)), 1500);
    expect(seconds).to.equal(1500);
    expect(marks).to.have.length(60);
    expect([marks[0], marks[59]]).to.deep.equal([
      ["unit 0", 0],
      ["unit 2999", 1500],
    ]);
    expect(pastOf(units(4, 5), 9)).to.deep.equal({
      seconds: 9,
      marks: [
        ["unit 0", 0],
        ["unit 1", 4],
      ],
    });
    expect(pastOf([], 9)).to.deep.equal({ seconds: 9, marks: [] });
  });

  it("is known for a first run, in the order of its units, beside what it is made from", () => {
    const folders = globSync("{images,components,clusters}/**/first-run.json", { cwd: repositoryDir })
      .map(dirname)
      .sort();
    expect(folders).to.deep.equal([
      "clusters/embedded/node",
      "components/object-store/image",
      "components/object-store/image-versitygw",
      "images/base",
      "images/jre",
      "images/postgres-base",
      "images/python",
    ]);
    for (const folder of folders) {
      const { seconds, marks } = pastRun("a step that never ran here", folder) ?? { seconds: 0, marks: [] };
      const times = marks.map(([, at]) => at);
      expect(times, folder).to.deep.equal([...times].sort((a, b) => a - b));
      expect(Math.max(0, ...times), folder).to.be.lessThan(seconds);
    }
    const garage = pastRun("a step that never ran here", "components/object-store/image");
    expect(secondsLeft(garage ?? { seconds: 0, marks: [] }, [["garage", 1492]], 1492)).to.be.closeTo(180, 40);
  });

  it("is no part of the image, whose name stays when it is measured again", () => {
    for (const folder of ["components/object-store/image", "images/base"]) {
      const files = filesBelow(repositoryDir, folder).map((file) => file.slice(folder.length + 1));
      expect(
        files.filter((file) => file.endsWith(".json")),
        folder,
      ).to.deep.equal([]);
      expect(files, folder).not.to.be.empty;
    }
  });
});
