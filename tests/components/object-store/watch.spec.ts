import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:https";
import { expect } from "chai";
import { objectStoreWatch } from "../../../components/object-store/watch.ts";
import { certificateFor } from "../../../platform/own-certificate.ts";
import { FakeServer } from "../../support/fake-server.ts";

describe("whether the object store answers", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());
  const ask = (url = server.url) => objectStoreWatch.make({ url })(AbortSignal.timeout(5000));

  it("is so where it refuses who has no key", async () => {
    server.reset({ "HEAD /": { status: 403 } });
    expect(await ask()).to.deep.equal([]);
  });

  it("is not so where it fails, or nothing runs", async () => {
    server.reset({ "HEAD /": { status: 503 } });
    expect(await ask().catch(String)).to.match(/answers 503$/);
    expect(await ask("http://127.0.0.1:49151").catch(String)).to.match(/can't be reached: .*ECONNREFUSED/);
  });

  it("is asked over TLS each time, whoever has signed the certificate, and its end is told", async () => {
    const made = await certificateFor(["localhost"], new Date("2026-11-29T00:00:00Z"));
    let status = 403;
    const secure = createServer({ cert: made["tls.crt"], key: made["tls.key"] }, (_, response) => {
      response.writeHead(status).end();
    });
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    const address = `localhost:${(secure.address() as AddressInfo).port}`;
    try {
      const look = objectStoreWatch.make({ url: `https://${address}` });
      const end = Date.parse("2036-11-29T00:00:00Z") / 1000;
      expect(await look(AbortSignal.timeout(5000))).to.deep.equal([
        { name: "millrace_certificate_end_seconds", labels: { address }, value: end },
      ]);
      status = 503;
      expect(await look(AbortSignal.timeout(5000)).catch(String)).to.match(/answers 503$/);
    } finally {
      secure.close();
    }
    expect(await ask(`https://${address}`).catch(String)).to.match(/can't be reached/);
  });
});
