import { expect } from "chai";
import { Catalog, catalogProblems, hadoopXml, metastoreSettings } from "../../../components/catalog/catalog.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, postgres, resources, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("Catalog", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (warehouse?: string) =>
    new Catalog("metastore", {
      namespace: "data",
      image: "metastore:1",
      database: postgres("metastore"),
      objectStore: s3("metastore"),
      storage: new Storage({ storageClass: "default" }),
      resources,
      ...(warehouse === undefined ? {} : { warehouse }),
    });

  it("offers the metastore's address and where tables lie", async () => {
    const { endpoint } = make();
    expect(await valueOf(endpoint.uri)).to.equal("thrift://metastore.data.svc:9083");
    expect(await valueOf(endpoint.warehouse)).to.equal("s3a://lake/warehouse");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["metastore"]);
  });

  it("tells the store's address in core-site.xml and its key by environment only", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "metastore-config");
    expect(inputs.data["core-site.xml"]).to.contain(
      "<name>fs.s3a.endpoint</name><value>http://s3.example:9000</value>",
    );
    expect(inputs.data["hive-site.xml"]).to.contain("s3a://lake/warehouse");
    const set = await mocked.get("kubernetes:apps/v1:StatefulSet", "metastore");
    expect(envOf(set.inputs)).to.include({
      SERVICE_NAME: "metastore",
      DB_DRIVER: "postgres",
      HADOOP_HEAPSIZE: "500",
      AWS_ACCESS_KEY_ID: "key-metastore/accessKey",
      AWS_SECRET_ACCESS_KEY: "key-metastore/secretKey",
    });
  });

  it("keeps what it knows in its own database of PostgreSQL, whose password is in no ConfigMap and no argument", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "metastore-config");
    const site = inputs.data["metastore-site.xml"] ?? "";
    const values = Object.fromEntries(
      [...site.matchAll(/<name>(.*?)<\/name><value>(.*?)<\/value>/g)].map(([, name = "", value = ""]) => [name, value]),
    );
    expect(values).to.include({
      "javax.jdo.option.ConnectionURL":
        "jdbc:postgresql://postgres.example:5432/metastore?ApplicationName=metastore" +
        "&amp;connectTimeout=20&amp;socketTimeout=60&amp;tcpKeepAlive=true",
      "javax.jdo.option.ConnectionUserName": "metastore",
      "javax.jdo.option.ConnectionPassword": "${env.DATABASE_PASSWORD}",
    });
    expect(inputs.data["hive-site.xml"]).to.equal(site);
    const set = await mocked.get("kubernetes:apps/v1:StatefulSet", "metastore");
    expect(envOf(set.inputs)).to.include({ DATABASE_PASSWORD: "postgres-role-metastore/password" });
    expect(set.inputs.spec.template.spec.containers[0].args).to.equal(undefined);
  });

  it("leaves connections of PostgreSQL to others", () => {
    const settings = metastoreSettings("s3a://lake/warehouse", { jdbcUrl: "jdbc:postgresql://p/m", user: "m" });
    expect(settings).to.include({ "datanucleus.connectionPool.maxPoolSize": "5", "hikari.minimumIdle": "1" });
  });

  it("keeps the claim of its Derby database, which is moved from there, and restarts with its settings", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "metastore");
    expect(inputs.spec.replicas).to.equal(1);
    expect(inputs.spec.template.spec.containers[0].volumeMounts[0]).to.deep.equal({
      name: "data",
      mountPath: "/opt/hive/data",
    });
    expect(inputs.spec.template.metadata.annotations["millrace/config-hash"]).to.match(/^[0-9a-f]{16}$/);
  });

  it("writes XML that holds any value", () => {
    expect(hadoopXml({ a: "<b> & c" })).to.contain("<value>&lt;b&gt; &amp; c</value>");
  });

  it("refuses a warehouse that is no folder in a bucket", () => {
    expect(catalogProblems({ warehouse: "s3://lake" })[0]).to.match(
      /^catalog: warehouse "s3:\/\/lake" .*s3a:\/\/bucket\/prefix/,
    );
    expect(() => make("lake")).to.throw('warehouse "lake"');
  });
});
