import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { kafkaClient } from "../../../../components/kafka/programs/kafka-client.ts";

const TLS_HANDSHAKE = 0x16;

describe("the Kafka client", () => {
  const before = process.env["KAFKA_SECURITY_PROTOCOL"];
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
    if (before === undefined) delete process.env["KAFKA_SECURITY_PROTOCOL"];
    else process.env["KAFKA_SECURITY_PROTOCOL"] = before;
  });

  /** First byte that a client of this protocol sends. */
  async function firstByte(securityProtocol: string): Promise<number | undefined> {
    process.env["KAFKA_SECURITY_PROTOCOL"] = securityProtocol;
    const seen = new Promise<number | undefined>((resolve) => {
      server = createServer((socket: Socket) => {
        socket.once("data", (data) => {
          resolve(data[0]);
          socket.destroy();
        });
        socket.on("error", () => undefined);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server?.address() as AddressInfo;
    const admin = kafkaClient({
      bootstrapServers: `127.0.0.1:${port}`,
      clientId: "test",
      retries: 0,
      log: () => undefined,
    }).admin();
    const [byte] = await Promise.all([seen, admin.connect().catch(() => undefined)]);
    await admin.disconnect();
    return byte;
  }

  it("speaks TLS to a cluster that takes SSL", async () => {
    expect(await firstByte("SSL")).to.equal(TLS_HANDSHAKE);
  });

  it("speaks plainly to one that takes PLAINTEXT", async () => {
    expect(await firstByte("PLAINTEXT")).to.equal(0);
  });
});
