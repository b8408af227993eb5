/** Where Debian's packages come from: the host's mirrors, proxies and keys where the host has apt, else Debian's own servers. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../../exec.ts";
import { run } from "../run.ts";
import { versions } from "../versions.ts";

/** One suite of an archive. */
export interface Suite {
  /** Address of the archive, without a slash at its end. */
  readonly url: string;
  /** For example `bookworm-security`. */
  readonly name: string;
  /** Whether its index may come without a signature that is known here: the host's apt says so. @default false */
  readonly trusted?: boolean;
}

const SETTING = "MILLRACE_DEBIAN_MIRROR";
const debian = "http://deb.debian.org/debian";
const releases = "bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable";
const suiteName = new RegExp(`^(?:${releases})(-updates|-security|-backports|-proposed-updates)?$`);

/** The suites that images are made from. @throws Error when `$MILLRACE_DEBIAN_MIRROR` is no address */
export function debianSuites(
  aptDir = "/etc/apt",
  env: Readonly<Record<string, string | undefined>> = process.env,
): Suite[] {
  const mirror = env[SETTING] ?? "";
  if (mirror !== "") return suitesBelow(checkedMirror(mirror));
  const found = hostSuites(aptDir);
  const ours = found.filter(({ name }) => name.replace(/-(updates|security)$/, "") === versions.debian);
  if (ours.some(({ name }) => name === versions.debian)) return ours;
  // A host of another release of Debian: its mirror has ours too.
  const [main] = found.filter(({ name }) => suiteName.exec(name)?.[1] === undefined);
  if (main === undefined) return suitesBelow(debian);
  const security = found.find(({ name }) => name.endsWith("-security"));
  return suitesBelow(main.url, security?.url, main.trusted);
}

/** A further suite of the main archive, for example `trixie-backports`. */
export function furtherSuite(suites: readonly Suite[], name: string): Suite {
  const main = suites.find((suite) => suite.name === versions.debian);
  return { url: main?.url ?? debian, name, ...(main?.trusted === true ? { trusted: true } : {}) };
}

function suitesBelow(url: string, security = `${url}-security`, trusted = false): Suite[] {
  const { debian: release } = versions;
  const more = trusted ? { trusted } : {};
  return [
    { url, name: release, ...more },
    { url, name: `${release}-updates`, ...more },
    { url: security, name: `${release}-security`, ...more },
  ];
}

function checkedMirror(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(
      `$${SETTING} is not an address; give that of a mirror of Debian, for example ${debian}. ` +
        "Its security suite is taken from the same address with -security at the end",
    );
  }
  return value.replace(/\/+$/, "");
}

/** Suites of Debian that the host's apt takes packages from by HTTP, other vendors' left out. */
function hostSuites(aptDir: string): Suite[] {
  const lists = join(aptDir, "sources.list.d");
  const files = [join(aptDir, "sources.list")];
  if (existsSync(lists)) files.push(...readdirSync(lists).map((file) => join(lists, file)));
  const all = files
    .filter((file) => existsSync(file))
    .flatMap((file) => {
      const text = readFileSync(file, "utf8");
      if (file.endsWith(".sources")) return text.split(/\n\s*\n/).flatMap(stanzaSuites);
      return file.endsWith(".list") ? text.split("\n").flatMap(lineSuites) : [];
    });
  const distinct = new Map(all.map((suite) => [`${suite.url} ${suite.name}`, suite]));
  return [...distinct.values()].filter(({ url, name }) => /^https?:/.test(url) && suiteName.test(name));
}

function stanzaSuites(stanza: string): Suite[] {
  const fields = controlFields(stanza);
  const words = (key: string): string[] => (fields.get(key) ?? "").split(/\s+/).filter((word) => word !== "");
  if (!words("types").includes("deb") || words("enabled").includes("no") || !words("components").includes("main")) {
    return [];
  }
  const trusted = words("trusted").includes("yes") ? { trusted: true } : {};
  return words("uris").flatMap((url) =>
    words("suites").map((name) => ({ url: url.replace(/\/+$/, ""), name, ...trusted })),
  );
}

function lineSuites(line: string): Suite[] {
  const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.trim());
  if (match === null) return [];
  const [, options = "", url = "", name = "", components = ""] = match;
  if (!components.split(/\s+/).includes("main")) return [];
  return [{ url: url.replace(/\/+$/, ""), name, ...(/\btrusted=yes\b/.test(options) ? { trusted: true } : {}) }];
}

/** Fields of a stanza in Debian's format, by their names in lower case; a comment is none, a folded value is one line. */
export function controlFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let key = "";
  for (const line of stanza.split("\n")) {
    if (line.startsWith("#")) continue;
    const match = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line);
    if (match !== null) {
      key = (match[1] ?? "").toLowerCase();
      fields.set(key, (match[2] ?? "").trim());
    } else if (/^\s/.test(line) && key !== "") {
      fields.set(key, `${fields.get(key) ?? ""} ${line.trim()}`.trim());
    }
  }
  return fields;
}

/** Files with the keys that sign Debian's suites: ours, and those that the host's apt trusts. */
export function keyFiles(aptDir = "/etc/apt"): string[] {
  const own = join(import.meta.dirname, "keys");
  return [own, join(aptDir, "trusted.gpg.d"), join(aptDir, "keyrings")]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((file) => /\.(asc|gpg)$/.test(file));
}

/** The host's settings of apt that decide how a mirror is reached: lines such as `Acquire::http::Proxy "http://proxy:3128";`. */
export async function hostAptOptions(signal: AbortSignal, env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const dump = which("apt-config") === undefined ? "" : await run("apt-config", ["dump"], { signal });
  const wanted = /^Acquire::(https?::\S*(Proxy|Verify)\S*|Check-Valid-Until|Check-Date|Retries) "/i;
  // A program that finds the proxy of each address is not there in a container.
  const options = dump.split("\n").filter((line) => wanted.test(line) && !/Proxy-Auto-?Detect/i.test(line));
  const variables = ["http", "https"].flatMap((scheme) => {
    const value = env[`${scheme}_proxy`] ?? env[`${scheme.toUpperCase()}_PROXY`] ?? "";
    const isSet = options.some((line) => line.toLowerCase().startsWith(`acquire::${scheme}::proxy "`));
    return value === "" || isSet ? [] : [`Acquire::${scheme}::Proxy "${value}";`];
  });
  return [...options, ...variables];
}

/** The proxies among apt's settings as variables of the environment, whose names Node and curl know. */
export function proxyVariables(
  options: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const direct: string[] = [env["no_proxy"] ?? env["NO_PROXY"] ?? ""];
  const variables: Record<string, string> = {};
  for (const line of options) {
    const [, scheme = "", host, value = ""] = /^Acquire::(https?)::Proxy(?:::(\S+))? "(.*)";$/i.exec(line) ?? [];
    if (value.toUpperCase() === "DIRECT") direct.push(host ?? "*");
    else if (scheme !== "" && host === undefined && value !== "") variables[`${scheme.toLowerCase()}_proxy`] = value;
  }
  const none = direct.filter((text) => text !== "").join(",");
  return none === "" ? variables : { ...variables, no_proxy: none };
}
