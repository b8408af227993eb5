import { expect } from "chai";

import { type ExistingKafka, existingSecurity } from "../../../components/kafka/existing.ts";

describe("An existing Kafka", () => {
  const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    login: { username: "millrace", password: "word" },
    ca: { "ca.crt": "pem" },
    half: { username: "millrace" },
  };
  const secret = (name: string) => Promise.resolve(secrets[name]);
  const sasl = { bootstrapServers: "k:9093", securityProtocol: "SASL_SSL", saslMechanism: "PLAIN" } as const;
  const problemOf = (existing: ExistingKafka) =>
    existingSecurity(existing, secret).then(
      () => "none",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );

  it("is asked from this machine with what the stack's file gives", async () => {
    expect(await existingSecurity(undefined, secret)).to.deep.equal({ protocol: "PLAINTEXT" });
    expect(await existingSecurity({ ...sasl, username: "u", password: "p", ca: "own" }, secret)).to.deep.equal({
      protocol: "SASL_SSL",
      login: { mechanism: "PLAIN", username: "u", password: "p" },
      ca: "own",
    });
  });

  it("is asked with what is in the Secrets that the file names", async () => {
    expect(await existingSecurity({ ...sasl, secretName: "login", caSecretName: "ca" }, secret)).to.deep.equal({
      protocol: "SASL_SSL",
      login: { mechanism: "PLAIN", username: "millrace", password: "word" },
      ca: "pem",
    });
  });

  it("is not asked where a Secret is not there, or lacks a key", async () => {
    expect(await problemOf({ ...sasl, secretName: "none" })).to.equal(
      "the lag of Kafka's readers is not known: Secret none has no key username, and Kafka asks for it",
    );
    expect(await problemOf({ ...sasl, secretName: "half" })).to.equal(
      "the lag of Kafka's readers is not known: Secret half has no key password, and Kafka asks for it",
    );
  });
});
