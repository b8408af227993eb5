import { expect } from "chai";
import { Component } from "../../platform/component.ts";
import { endName } from "../../platform/network.ts";
import { type Exposure, publicUrl, publish } from "../../platform/exposure.ts";
import { nodePorts } from "../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../support/mocks.ts";

class Weather extends Component {
  constructor(name: string, inputs: object) {
    super("Weather", name, inputs);
    this.registerOutputs({});
  }
}

const INGRESS = "kubernetes:networking.k8s.io/v1:Ingress";
const page = {
  service: "spark-telemetry-driver",
  namespace: "data",
  nodePort: "sparkUi",
  port: 4040,
  selector: { a: "b" },
  labels: { c: "d" },
  title: "Spark",
  scheme: "http",
} as const;
const plain = { kind: "ingress", host: "data.example.com", ports: ["sparkUi"] } as const;

describe("Publishing with the proxy's login before it", () => {
  const guard = { userHeader: "X-User", paths: ["/a"] };
  const guarded = { sparkUi: 30040 };
  const ways: Record<string, Exposure> = {
    "a node port": { ...nodePorts, guarded },
    "a load balancer": { kind: "loadBalancer", ports: ["sparkUi"], guarded },
    "an Ingress": { ...plain, guarded },
  };
  for (const [way, exposure] of Object.entries(ways)) {
    it(`by ${way} leads to the proxy, and the proxy is told of the page`, async () => {
      const mocked = await mock();
      const address = publish(exposure, { ...page, guard }, {});
      const { spec } = (await mocked.get("kubernetes:core/v1:Service", "spark-telemetry-driver-published")).inputs;
      expect(spec.selector).to.deep.equal({
        "app.kubernetes.io/name": "auth-proxy",
        "app.kubernetes.io/component": "server",
      });
      expect(spec.ports[0]).to.include({ port: 4040, targetPort: 30040 });
      const { host, ...told } = address.guarded ?? expect.fail("it is not guarded");
      expect(told).to.deep.include({ title: "Spark", port: 30040, hostPort: 4040, rules: guard });
      expect(await valueOf(host)).to.equal("spark-telemetry-driver.data.svc");
    });
  }

  it("says at a load balancer who asks for a login", async () => {
    const ways: Record<string, Exposure> = {
      proxy: { kind: "loadBalancer", ports: ["sparkUi"], guarded },
      page: { kind: "loadBalancer", ports: ["sparkUi"], guarded: { presto: 30080 } },
      nobody: { kind: "loadBalancer", ports: ["sparkUi"], withoutLogin: ["sparkUi"] },
    };
    for (const [who, exposure] of Object.entries(ways)) {
      const mocked = await mock();
      publish(exposure, page, {});
      const { metadata } = (await mocked.get("kubernetes:core/v1:Service", "spark-telemetry-driver-published")).inputs;
      expect(metadata.annotations).to.deep.equal({ "millrace/login": who });
    }
  });

  it("leaves other pages as they are", async () => {
    const mocked = await mock();
    const address = publish({ ...nodePorts, guarded: { presto: 30080 } }, { ...page, guard }, {});
    expect(address).not.to.have.property("guarded");
    const { spec } = (await mocked.get("kubernetes:core/v1:Service", "spark-telemetry-driver-published")).inputs;
    expect(spec).to.deep.include({ selector: { a: "b" } });
    expect(spec.ports[0]).to.include({ targetPort: 4040 });
  });

  it("draws the edge to the proxy, not to the page", async () => {
    await mock();
    const edges = (exposure: Exposure) => {
      const parent = new Weather("weather", {});
      const selector = { "app.kubernetes.io/name": "weather", "app.kubernetes.io/component": "station" };
      publish(exposure, { ...page, selector, guard }, { parent });
      return parent.edges.map(({ from, to, ports }) => [endName(from), endName(to), ...ports]);
    };
    expect(edges(nodePorts)).to.deep.equal([["published address", "weather/station", 4040]]);
    expect(edges({ ...nodePorts, guarded })).to.deep.equal([["published address", "auth-proxy/server", 30040]]);
  });

  it("makes nothing of what stays inside, on no target", async () => {
    const mocked = await mock();
    for (const exposure of Object.values(ways)) {
      const address = publish({ ...exposure, inside: ["sparkUi"] }, page, {});
      expect(await valueOf(address.url)).to.equal(undefined);
      expect(address).not.to.have.property("guarded");
    }
    expect(await mocked.resources()).to.deep.equal([]);
    expect(publicUrl({ ...plain, inside: ["airflow"] }, "airflow")).to.equal(undefined);
  });
});

describe("Publishing by an Ingress", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const name = "spark-telemetry-driver-published";
  const made = async (exposure: Exposure) => {
    const { url } = publish(exposure, page, {});
    return { url: await valueOf(url), ...(await mocked.get(INGRESS, name)).inputs };
  };

  it("leads from the page's own host name to a Service of the same pods", async () => {
    const { url, metadata, spec } = await made(plain);
    expect(url).to.equal("http://spark-ui.data.example.com");
    expect(metadata).to.include({ name, namespace: "data" });
    expect(spec).to.deep.equal({
      rules: [
        {
          host: "spark-ui.data.example.com",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: 4040 } } } }],
          },
        },
      ],
    });
    const service = await mocked.get("kubernetes:core/v1:Service", name);
    expect(service.inputs.spec).to.deep.equal({
      type: "ClusterIP",
      selector: { a: "b" },
      ports: [{ name: "published", port: 4040, targetPort: 4040 }],
    });
  });

  it("has its controller speak HTTPS to pods whose certificate is their own, and to no others", async () => {
    const own = { ...page, scheme: "https" } as const;
    const nginx = { "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS" };
    const traefik = { "traefik.ingress.kubernetes.io/service.serversscheme": "https" };
    const { metadata } = await made(plain);
    expect(metadata.annotations).not.to.include(nginx);
    mocked = await mock();
    expect(await valueOf(publish(plain, own, {}).url)).to.equal("http://spark-ui.data.example.com");
    expect((await mocked.get(INGRESS, name)).inputs["metadata"].annotations).to.include(nginx);
    expect((await mocked.get("kubernetes:core/v1:Service", name)).inputs["metadata"].annotations).to.include(traefik);
  });

  it("takes a certificate that is there, for all pages", async () => {
    const { url, metadata, spec } = await made({ ...plain, className: "traefik", tls: { secretName: "pages" } });
    expect(url).to.equal("https://spark-ui.data.example.com");
    expect(spec).to.deep.include({
      ingressClassName: "traefik",
      tls: [{ hosts: ["spark-ui.data.example.com"], secretName: "pages" }],
    });
    expect(metadata.annotations).not.to.have.property("cert-manager.io/cluster-issuer");
  });

  it("has cert-manager make a certificate for each page", async () => {
    const { metadata, spec } = await made({ ...plain, tls: { issuer: "letsencrypt" } });
    expect(metadata.annotations).to.include({ "cert-manager.io/cluster-issuer": "letsencrypt" });
    expect(spec).to.deep.include({
      tls: [{ hosts: ["spark-ui.data.example.com"], secretName: "spark-telemetry-driver-published-tls" }],
    });
  });

  it("lets large bodies and slow answers through, unless the stack says otherwise", async () => {
    const size = "nginx.ingress.kubernetes.io/proxy-body-size";
    expect((await made(plain)).metadata.annotations).to.include({ [size]: "0" });
    mocked = await mock();
    const annotations = { [size]: "1g", "example.com/login": "yes" };
    expect((await made({ ...plain, annotations })).metadata.annotations).to.include(annotations);
  });

  it("makes nothing for what is not to be published, nor for what does not speak HTTP", async () => {
    const kafka = {
      service: "kafka",
      namespace: "data",
      nodePort: "kafka",
      port: 9094,
      selector: {},
      labels: {},
      title: "Kafka",
    };
    expect(await valueOf(publish({ ...plain, ports: [] }, page, {}).url)).to.equal(undefined);
    expect(await valueOf(publish({ ...plain, ports: ["kafka"] }, kafka, {}).url)).to.equal(undefined);
    expect(await mocked.resources()).to.deep.equal([]);
  });

  it("makes one for each of several ports of a Service, and each has its own name", async () => {
    publish({ ...plain, ports: ["sparkUi", "airflow"] }, page, {});
    publish({ ...plain, ports: ["sparkUi", "airflow"] }, { ...page, part: "console", nodePort: "airflow" }, {});
    const names = (await mocked.resources()).filter(({ type }) => type === INGRESS).map(({ name }) => name);
    expect(names).to.deep.equal(["spark-telemetry-driver-published", "spark-telemetry-driver-console-published"]);
  });

  it("is the only way whose addresses are known before", () => {
    expect(publicUrl(plain, "airflow")).to.equal("http://airflow.data.example.com");
    expect(publicUrl({ ...plain, tls: { issuer: "i" } }, "objectStore")).to.equal(
      "https://object-store.data.example.com",
    );
    const others: Exposure[] = [nodePorts, { kind: "loadBalancer", ports: ["airflow"] }, { kind: "none" }];
    expect(others.map((exposure) => publicUrl(exposure, "airflow"))).to.deep.equal([undefined, undefined, undefined]);
  });
});
