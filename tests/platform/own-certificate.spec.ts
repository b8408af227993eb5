import { expect } from "chai";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { certificateFor, ownCertificate } from "../../platform/own-certificate.ts";
import { mock, valueOf } from "../support/mocks.ts";

describe("a certificate of a service's own", () => {
  it("is for its hosts, its key fits, and clients trust it itself for ten years", async () => {
    const now = new Date("2026-11-29T10:00:00Z");
    const made = await certificateFor(["nifi", "localhost", "127.0.0.1"], now);
    const certificate = new X509Certificate(made["tls.crt"]);
    expect(certificate.subjectAltName).to.equal("DNS:nifi, DNS:localhost, IP Address:127.0.0.1");
    expect(certificate.checkPrivateKey(createPrivateKey(made["tls.key"]))).to.equal(true);
    expect(certificate.verify(certificate.publicKey)).to.equal(true);
    expect(made["ca.crt"]).to.equal(made["tls.crt"]);
    expect(certificate.validFromDate.toISOString()).to.equal("2026-11-28T10:00:00.000Z");
    expect(certificate.validToDate.toISOString()).to.equal("2036-11-29T10:00:00.000Z");
  });

  it("lies in a Secret, and clients are told which of its keys to trust", async () => {
    const mocked = await mock();
    const ref = ownCertificate({ namespace: "data", name: "nifi-certificate", labels: {}, hosts: ["nifi"] }, {});
    expect([await valueOf(ref.secretName), ref.key]).to.deep.equal(["nifi-certificate", "ca.crt"]);
    const { inputs } = await mocked.get("kubernetes:core/v1:Secret", "nifi-certificate");
    expect(Object.keys(inputs["stringData"]).sort()).to.deep.equal(["ca.crt", "tls.crt", "tls.key"]);
  });
});
