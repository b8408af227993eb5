import { expect } from "chai";
import { jupyterhubWatch } from "../../../components/jupyterhub/watch.ts";
import { FakeServer } from "../../support/fake-server.ts";

describe("figures of JupyterHub", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  it("are those of users and servers, read with the token", async () => {
    server.reset({
      "GET /hub/metrics": ({ headers }) =>
        headers["authorization"] === "token secret"
          ? {
              body:
                "jupyterhub_running_servers 2.0\njupyterhub_request_duration_seconds_count 9\n" +
                'jupyterhub_server_spawn_duration_seconds_count{status="failure"} 1.0\n',
            }
          : { status: 403, body: "" },
    });
    const ask = jupyterhubWatch.make({ url: server.url, token: "secret" });
    expect(await ask(AbortSignal.timeout(5000))).to.deep.equal([
      { name: "jupyterhub_running_servers", value: 2 },
      { name: "jupyterhub_server_spawn_duration_seconds_count", value: 1, labels: { status: "failure" } },
    ]);
  });
});
