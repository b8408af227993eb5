/** Copies of the project in temporary folders: as it is now, and as it was at another commit. */
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../cli/errors.ts";
import { projectDir } from "../cli/paths.ts";
import { run } from "../platform/exec.ts";

export interface Copy {
  readonly folder: string;
  /** What people call it: `now`, or the commit's short id. */
  readonly label: string;
}

/** A commit as people and programs call it. */
export interface Commit {
  readonly id: string;
  readonly label: string;
}

/** Not part of the sources: what was made in the folder, and what is linked instead. */
const LEFT_OUT = [".pulumi", ".millrace", "node_modules", ".git"];

/**
 * The commit that a word names.
 * @throws UserError when there is none
 */
export async function commitOf(word: string, folder = projectDir): Promise<Commit> {
  const asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${word}^{commit}`];
  const found = await run("git", asked, { cwd: folder });
  const id = found.stdout.trim();
  if (found.code !== 0 || id === "") {
    const why = found.startError === undefined ? found.stderr.trim() : "git is not installed";
    throw new UserError(
      `bench: --against "${word}" is no commit of this repository${why === "" ? "" : ` (${why})`}; give a commit's id, a tag or a branch`,
    );
  }
  return { id, label: id.slice(0, 7) };
}

/** The sources as they are in this folder now, committed or not. */
export function copyOfNow(folder = projectDir): Copy {
  return made("now", (to) => {
    const isSource = (path: string): boolean => !LEFT_OUT.some((name) => path === join(folder, name));
    cpSync(folder, to, { recursive: true, filter: isSource });
    linkPackages(folder, to);
  });
}

/** The sources as they were at a commit. */
export async function copyOfCommit({ id, label }: Commit, folder = projectDir): Promise<Copy> {
  const copy = made(label, () => undefined);
  try {
    const archive = join(copy.folder, "sources.tar");
    await must("git", ["archive", "--format=tar", `--output=${archive}`, id], folder);
    await must("tar", ["-xf", archive], copy.folder);
    rmSync(archive);
    linkPackages(folder, copy.folder);
    return copy;
  } catch (error) {
    removeCopy(copy);
    throw error;
  }
}

export function removeCopy({ folder }: Copy): void {
  rmSync(folder, { recursive: true, force: true });
}

function made(label: string, fill: (folder: string) => void): Copy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-bench-")));
  try {
    fill(folder);
    return { folder, label };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Shares the installed packages where they are those that the copy asks for; else its first command installs its own. */
function linkPackages(from: string, to: string): void {
  const installed = join(from, "node_modules", ".millrace-lock");
  const wanted = join(to, "package-lock.json");
  if (!existsSync(installed) || !existsSync(wanted)) return;
  if (readFileSync(installed, "utf8") !== readFileSync(wanted, "utf8")) return;
  symlinkSync(realpathSync(join(from, "node_modules")), join(to, "node_modules"));
}

async function must(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await run(command, args, { cwd });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr.trim()}`);
}
