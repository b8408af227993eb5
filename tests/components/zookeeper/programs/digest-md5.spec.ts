import { expect } from "chai";
import { digestAnswer } from "../../../../components/zookeeper/programs/digest-md5.ts";

describe("SASL's DIGEST-MD5", () => {
  it("answers as the example of RFC 2831 does, and knows what the server then says", () => {
    const challenge = 'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8';
    const given = { service: "imap/elwood.innosoft.com", cnonce: "OA6MHXh6VqTrRk" };
    const { text, proof } = digestAnswer(challenge, { user: "chris", password: "secret" }, given);
    expect(text).to.include("response=d388dad90d4bbd760a152321f2143af7");
    expect(text).to.include('username="chris"').and.to.include('digest-uri="imap/elwood.innosoft.com"');
    expect(proof).to.equal("rspauth=ea40f60335c427b5527b84dbabcdfffd");
  });

  it("escapes what has quotes, and takes another number of its own each time", () => {
    const answer = () => digestAnswer('nonce="a\\"b",realm="r"', { user: 'an "a"', password: "p" }).text;
    expect(answer()).to.include('username="an \\"a\\""').and.to.include('nonce="a\\"b"');
    expect(answer()).not.to.equal(answer());
  });

  it("is none without a number of the server's", () => {
    expect(() => digestAnswer('realm="r"', { user: "u", password: "p" })).to.throw(
      'the server\'s challenge has no nonce: realm="r"',
    );
  });
});
