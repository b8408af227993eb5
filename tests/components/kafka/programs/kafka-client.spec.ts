import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { expect } from "chai";

import { kafkaClient, type KafkaSecurity, securityOf } from "../../../../components/kafka/programs/kafka-client.ts";
import { ownAuthority } from "../../../support/own-authority.ts";

const TLS_HANDSHAKE = 0x16;
const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;

/** What a broker has seen of a client that logs in. */
interface Seen {
  mechanism?: string;
  /** What the client has said first. */
  said?: string;
}

/** A broker that takes requests until a client has begun to log in. */
function broker(socket: Socket, seen: Seen): void {
  let rest = Buffer.alloc(0);
  const answer = (request: Buffer, ...parts: Buffer[]): void => {
    const body = Buffer.concat([request.subarray(4, 8), ...parts]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(body.length);
    socket.write(Buffer.concat([size, body]));
  };
  const shorts = (...values: number[]): Buffer =>
    Buffer.concat(
      values.map((value) => {
        const short = Buffer.alloc(2);
        short.writeInt16BE(value);
        return short;
      }),
    );
  const text = (value: string): Buffer => Buffer.concat([shorts(value.length), Buffer.from(value)]);
  socket.on("error", () => undefined);
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE()) {
      const request = rest.subarray(4, 4 + rest.readInt32BE());
      rest = rest.subarray(4 + rest.readInt32BE());
      const after = request.subarray(10 + request.readInt16BE(8));
      switch (request.readInt16BE()) {
        case API_VERSIONS:
          // No error, three kinds of requests with their versions, and no throttling.
          answer(
            request,
            shorts(0, 0, 3, API_VERSIONS, 0, 2, SASL_HANDSHAKE, 0, 1, SASL_AUTHENTICATE, 0, 1),
            Buffer.alloc(4),
          );
          break;
        case SASL_HANDSHAKE:
          seen.mechanism = after.subarray(2).toString();
          answer(request, shorts(0, 0, 1), text(seen.mechanism));
          break;
        case SASL_AUTHENTICATE:
          seen.said = after.subarray(4).toString();
          socket.destroy();
          break;
        default:
          socket.destroy();
      }
    }
  });
}

describe("the Kafka client", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  async function connectTo(started: Server, security: KafkaSecurity): Promise<string> {
    server = started;
    await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
    const { port } = started.address() as AddressInfo;
    const admin = kafkaClient({
      bootstrapServers: `127.0.0.1:${port}`,
      clientId: "test",
      security,
      retries: 0,
      log: () => undefined,
    }).admin();
    const why = await admin.connect().then(
      () => "connected",
      (error: unknown) => String(error),
    );
    await admin.disconnect();
    return why;
  }

  /** First byte that a client of this protocol sends. */
  async function firstByte(protocol: KafkaSecurity["protocol"]): Promise<number | undefined> {
    const seen = Promise.withResolvers<number | undefined>();
    const listening = createServer((socket: Socket) => {
      socket.once("data", (data) => {
        seen.resolve(data[0]);
        socket.destroy();
      });
      socket.on("error", () => undefined);
    });
    const [byte] = await Promise.all([seen.promise, connectTo(listening, { protocol })]);
    return byte;
  }

  it("speaks TLS to a cluster that takes SSL", async () => {
    expect(await firstByte("SSL")).to.equal(TLS_HANDSHAKE);
  });

  it("speaks plainly to one that takes PLAINTEXT", async () => {
    expect(await firstByte("PLAINTEXT")).to.equal(0);
  });

  describe("logs in", () => {
    const { ca, server: certificate } = ownAuthority();
    const security = (mechanism: NonNullable<KafkaSecurity["login"]>["mechanism"]): KafkaSecurity => ({
      protocol: "SASL_SSL",
      login: { mechanism, username: "millrace", password: 'pass "word\\' },
      ca,
    });

    async function loginBy(given: KafkaSecurity): Promise<Seen & { readonly why: string }> {
      const seen: Seen = {};
      const why = await connectTo(
        createTlsServer(certificate, (socket) => {
          broker(socket, seen);
        }),
        given,
      );
      return { ...seen, why };
    }

    it("by PLAIN, through TLS with a certificate of an authority of one's own", async () => {
      const { mechanism, said } = await loginBy(security("PLAIN"));
      expect({ mechanism, said }).to.deep.equal({
        mechanism: "PLAIN",
        said: '\u0000millrace\u0000pass "word\\',
      });
    });

    for (const scram of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
      it(`by ${scram}, without telling the password`, async () => {
        const { mechanism, said } = await loginBy(security(scram));
        expect(mechanism).to.equal(scram);
        expect(said).to.match(/^n,,n=millrace,r=.{10,}$/);
      });
    }

    it("not at a broker whose certificate another authority has signed", async () => {
      const { mechanism, why } = await loginBy({ ...security("PLAIN"), ca: ownAuthority("Another CA").ca });
      expect(mechanism).to.equal(undefined);
      expect(why).to.match(/certificate/i);
    });
  });

  it("finds protocol, login and authority in the environment", () => {
    expect(securityOf({})).to.deep.equal({ protocol: "PLAINTEXT" });
    expect(securityOf({ KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_CA: "pem" })).to.deep.equal({
      protocol: "SSL",
      ca: "pem",
    });
    const login = { KAFKA_SASL_MECHANISM: "SCRAM-SHA-512", KAFKA_USERNAME: "millrace", KAFKA_PASSWORD: "word" };
    expect(securityOf({ KAFKA_SECURITY_PROTOCOL: "SASL_SSL", ...login })).to.deep.equal({
      protocol: "SASL_SSL",
      login: { mechanism: "SCRAM-SHA-512", username: "millrace", password: "word" },
    });
  });

  it("names every variable that is wrong or missing at once, and no password", () => {
    const wrong = { KAFKA_SECURITY_PROTOCOL: "SASL_SSL", KAFKA_SASL_MECHANISM: "GSSAPI", KAFKA_PASSWORD: "s3cret" };
    expect(() => securityOf(wrong)).to.throw(
      'KAFKA_SASL_MECHANISM is "GSSAPI"; allowed are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512\n' +
        "KAFKA_USERNAME is not set: it holds whom to log in to Kafka as",
    );
    expect(() => securityOf({ KAFKA_SECURITY_PROTOCOL: "TLS" })).to.throw(
      'KAFKA_SECURITY_PROTOCOL is "TLS"; allowed are PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL',
    );
  });
});
