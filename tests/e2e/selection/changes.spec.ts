import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { AUTO, changesSince } from "./changes.ts";

describe("changes that an end-to-end run looks at", () => {
  let folder: string;
  const git = (cwd: string, ...args: readonly string[]): string => {
    const who = ["-c", "user.name=spec", "-c", "user.email=spec@example.com", "-c", "init.defaultBranch=main"];
    return execFileSync("git", [...who, ...args], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  };
  const repository = (): string => {
    const path = join(folder, "repository");
    mkdirSync(path);
    git(path, "init", "--quiet");
    return path;
  };
  /** Commits a file of that name for each number, `hours` before a fixed time. */
  const commit = (path: string, name: string, hours: number): string => {
    writeFileSync(join(path, name), `${hours}`);
    git(path, "add", "--all");
    const at = `${1_700_000_000 - hours * 3600} +0000`;
    const env = { ...process.env, GIT_COMMITTER_DATE: at, GIT_AUTHOR_DATE: at };
    const who = ["-c", "user.name=spec", "-c", "user.email=spec@example.com"];
    execFileSync("git", [...who, "commit", "--quiet", "--allow-empty", "-m", name], { cwd: path, env });
    return git(path, "rev-parse", "HEAD");
  };

  /** A history of one new file in each commit, so many hours before a fixed time. */
  const history = (path: string, hours: readonly number[]): void => {
    const commits = hours.map((ago, index) =>
      [
        "commit refs/heads/main",
        `committer spec <spec@example.com> ${1_700_000_000 - ago * 3600} +0000`,
        `data 1\n${index % 10}`,
        ...(index === 0 ? ["deleteall"] : []),
        `M 644 inline ${index}.ts\ndata 1\na\n`,
      ].join("\n"),
    );
    execFileSync("git", ["fast-import", "--quiet", "--force"], { cwd: path, input: commits.join("\n") });
    git(path, "reset", "--quiet", "--hard", "main");
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-changes-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("are the paths since a commit, both of a moved file, and also what is not committed", () => {
    const path = repository();
    const since = commit(path, "old.ts", 3);
    renameSync(join(path, "old.ts"), join(path, "new.ts"));
    commit(path, "b ü.ts", 2);
    writeFileSync(join(path, "fresh.ts"), "");
    const { paths, turn, words } = changesSince(path, since);
    expect(paths).to.have.members(["old.ts", "new.ts", "b ü.ts", "fresh.ts"]);
    expect(turn).to.equal(2);
    expect(words).to.equal(`changes since ${since.slice(0, 10)}; 2 commits`);
    expect(changesSince(path, "HEAD").paths).to.deep.equal(["fresh.ts"]);
  });

  it("are refused for a commit that git does not know", () => {
    const path = repository();
    commit(path, "a.ts", 1);
    expect(() => changesSince(path, "nowhere")).to.throw('git knows no commit "nowhere"');
    expect(() => changesSince(path, "--all")).to.throw('git knows no commit "--all"');
  });

  it("begin, on a branch, where it left the default branch of its origin", () => {
    const origin = repository();
    commit(origin, "a.ts", 9);
    const clone = join(folder, "clone");
    git(folder, "clone", "--quiet", origin, clone);
    commit(clone, "b.ts", 8);
    commit(origin, "c.ts", 7);
    const { paths, words } = changesSince(clone, AUTO);
    expect(paths).to.deep.equal(["b.ts"]);
    expect(words).to.match(/^changes since \w{10}, where the branch left origin\/HEAD; 2 commits$/);
  });

  it("go back 40 commits and a day, whichever is more, where there is no branch to tell", () => {
    const path = repository();
    const hourly = Array.from({ length: 60 }, (_, index) => 60 - index);
    history(path, hourly);
    // A day is 24 of these commits, 40 is more.
    const byCount = changesSince(path, AUTO);
    expect(byCount.paths).to.have.length(40);
    expect(byCount.words).to.match(/^changes of 40 commits and of a day, since \w{10}; 60 commits$/);
    const busy = Array.from({ length: 50 }, () => 0.5);
    history(path, [...hourly, ...busy]);
    expect(changesSince(path, AUTO).paths).to.have.length(50 + 24);
  });

  it("are unknown in a history that is too short, and in none", () => {
    const path = repository();
    commit(path, "a.ts", 1);
    const short = changesSince(path, AUTO);
    expect(short.paths).to.equal(undefined);
    expect(short.words).to.equal("the history is too short to tell what has changed; 1 commits");
    rmSync(join(path, ".git"), { recursive: true });
    const none = changesSince(path, AUTO);
    expect(none.paths).to.equal(undefined);
    expect(none.words).to.contain("git knows no commit here");
    expect(none.turn).to.be.greaterThan(400_000);
  });

  it("count turns by the commit's id in a shallow clone, whose count of commits never changes", () => {
    const origin = repository();
    for (const index of [3, 2, 1]) commit(origin, `${index}.ts`, index);
    const clone = join(folder, "clone");
    git(folder, "clone", "--quiet", "--depth", "2", `file://${origin}`, clone);
    const { turn, paths, words } = changesSince(clone, AUTO);
    expect(turn).to.equal(Number.parseInt(git(clone, "rev-parse", "HEAD").slice(0, 8), 16));
    expect([paths, words.includes("the clone is shallow")]).to.deep.equal([undefined, true]);
  });
});
