/** The proxies of the environment as the settings of Java that Maven reads: it knows no `HTTPS_PROXY`. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Options of `mvn` for `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case; the lower one wins, as
 * with curl. Empty when no proxy is named. Maven takes a user and a password from its `settings.xml` only.
 * @throws Error naming the variable when its value is no address of an HTTP proxy.
 */
export function mavenProxyOptions(env: Environment = process.env): string[] {
  const options: string[] = [];
  for (const scheme of ["http", "https"]) {
    const named = variable(env, `${scheme}_proxy`) ?? variable(env, "all_proxy");
    if (named === undefined) continue;
    const { hostname, port, protocol } = addressOf(named);
    options.push(`-D${scheme}.proxyHost=${hostname}`);
    options.push(`-D${scheme}.proxyPort=${port === "" ? (protocol === "https:" ? "443" : "80") : port}`);
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
  const way = "the proxy wants a user and a password, which Maven takes only from a <proxy> in ~/.m2/settings.xml";
  return new Error(`${error.message}\n  ${way}; add one there`, { cause: error.cause });
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

/** `NO_PROXY`'s hosts in Java's form: a domain stands for itself and all below it. */
function hostsOf(text: string): string[] {
  const hosts = text.split(/[\s,]+/).filter((host) => host !== "");
  if (hosts.includes("*")) return ["*"];
  return hosts.flatMap((host) => {
    const name = host.replace(/:\d+$/, "").replace(/^\*?\./, "");
    return /^[\d.]+$/.test(name) || name === "localhost" ? [name] : [name, `*.${name}`];
  });
}
