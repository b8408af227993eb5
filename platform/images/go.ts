/** Builds programs from Go modules by the host's own `go`. */
import { run } from "./run.ts";
import type { Work } from "./work.ts";

export interface GoBuild {
  /** Folder of the `go.mod` and `go.sum` that lock what is built. */
  readonly module: string;
  readonly packages: readonly string[];
  /** Folder that the programs are put into. */
  readonly out: string;
  /** In words, for the progress. @default - "Go" */
  readonly what?: string;
  /** Further flags of `go build`. @default - none */
  readonly flags?: readonly string[];
  /** Flags of the linker. @default "-s -w": without symbols */
  readonly linker?: string;
}

/**
 * Builds static programs for linux/amd64. What `go.sum` does not have is refused.
 * @throws Error that names Go where it is missing, or shows the end of its output.
 */
export async function buildGo(build: GoBuild, work: Work): Promise<void> {
  const { module, packages, out, what = "Go", flags = [], linker = "-s -w" } = build;
  const env = { CGO_ENABLED: "0", GOOS: "linux", GOARCH: "amd64" };
  const options = { cwd: module, env, signal: work.signal };
  let downloads = 0;
  work.report(`${what}: modules`);
  const dependencies = await goTool(["list", "-mod=readonly", "-deps", ...flags, ...packages], {
    ...options,
    onLine: (line) => {
      if (line.startsWith("go: downloading")) work.report(`${what}: ${++downloads} modules downloaded`);
    },
  });
  const total = dependencies.trim().split("\n").length;
  let compiled = 0;
  const command = ["build", "-v", "-mod=readonly", "-trimpath", "-ldflags", linker, ...flags, "-o", `${out}/`];
  await goTool([...command, ...packages], {
    ...options,
    onLine: (name) => {
      work.report(`${what}: ${++compiled} of at most ${total} packages, ${name}`);
    },
  });
}

async function goTool(args: readonly string[], options: Parameters<typeof run>[2]): Promise<string> {
  try {
    return await run("go", args, options);
  } catch (error) {
    if (error instanceof Error && error.message.includes("is not installed")) {
      throw new Error(
        "this is built from Go modules, and `go` is not on the PATH; install Go 1.26 or newer " +
          "(https://go.dev/dl/, or your distribution's golang package when it is new enough), and repeat the command",
        { cause: error },
      );
    }
    throw error;
  }
}
