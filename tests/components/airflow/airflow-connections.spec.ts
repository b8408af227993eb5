import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import {
  connectionEnv,
  kafkaConnection,
  prestoConnection,
  s3Connection,
  sparkConnection,
} from "../../../components/airflow/airflow-connections.ts";
import { kafka, presto, s3 } from "../../support/fixtures.ts";
import { valueOf } from "../../support/mocks.ts";

describe("Airflow's connections", () => {
  it("to S3 take keys from the environment unless they have their own", () => {
    const store = { url: "http://s3.example:9000", region: "eu-1", pathStyle: true };
    const extra = {
      endpoint_url: "http://s3.example:9000",
      region_name: "eu-1",
      config_kwargs: { s3: { addressing_style: "path" } },
    };
    expect(s3Connection(store)).to.deep.equal({ conn_type: "aws", extra });
    expect(s3Connection({ ...store, keys: { accessKey: "$(A)", secretKey: "$(B)" } })).to.deep.equal({
      conn_type: "aws",
      login: "$(A)",
      password: "$(B)",
      extra,
    });
    expect(s3Connection({ ...store, pathStyle: false }).extra).to.deep.include({
      config_kwargs: { s3: { addressing_style: "virtual" } },
    });
  });

  it("to Kafka are settings of its client", () => {
    expect(kafkaConnection("a:9092,b:9092", { securityProtocol: "SSL" })).to.deep.equal({
      conn_type: "kafka",
      extra: { "bootstrap.servers": "a:9092,b:9092", "security.protocol": "SSL" },
    });
    const ref = (key: string) => ({ secretName: pulumi.output("kafka"), key });
    const login = { mechanism: "SCRAM-SHA-256", username: ref("username"), password: ref("password") } as const;
    expect(kafkaConnection("a:9093", { securityProtocol: "SASL_SSL", login }).extra).to.deep.equal({
      "bootstrap.servers": "a:9093",
      "security.protocol": "SASL_SSL",
      "sasl.mechanism": "SCRAM-SHA-256",
    });
  });

  it("to Presto name its port also where the address does not", () => {
    expect(prestoConnection("http://presto.example:8080", "lake")).to.deep.equal({
      conn_type: "presto",
      host: "presto.example",
      port: 8080,
      login: "airflow",
      extra: { protocol: "http", catalog: "lake" },
    });
    expect(prestoConnection("https://presto.example", undefined)).to.deep.include({
      port: 443,
      extra: { protocol: "https" },
    });
  });

  it("to Spark show the token only where one is asked for", () => {
    expect(sparkConnection("sc://spark.example:15002")).to.deep.equal({
      conn_type: "spark_connect",
      host: "sc://spark.example",
      port: 15002,
    });
    expect(sparkConnection("sc://spark.example", "$(TOKEN)")).to.deep.include({ port: 15002, password: "$(TOKEN)" });
  });

  it("come after the keys that they name, and only for services that are there", async () => {
    const env = connectionEnv({ kafka: kafka(), presto: presto(), objectStore: s3("airflow") }, s3("airflow"), {
      secretName: pulumi.output("spark-token"),
      key: "token",
    });
    expect(env.map(({ name }) => name)).to.deep.equal([
      "AIRFLOW_S3_ACCESS_KEY",
      "AIRFLOW_S3_SECRET_KEY",
      "AIRFLOW_SPARK_TOKEN",
      "AIRFLOW_CONN_S3_LOGS",
      "AIRFLOW_CONN_S3",
      "AIRFLOW_CONN_KAFKA",
      "AIRFLOW_CONN_PRESTO",
    ]);
    const own = JSON.parse((await valueOf(pulumi.output(env[3]?.value))) ?? "") as object;
    expect(own).to.include({ login: "$(AIRFLOW_S3_ACCESS_KEY)", password: "$(AIRFLOW_S3_SECRET_KEY)" });
    const withoutKeys = JSON.parse((await valueOf(pulumi.output(env[4]?.value))) ?? "") as object;
    expect(withoutKeys).not.to.have.any.keys("login", "password");
  });
});
