import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { expect } from "chai";
import { clientOf } from "../../cli/kube.ts";
import { clientCertificateTrouble, renewalWords, serverCertificateTrouble } from "../../clusters/certificates.ts";

/** Of 127.0.0.1, good in the year 2020; key and certificate are of this spec alone. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBOjCB4aADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCTEyNy4wLjAu
MTAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCTEy
Ny4wLjAuMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOAvMb0D2nowRATmmcwJ
tGVUiNuAURwUGJ65zuaVwcu64uH5gKm/ISQGpBubDra8P3FpbNwTn1e69jF0+E8f
wU+jJDAiMA8GA1UdEQQIMAaHBH8AAAEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjO
PQQDAgNIADBFAiEAloff8Cbu34cQc49wZKWxRb27R3A01S1B6SnMEGLj8UgCIF5e
/aUFddWqat3hnGNa1at+XqKuEN3jehVNyiH12Zky
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkjP/SFEmLHJraeWx
yUbhQZsNAHnx4wv7O+6EnwZo74qhRANCAATgLzG9A9p6MEQE5pnMCbRlVIjbgFEc
FBieuc7mlcHLuuLh+YCpvyEkBqQbmw62vD9xaWzcE59XuvYxdPhPH8FP
-----END PRIVATE KEY-----
`;

describe("words for a cluster's certificates", () => {
  it("name an API server's certificate that has expired, with this machine's clock and the way out", async () => {
    const server = createServer({ cert: certificate, key }, (_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const config = new KubeConfig();
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const caData = Buffer.from(certificate).toString("base64");
      config.loadFromClusterAndUser({ name: "test", server: url, caData, skipTLSVerify: false }, { name: "me" });
      const error = await clientOf(config, renewalWords(true))
        .get("/version")
        .catch((reason: unknown) => reason);
      expect(String(error))
        .to.contain("the API server's certificate has expired; this machine's clock says 20")
        .and.to.contain("docker restart of the node's container renews the embedded cluster's certificates");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("name a kubeconfig's own certificate that is over, or whose time has not come by a clock set back", () => {
    expect(clientCertificateTrouble(certificate, new Date("2026-11-27T08:00:00Z"))).to.equal(
      "the kubeconfig's own certificate expired on 2021-01-01T00:00:00.000Z; this machine's clock says " +
        "2026-11-27T08:00:00.000Z: set it right if it is wrong",
    );
    expect(clientCertificateTrouble(certificate, new Date("1970-01-02T00:00:00Z"))).to.contain(
      "is not valid before 2020-01-01T00:00:00.000Z; this machine's clock says 1970-01-02",
    );
    expect(clientCertificateTrouble(certificate, new Date("2020-06-01T00:00:00Z"))).to.equal(undefined);
    expect(clientCertificateTrouble("no certificate")).to.equal(undefined);
  });

  it("tell another cluster's kubeconfig from an outage", () => {
    const error = (code: string): Error => Object.assign(new Error("x"), { code });
    expect(serverCertificateTrouble(error("SELF_SIGNED_CERT_IN_CHAIN"))).to.contain(
      "the kubeconfig is for another cluster",
    );
    expect(serverCertificateTrouble(error("CERT_NOT_YET_VALID"), new Date(0))).to.contain(
      "is not valid yet; this machine's clock says 1970",
    );
    expect(serverCertificateTrouble(error("ECONNREFUSED"))).to.equal(undefined);
  });
});
