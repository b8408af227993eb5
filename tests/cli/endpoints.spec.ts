import { expect } from "chai";

import { publishedEndpoints } from "../../cli/endpoints.ts";
import { UserError } from "../../cli/errors.ts";
import { loadConfig } from "../../config/index.ts";

const addresses = [
  { title: "Display", url: "http://127.0.0.1:30090" },
  { title: "Presto", url: "http://127.0.0.1:30080" },
  { title: "S3 (Garage)", url: "127.0.0.1:30900" },
  { title: "S3 (MinIO) console", url: "http://127.0.0.1:30901" },
  { title: "Kafka", url: "127.0.0.1:30094" },
];

describe("npm run endpoints", () => {
  it("prints what the Python library reads: the addresses of Kafka, Presto and S3 as this machine reaches them", () => {
    expect(publishedEndpoints(loadConfig({}), addresses)).to.deep.equal({
      kafka: { bootstrapServers: "127.0.0.1:30094", securityProtocol: "PLAINTEXT" },
      presto: { url: "http://127.0.0.1:30080", catalog: "lake" },
      s3: { endpoint: "http://127.0.0.1:30900", region: "us-east-1", pathStyle: true },
      notebooks: "s3://notebooks",
    });
  });

  it("gives host names behind an ingress controller as they are, without Kafka, which is not published there", () => {
    const pages = [
      { title: "Presto", url: "https://presto.data.example.com" },
      { title: "S3 (Garage)", url: "https://object-store.data.example.com" },
    ];
    expect(publishedEndpoints(loadConfig({}), pages)).to.deep.equal({
      presto: { url: "https://presto.data.example.com", catalog: "lake" },
      s3: { endpoint: "https://object-store.data.example.com", region: "us-east-1", pathStyle: true },
      notebooks: "s3://notebooks",
    });
  });

  it("leaves out what is not published", () => {
    expect(publishedEndpoints(loadConfig({}), addresses.slice(0, 2))).to.have.all.keys("presto", "notebooks");
  });

  it("gives existing services by their own addresses", () => {
    const services = {
      kafka: { existing: { bootstrapServers: "broker.example.com:9093" } },
      objectStore: { server: "existing", existing: { host: "s3.example.com", region: "eu-1", secretName: "keys" } },
    };
    const found = publishedEndpoints(loadConfig({ "millrace:services": services }), addresses.slice(0, 2));
    expect(found["kafka"]).to.deep.equal({ bootstrapServers: "broker.example.com:9093", securityProtocol: "SSL" });
    expect(found["s3"]).to.deep.equal({ endpoint: "https://s3.example.com:443", region: "eu-1", pathStyle: false });
  });

  it("says what to do where nothing is published", () => {
    expect(() => publishedEndpoints(loadConfig({}), []))
      .to.throw(UserError)
      .with.property("message")
      .that.matches(/no address of Kafka, Presto or S3 is published; bring the platform up \(npm run up\)/);
  });
});
