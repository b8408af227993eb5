/** Takes secrets out of texts that are handed on. */

export const MASK = "[secret]";
/** What is shorter is found in many a word. */
const SHORTEST = 6;
/** A line of a key in PEM, or a piece of a longer text, from which on it tells something by itself. */
const LONG_LINE = 16;
/** A setting that is a secret by the end of its name, as files of properties, JSON and command lines have it. Its time grows with the text alone. */
const SETTING = /(passw(?:or)?d|secret|token|api[-_]?key)(["']?\s{0,8}[=:]\s{0,8})(["']?)([^\s"',;&{}[\]]{3,})/gi;
/** Words that such a setting may have and that are none. */
const PLAIN = /^(true|false|null|none|undefined|\d{1,5})$/i;
/** Keys of Secrets whose values are no secrets: they would take ordinary words out of every text. */
const PUBLIC =
  /^(user|username|clusterid|host|url|endpoint|region|bucket|database|accounts?|consumer|ca\.crt|tls\.crt|type)$/i;

/**
 * What is to be found of a Secret's values, each with what stands in it.
 * @param data values by key, decoded
 * @param isOfAccounts whether the keys are people's names
 */
export function secretTexts(data: Readonly<Record<string, string>>, isOfAccounts = false): string[] {
  return Object.entries(data)
    .filter(([key]) => isOfAccounts || !PUBLIC.test(key))
    .flatMap(([, value]) => piecesOf(value));
}

/** A value, the lines of a longer one, and what is in JSON, base64 and addresses. */
function piecesOf(value: string): string[] {
  const lines = value.split("\n").map((line) => line.trim());
  const longLines = lines.length > 1 ? lines.filter((line) => line.length >= LONG_LINE) : [];
  // A password may have the sign that ends it.
  const inAddresses = Array.from(value.matchAll(/:\/\/[^:/\s]*:(\S+)@/g), ([, password = ""]) => password);
  const named = Array.from(value.matchAll(SETTING), ([, , , , word = ""]) => word);
  return [value.trim(), ...longLines, ...inAddresses, ...named, ...leavesOf(value).flatMap(loginOf)];
}

/** Texts of a JSON document; none where it is no such. */
function leavesOf(text: string): string[] {
  if (!/^\s*[[{]/.test(text)) return [];
  try {
    const leaves: string[] = [];
    JSON.parse(text, (key, value: unknown) => {
      if (typeof value === "string" && !PUBLIC.test(key)) leaves.push(value);
      return value;
    });
    return leaves;
  } catch {
    return [];
  }
}

/** A text, and the password in it where it is `user:password` in base64, as registries' logins are. */
function loginOf(text: string): string[] {
  const [, password] = /^[\x20-\x7e]+?:([\x20-\x7e]+)$/.exec(Buffer.from(text, "base64").toString("latin1")) ?? [];
  return password === undefined ? [text] : [text, password];
}

/** A text as it may stand somewhere: as it is, in JSON, in addresses, and encoded; of hexadecimal digits also the bytes that they are. */
function spellings(text: string): string[] {
  const bytes = [Buffer.from(text), ...(/^([0-9a-f]{2}){8,}$/.test(text) ? [Buffer.from(text, "hex")] : [])];
  const encoded = bytes.flatMap((one) => {
    const base64 = one.toString("base64");
    return [base64, base64.replace(/=+$/, ""), one.toString("base64url"), one.toString("hex")];
  });
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[\u0080-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const form = new URLSearchParams({ "": text }).toString().slice(1);
  const html = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const twice = JSON.stringify(json).slice(1, -1);
  return [text, json, twice, ascii, encodeURIComponent(text), form, html, ...encoded];
}

/** Takes known texts out of others, in whatever spelling, and what says of itself that it is a password. */
export class Masking {
  readonly #patterns: readonly string[];
  /** Places that were masked so far. */
  count = 0;

  constructor(secrets: readonly string[]) {
    const known = new Set(secrets.filter((secret) => secret.length >= SHORTEST));
    // A secret that has another one in it goes whole.
    this.#patterns = [...new Set([...known].flatMap(spellings))].sort((a, b) => b.length - a.length);
  }

  mask(text: string): string {
    let masked = text;
    for (const pattern of this.#patterns) {
      if (!masked.includes(pattern)) continue;
      const parts = masked.split(pattern);
      this.count += parts.length - 1;
      masked = parts.join(MASK);
    }
    return masked
      .replace(/\b(Basic|Bearer) +[A-Za-z0-9+/=._~-]{8,}/g, (_, scheme: string) => this.#masked(scheme, " "))
      .replace(/(:\/\/[^:/\s"']*):[^@/\s"']+@/g, (_, before: string) => `${this.#masked(before, ":")}@`)
      .replace(SETTING, (all, name: string, between: string, quote: string, value: string) =>
        PLAIN.test(value) || value.startsWith(MASK) ? all : this.#masked(name, `${between}${quote}`),
      );
  }

  #masked(before: string, between: string): string {
    this.count++;
    return `${before}${between}${MASK}`;
  }
}
