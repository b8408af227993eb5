/** What a run is to look at: the paths that have changed since a commit, and the count of commits, as far as git knows them. */
import { execFileSync } from "node:child_process";

import type { Change } from "./plan.ts";

/** Stands for a commit that git is to find by itself: for CI, which is not told what landed last. */
export const AUTO = "auto";

/** Commits that one push may bring. */
const PUSH = 40;
/** Time in which one push may have been made, in seconds. */
const DAY = 24 * 60 * 60;
/** Where git says nothing, runs of different hours take different turns. */
const HOUR_MS = 60 * 60 * 1000;

export interface Found extends Change {
  /** What is compared with what, and how turns are counted, for people. */
  readonly words: string;
}

type Git = (...args: readonly string[]) => string | undefined;

/** Git in a folder; `undefined` where it fails. */
function gitIn(folder: string): Git {
  return (...args) => {
    try {
      return execFileSync("git", [...args], {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        maxBuffer: 2 ** 28,
      }).trim();
    } catch {
      return undefined;
    }
  };
}

/**
 * @param folder - the repository's root
 * @param since - a commit in git's words, or `auto`
 * @throws Error when git knows no such commit
 */
export function changesSince(folder: string, since: string): Found {
  const git = gitIn(folder);
  const head = git("rev-parse", "HEAD");
  if (head === undefined) {
    const turn = Math.floor(Date.now() / HOUR_MS);
    return { paths: undefined, turn, words: "git knows no commit here, so nobody knows what has changed" };
  }
  const { turn, counted } = turnOf(git, head);
  if (since === AUTO) {
    const base = baseOf(git, head);
    if (base === undefined)
      return { paths: undefined, turn, words: `the history is too short to tell what has changed; ${counted}` };
    return { paths: pathsSince(git, base.commit), turn, words: `changes ${base.words}; ${counted}` };
  }
  const commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", `${since}^{commit}`);
  if (commit === undefined) throw new Error(`git knows no commit "${since}"; give one that it knows, or ${AUTO}`);
  return { paths: pathsSince(git, commit), turn, words: `changes since ${commit.slice(0, 10)}; ${counted}` };
}

function turnOf(git: Git, head: string): { readonly turn: number; readonly counted: string } {
  const count = Number(git("rev-list", "--count", "HEAD"));
  if (git("rev-parse", "--is-shallow-repository") === "false" && count > 0)
    return { turn: count, counted: `${count} commits` };
  // The count of a shallow clone is its depth, which never changes.
  return { turn: Number.parseInt(head.slice(0, 8), 16), counted: "turns by the commit's id, as the clone is shallow" };
}

/**
 * Where what is to be tried may have begun. A range that is too wide costs only that turns decide more; one that is too
 * narrow leaves out what has changed. On a branch it is where the branch began; else further back than a push goes.
 */
function baseOf(git: Git, head: string): { readonly commit: string; readonly words: string } | undefined {
  const fork = git("merge-base", "HEAD", "origin/HEAD");
  if (fork !== undefined && fork !== head)
    return { commit: fork, words: `since ${fork.slice(0, 10)}, where the branch left origin/HEAD` };
  const committed = Number(git("log", "-1", "--format=%ct", "HEAD"));
  const byCount = git("rev-parse", "--verify", "--quiet", `HEAD~${PUSH}`);
  const byTime = git("rev-list", "-1", `--before=${committed - DAY}`, "HEAD");
  if (byCount === undefined || byTime === undefined || byTime === "") return undefined;
  const isOlder = git("merge-base", byCount, byTime) === byCount;
  const commit = isOlder ? byCount : byTime;
  return { commit, words: `of ${PUSH} commits and of a day, since ${commit.slice(0, 10)}` };
}

/** Also what is not committed yet. Of a file that was moved both paths are named. */
function pathsSince(git: Git, commit: string): string[] | undefined {
  const changed = git("diff", "--name-only", "--no-renames", "-z", commit);
  const fresh = git("ls-files", "--others", "--exclude-standard", "-z");
  if (changed === undefined || fresh === undefined) return undefined;
  return `${changed}\0${fresh}`.split("\0").filter(Boolean);
}
