import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { openings } from "../../../components/portal/openings.ts";
import { Portal } from "../../../components/portal/portal.ts";
import type { MetricsEndpoint } from "../../../components/metrics/endpoint.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { endName, podsAt } from "../../../platform/network.ts";
import { envOf, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("the portal", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const at = (service: string) => podsAt({ service, component: "x" }, [1], "x");
  const metrics: MetricsEndpoint = {
    kind: "metrics",
    at: at("metrics"),
    url: pulumi.output("http://metrics:8428"),
    exporterAt: at("exporter"),
    exporterUrl: pulumi.output("http://exporter:8080"),
    pages: [],
    ready: [],
  };
  const make = () =>
    new Portal("portal", {
      namespace: "data",
      toolsImage: "tools:1",
      exposure: { kind: "nodePort", host: "127.0.0.1", ports: { portal: 30000 } },
      resources,
      metrics,
    });

  it("is a page that asks metrics and alerts, hardened, and at an address", async () => {
    const portal = make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "portal");
    expect(podProblems(inputs.spec.template.spec, true)).to.deep.equal([]);
    expect(envOf(inputs)).to.include({ METRICS_URL: "http://metrics:8428" });
    expect(portal.edges.map(({ from, to }) => `${endName(from)} > ${endName(to)}`)).to.include.members([
      "portal/server > metrics/x",
    ]);
    expect(await valueOf(portal.address.url)).to.equal("http://127.0.0.1:30000");
    expect(await namesOf(portal.ready)).to.deep.equal(["portal"]);
  });

  it("is told what there is to open when all has its place", async () => {
    make().show(pulumi.output({ pages: [{ title: "Presto", use: "SQL", url: "http://x" }] }));
    const { data } = (await mocked.get("kubernetes:core/v1:ConfigMap", "portal-platform")).inputs;
    expect(JSON.parse(data["platform.json"] ?? "")).to.deep.equal({
      pages: [{ title: "Presto", use: "SQL", url: "http://x" }],
    });
  });

  it("leads to what is published, but itself, and says whom to log in as", async () => {
    const open = (title: string, url: string | undefined, isGuarded = false) => ({
      key: title.toLowerCase(),
      address: {
        title,
        url: pulumi.output(url),
        ...(isGuarded && { guarded: { title, port: 1, url: pulumi.output("http://x"), rules: {} } as never }),
      },
      use: `What ${title} is for`,
    });
    const logins = [
      { title: "Airflow", service: "airflow", users: ["admin"] },
      { title: "Presto and Logs", service: "authProxy", users: ["ann", "bob"] },
    ];
    const all = [
      open("Portal", "http://p"),
      open("Presto", "http://a", true),
      open("Airflow", "http://b"),
      open("Kafka", "127.0.0.1:1"),
      open("S3", undefined),
    ];
    expect(
      await valueOf(openings(all, logins, (key) => (key === "presto" ? "docs/presto.md" : undefined))),
    ).to.deep.equal({
      pages: [
        {
          title: "Presto",
          use: "What Presto is for",
          url: "http://a",
          docs: "docs/presto.md",
          login: { users: ["ann", "bob"], service: "authProxy" },
        },
        {
          title: "Airflow",
          use: "What Airflow is for",
          url: "http://b",
          login: { users: ["admin"], service: "airflow" },
        },
        { title: "Kafka", use: "What Kafka is for", url: "127.0.0.1:1" },
      ],
    });
  });
});
