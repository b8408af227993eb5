import { once } from "node:events";
import { createServer as createPlain, type AddressInfo, type Socket } from "node:net";
import { createServer } from "node:tls";
import { expect } from "chai";
import { certificateWatch } from "../../platform/certificate-watch.ts";
import { certificateFor } from "../../platform/own-certificate.ts";

describe("until when certificates hold", () => {
  it("is asked of the servers, whoever has signed them, and not at each look", async () => {
    const made = await certificateFor(["localhost"], new Date("2026-11-29T00:00:00Z"));
    const server = createServer({ cert: made["tls.crt"], key: made["tls.key"] });
    let connections = 0;
    server.on("connection", (socket: Socket) => {
      connections++;
      socket.on("error", () => undefined);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const address = `localhost:${(server.address() as AddressInfo).port}`;
      const ask = certificateWatch([address]);
      const sample = { name: "millrace_certificate_end_seconds", labels: { address } };
      const expected = [{ ...sample, value: Date.parse("2036-11-29T00:00:00Z") / 1000 }];
      expect(await ask()).to.deep.equal(expected);
      expect(await ask()).to.deep.equal(expected);
      expect(connections).to.equal(1);
      // One that is away takes nothing from the other.
      expect(await certificateWatch(["127.0.0.1:49151", address])()).to.deep.equal(expected);
    } finally {
      server.close();
    }
  });

  it("is not known where nothing runs, or something else than TLS", async () => {
    expect(await certificateWatch(["127.0.0.1:49151"])()).to.deep.equal([]);
    const plain = createPlain((socket) => socket.end("hello\n"));
    plain.listen(0, "127.0.0.1");
    await once(plain, "listening");
    try {
      const address = `127.0.0.1:${(plain.address() as AddressInfo).port}`;
      expect(await certificateWatch([address])()).to.deep.equal([]);
    } finally {
      plain.close();
    }
  });

  it("is nothing of servers without any", async () => {
    expect(await certificateWatch([])()).to.deep.equal([]);
  });
});
