/** SASL's DIGEST-MD5 for a client (RFC 2831), as ZooKeeper's server has it: authentication only, in UTF-8. */
import { createHash, randomBytes } from "node:crypto";

export interface DigestLogin {
  readonly user: string;
  readonly password: string;
}

/** Who the client believes to talk to. ZooKeeper's servers all have these names. */
const SERVICE = "zookeeper/zk-sasl-md5";
const COUNT = "00000001";

/** The answer to a server's challenge, and what the server must say to prove that it knows the password, too. */
export interface DigestAnswer {
  readonly text: string;
  readonly proof: string;
}

/**
 * @param challenge `realm="…",nonce="…",…`
 * @param service What is asked for, `service/host`.
 * @throws Error when the challenge is none
 */
export function digestAnswer(
  challenge: string,
  { user, password }: DigestLogin,
  { service = SERVICE, cnonce = randomBytes(16).toString("base64") }: { service?: string; cnonce?: string } = {},
): DigestAnswer {
  const given = directives(challenge);
  const { nonce, realm = "" } = given;
  if (nonce === undefined) throw new Error(`the server's challenge has no nonce: ${challenge}`);
  const secret = Buffer.concat([md5(`${user}:${realm}:${password}`), Buffer.from(`:${nonce}:${cnonce}`)]);
  const response = (method: string): string =>
    hex([hex(secret), nonce, COUNT, cnonce, "auth", hex(`${method}:${service}`)].join(":"));
  const text = [
    "charset=utf-8",
    `username=${quoted(user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `nc=${COUNT}`,
    `cnonce=${quoted(cnonce)}`,
    `digest-uri=${quoted(service)}`,
    "maxbuf=65536",
    `response=${response("AUTHENTICATE")}`,
    "qop=auth",
  ].join(",");
  return { text, proof: `rspauth=${response("")}` };
}

function directives(challenge: string): Readonly<Record<string, string | undefined>> {
  const found = challenge.matchAll(/(?<name>[a-z-]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^,]*))/g);
  return Object.fromEntries(
    Array.from(found, ({ groups }) => [
      groups?.["name"] ?? "",
      groups?.["plain"] ?? groups?.["quoted"]?.replace(/\\(.)/g, "$1"),
    ]),
  );
}

function quoted(text: string): string {
  return `"${text.replace(/(["\\])/g, "\\$1")}"`;
}

function md5(text: string | Buffer): Buffer {
  return createHash("md5").update(text).digest();
}

function hex(text: string | Buffer): string {
  return md5(text).toString("hex");
}
