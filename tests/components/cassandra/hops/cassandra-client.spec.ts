import { errors, types } from "cassandra-driver";
import { expect } from "chai";
import { CassandraClient, cassandraError } from "../../../../components/cassandra/hops/cassandra-client.ts";
import { isConnectionRefused } from "../../../../platform/hops/errors.ts";
import { HopFailure } from "../../../../platform/hops/hop.ts";

const where = "Cassandra at cassandra:9042";
const translated = (error: unknown): Error => cassandraError(error, where, "proof");

describe("cassandra client", () => {
  it("says that nothing runs where Cassandra should be, again at each try", async () => {
    const client = new CassandraClient({
      contactPoints: ["127.0.0.1"],
      port: 1,
      datacenter: "datacenter1",
      user: "proof",
      password: "secret",
    });
    for (const attempt of ["first", "second"]) {
      const error = await client.query("SELECT 1", [], AbortSignal.timeout(5000)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error, attempt).to.be.an("error").and.not.instanceOf(HopFailure);
      expect(String(error), attempt).to.match(
        /^Error: Cassandra at 127\.0\.0\.1:1 can't be reached: .*ECONNREFUSED.*nothing runs there/,
      );
      expect(isConnectionRefused(error), attempt).to.equal(true);
    }
    await client.close();
  });

  it("takes a refused login for a failure, but not that of a node that can't read its accounts", () => {
    const wrong = new errors.AuthenticationError("Provided username proof and/or password are incorrect");
    for (const error of [wrong, new errors.NoHostAvailableError({ "10.0.0.1:9042": wrong })]) {
      expect(translated(error)).to.be.instanceOf(HopFailure);
      expect(translated(error).message).to.equal(
        `${where} refuses the login of "proof": Provided username proof and/or password are incorrect`,
      );
    }
    const early = new errors.AuthenticationError("Unable to perform authentication: Cannot achieve consistency level");
    expect(translated(early)).to.not.be.instanceOf(HopFailure);
    expect(translated(early).message).to.contain("Unable to perform authentication");
  });

  it("does not take Cassandra for away where one of its hosts may be there", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const hosts = { "10.0.0.1:9042": refused, "10.0.0.2:9042": new Error("it is late") };
    const error = translated(new errors.NoHostAvailableError(hosts));
    expect(error.message).to.equal(`${where} can't be reached: it is late`);
    expect(isConnectionRefused(error)).to.equal(false);
    expect(isConnectionRefused(translated(new errors.NoHostAvailableError({})))).to.equal(false);
  });

  it("takes a missing table and a missing right for a failure", () => {
    const { invalid, unauthorized, unavailableException } = types.responseErrorCodes;
    const missing = translated(new errors.ResponseError(invalid, "table samples does not exist"));
    expect(missing).to.be.instanceOf(HopFailure);
    expect(missing.message).to.match(/lacks a table or a column: .*table samples does not exist$/);
    const right = translated(new errors.ResponseError(unauthorized, "User proof has no SELECT permission"));
    expect(right).to.be.instanceOf(HopFailure);
    expect(right.message).to.match(/refuses "proof" a right: .*no SELECT permission$/);
    const early = translated(new errors.ResponseError(unavailableException, "Cannot achieve consistency level"));
    expect(early).to.not.be.instanceOf(HopFailure);
  });
});
