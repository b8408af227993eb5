import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import {
  ClientEndpointsConfig,
  clientEndpointsProblems,
  clientPodParts,
} from "../../../components/notebooks/client-endpoints.ts";
import type { SparkConnectEndpoint } from "../../../components/spark-connect/endpoint.ts";
import { outsideAt } from "../../../platform/network.ts";
import { kafka, presto, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

describe("ClientEndpointsConfig", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const token = { secretName: pulumi.output("spark-connect-token"), key: "token" };
  const spark: SparkConnectEndpoint = {
    kind: "spark-connect",
    url: pulumi.output("sc://spark.example:15002"),
    at: outsideAt(["spark.example"], [15002], "Spark"),
    token,
    ready: [],
  };
  const common = { namespace: "data", objectStore: s3(), notebooks: "s3://notebooks" };
  const make = () =>
    new ClientEndpointsConfig("client-endpoints", { ...common, kafka: kafka(), presto: presto(), spark });

  it("writes the addresses in the form that the Python library reads", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "client-endpoints");
    expect(JSON.parse(inputs.data["endpoints.json"] ?? "")).to.deep.equal({
      kafka: { bootstrapServers: "kafka.example:9092", securityProtocol: "PLAINTEXT" },
      presto: { url: "http://presto.example:8080", catalog: "lake" },
      spark: { url: "sc://spark.example:15002" },
      s3: { endpoint: "http://s3.example:9000", region: "eu-1", pathStyle: true },
      notebooks: "s3://notebooks",
    });
  });

  it("tells where services are from outside, of those that are published", async () => {
    const address = (url: string | undefined) => ({ title: "one", url: pulumi.output(url) });
    const clients = new ClientEndpointsConfig("client-endpoints", {
      ...common,
      published: { s3: address("http://127.0.0.1:30900"), presto: address(undefined), kafka: undefined },
    });
    const file = JSON.parse(await valueOf(clients.endpoints.text)) as { published: object };
    expect(file.published).to.deep.equal({ s3: "http://127.0.0.1:30900" });
  });

  it("leaves out what is not there", async () => {
    const clients = new ClientEndpointsConfig("client-endpoints", common);
    const file = JSON.parse(await valueOf(clients.endpoints.text)) as object;
    expect(Object.keys(file)).to.deep.equal(["s3", "notebooks"]);
  });

  it("gives a pod the file, its own keys by reference, its token and its home", async () => {
    const { env, volumes, mounts } = clientPodParts(
      make().endpoints,
      s3("user-ana").credentials,
      token,
      "s3://home-ana/",
    );
    const settled = await valueOf(pulumi.output({ env, volumes, mounts }));
    const secret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });
    expect(settled).to.deep.equal({
      env: [
        { name: "AWS_ACCESS_KEY_ID", ...secret("key-user-ana", "accessKey") },
        { name: "AWS_SECRET_ACCESS_KEY", ...secret("key-user-ana", "secretKey") },
        { name: "AWS_ENDPOINT_URL", value: "http://s3.example:9000" },
        { name: "AWS_REGION", value: "eu-1" },
        { name: "AWS_DEFAULT_REGION", value: "eu-1" },
        { name: "MILLRACE_SPARK_TOKEN", ...secret("spark-connect-token", "token") },
        { name: "MILLRACE_HOME", value: "s3://home-ana/" },
      ],
      volumes: [{ name: "client-endpoints", configMap: { name: "client-endpoints" } }],
      mounts: [{ name: "client-endpoints", mountPath: "/etc/millrace", readOnly: true }],
    });
  });

  it("gives a program without home and token neither", () => {
    const names = clientPodParts(make().endpoints, s3().credentials).env.map(({ name }) => name);
    expect(names).not.to.include("MILLRACE_SPARK_TOKEN");
    expect(names).not.to.include("MILLRACE_HOME");
  });

  it("refuses a place for notebooks that is no bucket, and a catalog that Presto does not have", () => {
    expect(clientEndpointsProblems({ notebooks: "/notebooks", presto: { catalogs: ["kafka"] } })).to.deep.equal([
      'client endpoints: notebooks is "/notebooks"; give a bucket and perhaps a prefix: "s3://notebooks"',
      'client endpoints: Presto has no catalog "lake" (it has kafka); give one of these as catalog',
    ]);
    expect(() => new ClientEndpointsConfig("client-endpoints", { ...common, notebooks: "notebooks" })).to.throw(
      '"notebooks"',
    );
  });
});
