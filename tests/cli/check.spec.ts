import { expect } from "chai";
import { askPublished, renderCheck } from "../../cli/check.ts";
import type { ProofReport } from "../../cli/proof.ts";
import { FakeServer } from "../support/fake-server.ts";

const limit = { limitMs: 300, pauseMs: 5 };

describe("npm run check", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
    server.reset({ "GET /": {} });
  });
  after(() => server.stop());

  it("asks every address that the program publishes, and names the one that does not answer", async () => {
    const addresses = [
      { title: "Presto", url: server.url },
      { title: "Airflow", url: "http://127.0.0.1:9" },
    ];
    const asked = await askPublished(() => Promise.resolve({ addresses }), limit);
    expect(asked.addresses).to.deep.equal(addresses);
    expect(asked.silent).to.have.length(1);
    expect(asked.silent[0]).to.contain("Airflow does not answer at its published address http://127.0.0.1:9");
    const proof: ProofReport = {
      ok: true,
      run: "r",
      failedHop: null,
      ms: 5,
      hops: [],
      skipped: [],
      policies: "enforced",
      error: null,
    };
    const last = (shown: ProofReport) => renderCheck(shown, asked).split("\n").at(-1);
    expect(last(proof)).to.equal("1 of 2 published addresses answer from this machine");
    expect(last({ ...proof, policies: "not enforced" })).to.equal(
      "policies are not enforced here: the proof has reached a server that they close to it",
    );
  });

  it("is not green when the outputs can't be read", async () => {
    const asked = await askPublished(() => Promise.reject(new Error("wrong passphrase")), limit);
    expect(asked).to.deep.equal({
      addresses: [],
      silent: ["the published addresses could not be asked: wrong passphrase"],
    });
  });
});
