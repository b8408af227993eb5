/** An authority of one's own, and a server's certificate that it has signed for 127.0.0.1 and localhost. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface OwnAuthority {
  /** Its certificate, in PEM; it is valid for two days. */
  readonly ca: string;
  readonly server: { readonly key: string; readonly cert: string };
}

export function ownAuthority(name = "Acme own CA"): OwnAuthority {
  const folder = mkdtempSync(join(tmpdir(), "millrace-ca-"));
  const at = (file: string): string => join(folder, file);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore", cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name}`, "-keyout", "ca.key", "-out", "ca.pem");
    openssl("req", ...key, "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr");
    writeFileSync(at("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "names"];
    openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem");
    const [ca = "", serverKey = "", cert = ""] = ["ca.pem", "server.key", "server.pem"].map((file) =>
      readFileSync(at(file), "utf8"),
    );
    return { ca, server: { key: serverKey, cert } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
