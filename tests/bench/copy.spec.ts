import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { commitOf, type Copy, copyOfCommit, copyOfNow, removeCopy } from "../../bench/copy.ts";
import { UserError } from "../../cli/errors.ts";

describe("a copy of the project", () => {
  let folder: string;
  const copies: Copy[] = [];
  const kept = (copy: Copy): Copy => {
    copies.push(copy);
    return copy;
  };
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  const write = (file: string, text: string): void => {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-copy-"));
    git("init", "--quiet");
    write("package-lock.json", "old");
    write("a.ts", "before");
    git("add", ".");
    git("commit", "--quiet", "-m", "one");
    git("tag", "v1");
    write("package-lock.json", "new");
    git("add", ".");
    git("commit", "--quiet", "-m", "two");
    write("a.ts", "not committed");
    write("node_modules/.millrace-lock", "new");
    write(".pulumi/state.json", "{}");
    write(".millrace/kubeconfig", "secret");
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const copy of copies) removeCopy(copy);
  });

  it("of now has what is not committed, and nothing of the stack's state", () => {
    const copy = kept(copyOfNow(folder));
    expect(copy.label).to.equal("now");
    expect(readFileSync(join(copy.folder, "a.ts"), "utf8")).to.equal("not committed");
    expect(readdirSync(copy.folder).sort()).to.deep.equal(["a.ts", "node_modules", "package-lock.json"]);
    expect(lstatSync(join(copy.folder, "node_modules")).isSymbolicLink()).to.equal(true);
  });

  it("of a commit has its files, and its own packages where it asks for others", async () => {
    const commit = await commitOf("v1", folder);
    expect(commit).to.deep.equal({ id: git("rev-parse", "v1").trim(), label: commit.id.slice(0, 7) });
    const copy = kept(await copyOfCommit(commit, folder));
    expect(copy.label).to.equal(commit.label);
    expect(readdirSync(copy.folder).sort()).to.deep.equal(["a.ts", "package-lock.json"]);
    expect(readFileSync(join(copy.folder, "a.ts"), "utf8")).to.equal("before");
  });

  it("leaves nothing in the repository, and takes nothing of it along when it is removed", async () => {
    const before = git("status", "--porcelain") + git("worktree", "list") + git("count-objects");
    const copy = await copyOfCommit(await commitOf("HEAD", folder), folder);
    removeCopy(copy);
    expect(existsSync(copy.folder)).to.equal(false);
    expect(git("status", "--porcelain") + git("worktree", "list") + git("count-objects")).to.equal(before);
    expect(existsSync(join(folder, "node_modules", ".millrace-lock"))).to.equal(true);
  });

  it("is refused of what is no commit, in words", async () => {
    for (const word of ["nope", "--all", ""]) {
      const refused = await commitOf(word, folder).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refused).to.be.instanceOf(UserError);
      expect((refused as Error).message).to.match(
        new RegExp(
          `^bench: --against "${word}" is no commit of this repository.*; give a commit's id, a tag or a branch$`,
        ),
      );
    }
  });
});
