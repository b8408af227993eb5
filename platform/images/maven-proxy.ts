/**
 * The proxies of the environment as Maven reads them, which knows no `HTTPS_PROXY`: as settings of Java, and one with a
 * user and a password in a settings file.
 */
import { xmlElements } from "./xml.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Options of `mvn` for `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case; the lower one wins, as
 * with curl. Empty when no proxy is named. A user and a password are not among them: see {@link withProxyLogins}.
 * @throws Error naming the variable when its value is no address of an HTTP proxy.
 */
export function mavenProxyOptions(env: Environment = process.env): string[] {
  const options: string[] = [];
  for (const scheme of ["http", "https"]) {
    const named = variable(env, `${scheme}_proxy`) ?? variable(env, "all_proxy");
    if (named === undefined) continue;
    const url = addressOf(named);
    options.push(`-D${scheme}.proxyHost=${url.hostname}`);
    options.push(`-D${scheme}.proxyPort=${portOf(url)}`);
  }
  const direct = hostsOf(variable(env, "no_proxy")?.value ?? "");
  // Java's setting for both schemes; without it, it would leave out localhost only.
  if (options.length > 0 && direct.length > 0) options.push(`-Dhttp.nonProxyHosts=${direct.join("|")}`);
  return options;
}

/** `MAVEN_OPTS` with the proxies before what is there already, which wins. */
export function mavenOpts(env: Environment = process.env): string {
  const options = mavenProxyOptions(env);
  // Maven 3.9 heeds Java's own settings only when it is told to.
  if (options.length > 0) options.push("-Daether.connector.http.useSystemProperties=true");
  return [...options, env["MAVEN_OPTS"] ?? ""].join(" ").trim();
}

/** An error of Maven's with the way out, when it is a proxy's that wants a user and a password. */
export function proxyHint(error: unknown): unknown {
  if (!(error instanceof Error) || !/\b407\b|Proxy Authentication/i.test(error.message)) return error;
  const way = "the proxy wants a user and a password";
  const places = "give them in $HTTPS_PROXY (http://user:password@host:port) or in a <proxy> in ~/.m2/settings.xml";
  return new Error(`${error.message}\n  ${way}; ${places}`, { cause: error.cause });
}

/** A proxy that is logged in to. */
interface ProxyLogin {
  readonly id: string;
  readonly active: "true";
  /** Of what is asked for through it. */
  readonly protocol: string;
  readonly host: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
  readonly nonProxyHosts: string | undefined;
}

/** The proxies of the environment that have a user. */
export function proxyLogins(env: Environment = process.env): ProxyLogin[] {
  const direct = hostsOf(variable(env, "no_proxy")?.value ?? "");
  return ["http", "https"].flatMap((scheme): ProxyLogin[] => {
    const named = variable(env, `${scheme}_proxy`) ?? variable(env, "all_proxy");
    if (named === undefined) return [];
    const url = addressOf(named);
    if (url.username === "") return [];
    return [
      {
        id: `environment-${scheme}`,
        active: "true",
        protocol: scheme,
        host: url.hostname,
        port: portOf(url),
        username: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        nonProxyHosts: direct.length === 0 ? undefined : direct.join("|"),
      },
    ];
  });
}

/**
 * Maven's settings for all users with the logins in them; what a user has in `~/.m2/settings.xml` still wins.
 * @param settings - what they are without; `undefined`: there are none
 * @returns `undefined` where they name proxies already: whoever wrote them knows better
 */
export function withProxyLogins(settings: string | undefined, logins: readonly ProxyLogin[]): string | undefined {
  const bare = (settings ?? "<settings></settings>")
    .replaceAll(/<!--[^]*?-->/g, "")
    .replace(/<proxies\s*\/>|<proxies\s*>\s*<\/proxies\s*>/, "")
    .replace(/<settings\s*\/>/, "<settings></settings>");
  if (bare.includes("<proxies")) return undefined;
  const proxies = logins.map((login) => `<proxy>${xmlElements({ ...login })}</proxy>`).join("");
  // By a function, since a password may have signs that mean something in a replacement.
  return bare.replace("</settings>", () => `<proxies>${proxies}</proxies></settings>`);
}

/** An error that repeats none of the passwords. */
export function withoutPasswords(error: unknown, logins: readonly ProxyLogin[]): unknown {
  if (!(error instanceof Error)) return error;
  const secrets = logins
    .flatMap(({ password }) => [password, encodeURIComponent(password)])
    .filter((text) => text !== "");
  const longestFirst = secrets.toSorted((left, right) => right.length - left.length);
  const message = longestFirst.reduce((text, secret) => text.replaceAll(secret, "***"), error.message);
  return message === error.message ? error : new Error(message);
}

interface Named {
  readonly name: string;
  readonly value: string;
}

function variable(env: Environment, lower: string): Named | undefined {
  for (const name of [lower, lower.toUpperCase()]) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== "") return { name, value };
  }
  return undefined;
}

/** The value may hold a password, so that no message repeats it. */
function addressOf({ name, value }: Named): URL {
  const text = value.includes("://") ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(`$${name} is not the address of an HTTP proxy; give http://[user:password@]host:port, or unset it`);
  }
  return url;
}

function portOf({ port, protocol }: URL): string {
  if (port !== "") return port;
  return protocol === "https:" ? "443" : "80";
}

/** `NO_PROXY`'s hosts in Java's form: a domain stands for itself and all below it. */
function hostsOf(text: string): string[] {
  const hosts = text.split(/[\s,]+/).filter((host) => host !== "");
  if (hosts.includes("*")) return ["*"];
  return hosts.flatMap((host) => {
    const name = host.replace(/:\d+$/, "").replace(/^\*?\./, "");
    return /^[\d.]+$/.test(name) || name === "localhost" ? [name] : [name, `*.${name}`];
  });
}
