/** What of this machine's own settings a tool chain in a container gets: mirrors, proxies, logins and certificates. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { getCACertificates } from "node:tls";

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables whose values mean the same in a container; those that name files or folders are none. */
const carried = [
  /^(https?|all|no)_proxy$/i,
  /^GO(PROXY|NOPROXY|PRIVATE|SUMDB|NOSUMDB|INSECURE|AUTH|VCS|FLAGS)$/,
  /^CARGO_(REGISTRIES|REGISTRY|SOURCE|HTTP|NET)_(?!\w*(CAINFO|PATH|DIRECTORY))/,
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|PROXY|DEFAULT_TIMEOUT|TIMEOUT|RETRIES|NO_INDEX)$/,
  /^UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_\w+_(USERNAME|PASSWORD))$/,
];

/** Variables of this process for a tool chain. */
export function carriedVariables(env: Environment = process.env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && entry[1] !== "" && carried.some((name) => name.test(entry[0])),
    ),
  );
}

/** Files with settings: where they lie on this machine, the first one that is there, and where the container has them. */
function settingsFiles(home: string, env: Environment): readonly (readonly [to: string, ...from: string[]])[] {
  const config = env["XDG_CONFIG_HOME"] ?? join(home, ".config");
  const cargo = env["CARGO_HOME"] ?? join(home, ".cargo");
  const userFile = (variable: string, ...paths: string[]): string[] => [
    ...(env[variable] ? [env[variable]] : []),
    ...paths,
  ];
  return [
    ["etc/pip.conf", "/etc/pip.conf", "/etc/xdg/pip/pip.conf"],
    [
      "root/.config/pip/pip.conf",
      ...userFile("PIP_CONFIG_FILE", join(config, "pip", "pip.conf"), join(home, ".pip", "pip.conf")),
    ],
    ["root/.config/go/env", ...userFile("GOENV", join(config, "go", "env"))],
    ["root/.netrc", ...userFile("NETRC", join(home, ".netrc"))],
    ["root/.cargo/config.toml", join(cargo, "config.toml"), join(cargo, "config")],
    ["root/.cargo/credentials.toml", join(cargo, "credentials.toml"), join(cargo, "credentials")],
    ["root/.m2/settings.xml", join(home, ".m2", "settings.xml")],
    ["root/.m2/settings-security.xml", join(home, ".m2", "settings-security.xml")],
    ["etc/maven/settings.xml", "/etc/maven/settings.xml"],
  ];
}

/** Puts this machine's settings into a folder whose folders are laid over those of a container. */
export function placeSettings(root: string, home = homedir(), env: Environment = process.env): void {
  for (const [to, ...from] of settingsFiles(home, env)) {
    const found = from.find((file) => existsSync(file));
    if (found === undefined) continue;
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(found, join(root, to));
  }
  mkdirSync(join(root, "host"), { recursive: true });
  writeFileSync(join(root, "host", "ca.pem"), [...ownCertificates(env), ""].join("\n"));
}

/** Certificates that this machine trusts and that no Debian knows by itself: a company's. */
export function ownCertificates(
  env: Environment = process.env,
  known: readonly string[] = getCACertificates("bundled"),
): string[] {
  const files = [
    ...["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].map(
      (name) => env[name],
    ),
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
  ].filter((file): file is string => file !== undefined && file !== "" && existsSync(file));
  const plain = (text: string): string => text.replaceAll(/\s/g, "");
  const bundled = new Set(known.map(plain));
  const found = [...new Set(files)].flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(
      ([text]) => text,
    ),
  );
  const own = new Map(found.map((text) => [plain(text), text]));
  return [...own].filter(([key]) => !bundled.has(key)).map(([, text]) => text);
}
