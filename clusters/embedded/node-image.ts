/**
 * The node image of the embedded cluster: upstream Kubernetes, etcd, containerd and CoreDNS from Go modules, our supervisor
 * and provisioner, on a Debian root file system made from packages. All downloads happen before; `docker build`
 * has no network. metrics-server has a `go.mod` of its own, since it wants other versions of Kubernetes' libraries.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join, relative } from "node:path";
import type Docker from "dockerode";
import { cacheDir, once } from "../../platform/images/cache.ts";
import { ensureKept, makeDebianImage } from "../../platform/images/debian/debian-image.ts";
import { seedReference } from "../../platform/images/debian/seed-reference.ts";
import { repositoryDir } from "../../platform/images/files.ts";
import { buildGo } from "../../platform/images/go.ts";
import { withTimeLeft } from "../../platform/images/past-runs.ts";
import { run } from "../../platform/images/run.ts";
import { takeNodeImage } from "./node-image-cache.ts";
import type { Work } from "../../platform/images/work.ts";

const nodeDir = join(import.meta.dirname, "node");
const NODE_PACKAGES = "Debian packages of the node";
const REPOSITORY = "millrace/node";
const BASE_REPOSITORY = "millrace/node-base";

/** Debian packages of the node on top of the minimal set. */
export const nodePackages = [
  ..."docker-registry iptables ipset runc containernetworking-plugins conntrack kmod iproute2 util-linux mount".split(
    " ",
  ),
  ..."ethtool socat procps openssl ca-certificates".split(" "),
  // Its igzip unpacks layers several times as fast as containerd itself.
  "isal",
];

const KUBERNETES = [
  ..."kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl".split(" "),
].map((name) => `k8s.io/kubernetes/cmd/${name}`);
const CONTAINERD = ["containerd", "containerd-shim-runc-v2", "ctr"].map(
  (name) => `github.com/containerd/containerd/v2/cmd/${name}`,
);
const ETCD = "go.etcd.io/etcd/server/v3";
const METRICS_DIR = "metrics-server";
const METRICS_SERVER = "sigs.k8s.io/metrics-server/cmd/metrics-server";
const OWN = ["./supervisor", "./provisioner", "./policies", "./coredns", "./pause"];
/** File systems that need C libraries; the node uses overlayfs. */
const CONTAINERD_TAGS = "no_btrfs,no_devmapper,no_zfs,no_aufs";

/** Says what is being done and how far it is. */
export type Progress = (step: string, detail: string) => void;

/** Hash of files' names and contents below a folder, and of further text; the order of directory entries is no part. */
export function contentHash(root: string, paths: readonly string[], ...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of paths.flatMap((path) => filesBelow(join(root, path))).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  for (const text of texts) hash.update(`\0${text}`);
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(path: string): string[] {
  const entries = existsSync(path) ? readdirSync(path, { recursive: true, withFileTypes: true, encoding: "utf8" }) : [];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Hashes that name every piece of the image: what has not changed is never made again. */
export function cacheKeys(root = nodeDir): Record<"upstream" | "own" | "metrics" | "base" | "image", string> {
  const modules = ["go.mod", "go.sum"].map((file) => readFileSync(join(root, file), "utf8"));
  const upstream = contentHash(
    root,
    [],
    ...modules,
    ...KUBERNETES,
    ...CONTAINERD,
    ETCD,
    CONTAINERD_TAGS,
    linkerFlags(),
  );
  const own = contentHash(root, OWN, ...modules);
  const metrics = contentHash(root, [METRICS_DIR], METRICS_SERVER);
  const base = contentHash(root, [], seedReference(), ...nodePackages);
  const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
  const image = contentHash(root, ["addons"], upstream, own, metrics, base, dockerfile);
  return { upstream, own, metrics, base, image };
}

/** Name and tag of the node image for the sources as they are. */
export function nodeImageName(): string {
  return `${REPOSITORY}:${cacheKeys().image}`;
}

/**
 * Makes the node image in the local engine, unless it is there or a cache has it. The Go build and the Debian packages run
 * side by side.
 * @param caches Registries with a repository below, which are asked in this order. @default - none
 * @param signal ends the work; what is whole stays in the cache.
 * @returns name and tag
 * @throws Error that names the missing tool or shows the end of the failed step's output.
 */
export async function ensureNodeImage(
  docker: Docker,
  progress: Progress,
  caches: readonly string[] = [],
  signal?: AbortSignal,
): Promise<string> {
  const image = nodeImageName();
  if (await isPresent(docker, image)) return image;
  if (await takeNodeImage(docker, image, caches, progress)) return image;
  const keys = cacheKeys();
  const failed = new AbortController();
  const ended = signal === undefined ? failed.signal : AbortSignal.any([failed.signal, signal]);
  const whole = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      failed.abort();
      throw error;
    }
  };
  const settled = await Promise.allSettled([
    whole(
      withTimeLeft(
        { step: "Go build", folder: relative(repositoryDir, nodeDir) },
        (detail) => {
          progress("Go build", detail);
        },
        (report) => goBinaries(keys, { report, signal: ended }),
      ),
    ),
    whole(
      withTimeLeft(
        { step: NODE_PACKAGES },
        (detail) => {
          progress(NODE_PACKAGES, detail);
        },
        (report) => baseImage(keys.base, { report, signal: ended }),
      ),
    ),
  ]);
  // The abort of the other piece is an effect: the first error that is not one is the cause.
  const errors = settled.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
  const cause = errors.find((error) => error.name !== "AbortError") ?? errors[0];
  if (cause !== undefined) throw cause;
  progress("node image", "docker build");
  const context = await once(cacheDir("node", `context-${keys.image}`), (temporary) => {
    for (const [folder, key] of [
      ["upstream", keys.upstream],
      ["own", keys.own],
      ["metrics", keys.metrics],
    ] as const) {
      mkdirSync(join(temporary, "context", folder), { recursive: true });
      for (const file of filesBelow(binDir(folder, key))) {
        linkSync(file, join(temporary, "context", folder, relative(binDir(folder, key), file)));
      }
    }
    for (const part of ["addons", "Dockerfile"]) {
      cpSync(join(nodeDir, part), join(temporary, "context", part), { recursive: true });
    }
    return Promise.resolve(join(temporary, "context"));
  });
  const base = `${BASE_REPOSITORY}:${keys.base}`;
  // The legacy builder: present in every engine, and needs no plug-in of the client.
  const args = ["build", "--network=none", "--build-arg", `BASE=${base}`, "--tag", image, context];
  await run("docker", args, { env: { DOCKER_BUILDKIT: "0" }, signal: ended });
  await removeOlder(docker, [image, base]);
  return image;
}

function binDir(folder: string, key: string): string {
  return cacheDir("node", `${folder}-${key}`);
}

async function goBinaries(keys: Record<"upstream" | "own" | "metrics", string>, work: Work): Promise<void> {
  await once(binDir("upstream", keys.upstream), async (out) => {
    await goBuild(out, [...KUBERNETES, ETCD], [], "Kubernetes and etcd", work);
    await goBuild(out, CONTAINERD, ["-tags", CONTAINERD_TAGS], "containerd", work);
    renameSync(join(out, "bin", "server"), join(out, "bin", "etcd"));
    return join(out, "bin");
  });
  await once(binDir("own", keys.own), async (out) => {
    await goBuild(out, OWN, [], "CoreDNS, supervisor and provisioner", work);
    return join(out, "bin");
  });
  await once(binDir("metrics", keys.metrics), async (out) => {
    const module = join(nodeDir, METRICS_DIR);
    await buildGo({ module, packages: [METRICS_SERVER], what: "metrics-server", out: join(out, "bin") }, work);
    return join(out, "bin");
  });
}

async function goBuild(
  out: string,
  packages: readonly string[],
  flags: readonly string[],
  what: string,
  work: Work,
): Promise<void> {
  const build = { module: nodeDir, packages, flags, what, linker: linkerFlags(), out: join(out, "bin") };
  await buildGo(build, work);
}

/** Symbols left out, and the version that the programs report: a Go build knows that of the main module only. */
function linkerFlags(): string {
  const version = kubernetesVersion();
  const [major = "", minor = ""] = version.slice(1).split(".");
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const settings = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) =>
    Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return ["-s -w", ...settings].join(" ");
}

/** Version of Kubernetes as go.mod has it: `v1.36.1`. */
export function kubernetesVersion(root = nodeDir): string {
  const found = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(readFileSync(join(root, "go.mod"), "utf8"))?.[1];
  if (found === undefined) throw new Error(`${join(root, "go.mod")} does not require k8s.io/kubernetes`);
  return found;
}

async function baseImage(key: string, work: Work): Promise<void> {
  const reference = `${BASE_REPOSITORY}:${key}`;
  await ensureKept(reference, cacheDir("node", `base-${key}.tar`), work, async () => {
    await makeDebianImage({ reference, packages: nodePackages }, work);
  });
}

async function isPresent(docker: Docker, image: string): Promise<boolean> {
  return await docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

/** Earlier node images take a gigabyte each and can be made again; one that a container still uses stays. */
async function removeOlder(docker: Docker, kept: readonly string[]): Promise<void> {
  const images = await docker.listImages({ filters: { reference: [REPOSITORY, BASE_REPOSITORY] } });
  const old = images.flatMap((image) => image.RepoTags ?? []).filter((tag) => !kept.includes(tag));
  for (const tag of old) {
    await docker
      .getImage(tag)
      .remove()
      .catch(() => undefined);
  }
}
