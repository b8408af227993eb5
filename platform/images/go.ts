/** Builds programs from Go modules. */
import { runTool } from "./toolbox.ts";
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

/** Says how many packages there are before it begins: `$LINKER` has the linker's flags, the arguments are further flags and packages. */
const script = `
cd module
go list -mod=readonly -deps "$@" >../list
echo "packages: $(wc -l <../list)"
go build -v -mod=readonly -trimpath -ldflags "$LINKER" -o ../out/ "$@"
`;

/**
 * Builds static programs for linux/amd64. What `go.sum` does not have is refused.
 * @throws Error that shows the end of Go's output.
 */
export async function buildGo(build: GoBuild, work: Work): Promise<void> {
  const { module, packages, out, what = "Go", flags = [], linker = "-s -w" } = build;
  const env = { CGO_ENABLED: "0", GOOS: "linux", GOARCH: "amd64", LINKER: linker };
  let downloads = 0;
  let compiled = 0;
  let total: string | undefined;
  work.report(`${what}: modules`);
  const onLine = (line: string): void => {
    const counted = /^packages: +(\d+)$/.exec(line)?.[1];
    if (counted !== undefined) total = counted;
    else if (line.startsWith("go: downloading")) work.report(`${what}: ${++downloads} modules downloaded`);
    else if (total !== undefined) work.report(`${what}: ${++compiled} of at most ${total} packages, ${line}`);
  };
  await runTool({ tool: "go", script, args: [...flags, ...packages], files: { module }, env, out, onLine }, work);
}
