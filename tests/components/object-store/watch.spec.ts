import { expect } from "chai";
import { objectStoreWatch } from "../../../components/object-store/watch.ts";
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
});
