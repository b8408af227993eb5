import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { s3Client } from "../../../../components/object-store/programs/s3-client.ts";
import { ownAuthority } from "../../../support/own-authority.ts";

describe("the S3 client", () => {
  const { ca, server: certificate } = ownAuthority();
  const seen: IncomingMessage["headers"][] = [];
  const server = createServer(certificate, (request, answer) => {
    seen.push(request.headers);
    request.resume().on("end", () => answer.writeHead(200, { "content-length": "0", etag: '"1"' }).end());
  });
  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  const client = (environment: Readonly<Record<string, string>>) =>
    s3Client(
      {
        url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
        region: "eu-1",
        pathStyle: true,
        accessKey: "AK",
        secretKey: "SK",
      },
      environment,
    );

  it("trusts the authority in S3_CA, and signs with the token in AWS_SESSION_TOKEN", async () => {
    await client({ S3_CA: ca, AWS_SESSION_TOKEN: "token-1" }).putObject("lake", "a", "text");
    expect(seen.map((headers) => headers["x-amz-security-token"])).to.deep.equal(["token-1"]);
    expect(seen[0]?.authorization).to.match(/Credential=AK\/.*SignedHeaders=[^,]*x-amz-security-token/);
  });

  it("shows no token where the key has none", async () => {
    await client({ S3_CA: ca }).putObject("lake", "a", "text");
    expect(seen[0]).not.to.have.property("x-amz-security-token");
  });

  it("sends nothing to a service whose certificate nobody has signed that it knows", async () => {
    const why = await client({ S3_CA: ownAuthority("Another CA").ca })
      .putObject("lake", "a", "text")
      .then(
        () => "written",
        (error: unknown) => String(error),
      );
    expect(why).to.match(/certificate/i);
    expect(seen).to.deep.equal([]);
  });
});
