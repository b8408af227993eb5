import { expect } from "chai";
import { MASK, Masking, secretTexts } from "../../platform/masking.ts";

describe("secrets in texts that are handed on", () => {
  const masked = (text: string, data: Readonly<Record<string, string>> = { password: "hunter2/öß" }): string =>
    new Masking(secretTexts(data)).mask(text);

  it("are found however they are spelled", () => {
    const secret = 'quo"ted\\word';
    const bytes = Buffer.from(secret);
    for (const spelled of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      bytes.toString("base64"),
      bytes.toString("base64url"),
      bytes.toString("hex"),
      JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
    ]) {
      expect(masked(`a ${spelled} b`, { password: secret })).to.equal(`a ${MASK} b`);
    }
    const key = "00ff".repeat(8);
    expect(masked(`a ${Buffer.from(key, "hex").toString("base64")} b`, { key })).to.equal(`a ${MASK} b`);
  });

  it("are found in what stands around them: keys in PEM, addresses, JSON, logins of registries", () => {
    const pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";
    expect(masked("line MIGHAgEAMBMGByqGSM49 of it", { "tls.key": pem })).to.equal(`line ${MASK} of it`);
    expect(masked("it is sesame-42", { uri: "postgresql://me:sesame-42@host/db" })).to.equal(`it is ${MASK}`);
    const auth = Buffer.from("me:sesame-42").toString("base64");
    const docker = JSON.stringify({ auths: { "registry:5000": { username: "someone", auth } } });
    expect(masked(`someone has ${auth}, sesame-42`, { ".dockerconfigjson": docker })).to.equal(
      `someone has ${MASK}, ${MASK}`,
    );
  });

  it("are found with signs of their own, as other programs write them", () => {
    expect(masked('{"a": "caf\\u00e9-1"}', { password: "café-1" })).to.equal(`{"a": "${MASK}"}`);
    expect(masked("q=open+sesame%21", { password: "open sesame!" })).to.equal(`q=${MASK}`);
    expect(masked("<b>a&amp;b&lt;c12</b>", { password: "a&b<c12" })).to.equal(`<b>${MASK}</b>`);
    expect(masked("it is p@ssw0rd", { uri: "amqp://me:p@ssw0rd@host/v" })).to.equal(`it is ${MASK}`);
    const jaas = 'Module required username="me" password="sesame-42";';
    expect(masked("it is sesame-42", { "jaas.conf": jaas })).to.equal(`it is ${MASK}`);
    expect(masked("it is sesame-42", { host: "sesame-42" })).to.equal("it is sesame-42");
    expect(new Masking(secretTexts({ host: "sesame-42" }, true)).mask("it is sesame-42")).to.equal(`it is ${MASK}`);
  });

  it("go where a setting is one by its name, and ordinary words stay", () => {
    expect(masked("db.password=hunter1 user=me")).to.equal(`db.password=${MASK} user=me`);
    expect(masked('{"apiKey": "abcdef", "token":"xyz123"}')).to.equal(`{"apiKey": "${MASK}", "token":"${MASK}"}`);
    const plain = '"automountServiceAccountToken": true, secretName: kafka-client, tokens: 1234';
    expect(masked(plain)).to.equal(plain);
  });

  it("go where a text says of itself that it has one, known or not", () => {
    expect(masked("authorization: Basic bWU6dW5rbm93bg==")).to.equal(`authorization: Basic ${MASK}`);
    expect(masked("Bearer eyJhbGciOi.J9-x_y")).to.equal(`Bearer ${MASK}`);
    expect(masked("at https://me:unknown@host/x")).to.equal(`at https://me:${MASK}@host/x`);
    expect(masked("kafka://kafka:9092 and https://host:30443/a@b")).to.equal(
      "kafka://kafka:9092 and https://host:30443/a@b",
    );
  });

  it("are not taken for ordinary words: names of users and places, and what is too short to be found", () => {
    const data = { username: "metastore", "ca.crt": "certificate", endpoint: "object-store", pin: "12345" };
    const text = "metastore shows its certificate to object-store, 12345 times";
    expect(masked(text, data)).to.equal(text);
  });

  it("that have another one in them go whole, and each place is counted", () => {
    const masking = new Masking(["secret-part", "secret-part-and-more"]);
    expect(masking.mask("secret-part-and-more, secret-part")).to.equal(`${MASK}, ${MASK}`);
    expect(masking.count).to.equal(2);
  });
});
