import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { Metrics, type MetricsArgs, metricsProblems } from "../../../components/metrics/metrics.ts";
import { everyPod } from "../../../components/metrics/watched.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { endName, podsAt } from "../../../platform/network.ts";
import { powerProblems } from "../../../platform/rights.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("metrics", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (more: Partial<MetricsArgs> = {}) =>
    new Metrics("metrics", {
      namespace: "data",
      image: "metrics:1",
      toolsImage: "tools:1",
      exposure: { kind: "none" },
      storage: new Storage({ storageClass: "default" }),
      data: { kind: "persistent", size: "4Gi" },
      keepDays: 3,
      resources,
      helperResources: resources,
      quarters: [{ in: "users", namespace: pulumi.output("data-users") }],
      measured: [podsAt({ service: "weather", component: "station" }, [9100], "figures")],
      watches: [
        {
          room: "kafka",
          settings: { bootstrapServers: pulumi.output("kafka:9092") },
          secrets: { password: { secretName: pulumi.output("kafka-login"), key: "word" } },
          env: [{ name: "KAFKA_SECURITY_PROTOCOL", value: "PLAINTEXT" }],
          reaches: [podsAt({ service: "kafka", component: "broker" }, [9092], "records")],
        },
      ],
      watched: [{ service: "metrics", title: "Metrics and alerts", ...everyPod }],
      ...more,
    });
  const store = async () => (await mocked.get("kubernetes:apps/v1:StatefulSet", "metrics")).inputs;
  const helper = async (name: string) => (await mocked.get("kubernetes:apps/v1:Deployment", `metrics-${name}`)).inputs;
  const file = async <T>(name: string, key: string): Promise<T> => {
    const { data } = (await mocked.get("kubernetes:core/v1:ConfigMap", name)).inputs;
    return JSON.parse(data[key] ?? "") as T;
  };
  const edgesOf = (metrics: Metrics): string[] =>
    metrics.edges.map(({ from, to }) => `${endName(from)} > ${endName(to)}`);

  it("offers the store and the exporter, once all is there", async () => {
    const { endpoint } = make();
    expect(await valueOf(endpoint.url)).to.equal("http://metrics.data.svc:8428");
    expect(await valueOf(endpoint.exporterUrl)).to.equal("http://metrics-exporter.data.svc:8080");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["metrics", "metrics-exporter", "metrics-alerts"]);
    expect(endpoint.pages).to.deep.equal(["weather", "services", "alerts", "metrics", "containers", "claims"]);
  });

  it("reads the pages of figures of the platform's namespaces, and no others", async () => {
    make();
    const config = await file<{
      scrape_configs: {
        job_name: string;
        kubernetes_sd_configs?: unknown;
        static_configs?: unknown;
        metric_relabel_configs?: unknown;
      }[];
    }>("metrics-settings", "scrape.yaml");
    const jobs = Object.fromEntries(config.scrape_configs.map((job) => [job.job_name, job]));
    expect(Object.keys(jobs)).to.deep.equal(["pods", "services", "alerts", "metrics", "containers", "claims"]);
    expect(jobs["pods"]?.kubernetes_sd_configs).to.deep.equal([
      {
        role: "pod",
        namespaces: { names: ["data", "data-users"] },
        selectors: [{ role: "pod", label: "app.kubernetes.io/part-of=millrace" }],
      },
    ]);
    expect(jobs["services"]?.static_configs).to.deep.equal([{ targets: ["metrics-exporter.data.svc:8080"] }]);
    expect(jobs["containers"]?.metric_relabel_configs).to.deep.include({
      source_labels: ["namespace"],
      regex: "^(data|data-users)$",
      action: "keep",
    });
  });

  it("asks no kubelet, and has no right on nodes, where it may not", async () => {
    const edges = edgesOf(make({ nodes: false }));
    const config = await file<{
      scrape_configs: { job_name: string }[];
    }>("metrics-settings", "scrape.yaml");
    expect(config.scrape_configs.map((job) => job.job_name)).to.deep.equal(["pods", "services", "alerts", "metrics"]);
    expect(edges).not.to.include("metrics/store > nodes");
    expect(await mocked.ofType("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")).to.deep.equal([]);
  });

  it("keeps what its settings say, in bounds", async () => {
    make();
    const { args } = (await store()).spec.template.spec.containers[0];
    expect(args)
      .to.include("-retentionPeriod=3d")
      .and.to.include("-storage.maxHourlySeries=200000")
      .and.to.include("-storage.minFreeDiskSpaceBytes=64MiB")
      .and.to.include("-http.disableCORS")
      .and.to.include("-deleteAuthKey=file:///run/keys/keeper/password");
  });

  it("lets people read by its page, and nobody write", async () => {
    make();
    const { unauthorized_user: user } = await file<{
      unauthorized_user: { url_map: { src_paths: string[]; url_prefix: string }[] };
    }>("metrics-proxy", "auth.yaml");
    expect(user.url_map.map(({ url_prefix: to }) => to)).to.deep.equal(["http://metrics.data.svc:8428/"]);
    const paths = (user.url_map[0]?.src_paths ?? []).map((path) => new RegExp(`^(?:${path})$`));
    const isOpen = (path: string) => paths.some((open) => open.test(path));
    const reads = ["", "/", "/vmui/", "/vmui/assets/index.js", "/api/v1/query", "/prometheus/api/v1/query_range"];
    for (const path of [...reads, "/api/v1/label/job/values", "/vmalert/api/v1/alerts", "/federate"])
      expect(isOpen(path), path).to.equal(true);
    const writes = [
      "/api/v1/import",
      "/api/v1/import/prometheus",
      "/prometheus/api/v1/write",
      "/write",
      "/influx/write",
    ];
    const powers = ["/api/v1/admin/tsdb/delete_series", "/internal/force_merge", "/-/reload", "/vmalert/-/reload"];
    for (const path of [
      ...writes,
      ...powers,
      "/opentelemetry/v1/metrics",
      "/datadog/api/v1/series",
      "/flags",
      "/config",
    ])
      expect(isOpen(path), path).to.equal(false);
  });

  it("runs hardened, and tells the exporter whom to ask, with secrets by reference", async () => {
    make({ notifySecret: "told" });
    for (const { spec } of [
      await store(),
      await helper("exporter"),
      await helper("alerts"),
      await helper("notifier"),
      await helper("proxy"),
    ]) {
      expect(podProblems(spec.template.spec, true)).to.deep.equal([]);
    }
    const env = envOf(await helper("exporter"));
    expect(env).to.include({
      WATCH_CONFIG: '{"kafka":{"bootstrapServers":"kafka:9092"}}',
      NAMESPACES: "data,data-users",
      KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
    });
    expect((await helper("exporter")).spec.template.spec.containers[0].env).to.deep.include({
      name: "KAFKA_PASSWORD",
      valueFrom: { secretKeyRef: { name: "kafka-login", key: "word" } },
    });
  });

  it("has rights that see, and none that give power", async () => {
    make();
    const roles = [
      ...(await mocked.ofType("kubernetes:rbac.authorization.k8s.io/v1:Role")),
      ...(await mocked.ofType("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")),
    ].map(({ inputs }) => inputs);
    expect(roles).to.have.length(5);
    for (const { rules } of roles) {
      expect(powerProblems(rules)).to.deep.equal([]);
      for (const { verbs } of rules) expect(["get", "list", "watch"]).to.include.members(verbs);
    }
  });

  it("connects to what it reads", () => {
    expect(edgesOf(make())).to.have.members([
      "metrics/store > weather/station",
      "metrics/store > metrics-exporter/exporter",
      "metrics/store > metrics-alerts/alerts",
      "metrics/store > nodes",
      "metrics-proxy/proxy > metrics/store",
      "metrics/store > API server",
      "metrics-exporter/exporter > kafka/broker",
      "metrics-exporter/exporter > API server",
      "metrics-alerts/alerts > metrics/store",
      "API server > metrics-alerts/alerts",
      "API server > metrics/store",
    ]);
  });

  it("tells nobody unless the stack says whom", async () => {
    make();
    expect((await helper("alerts")).spec.template.spec.containers[0].args).to.include("-notifier.blackhole");
    mocked = await mock();
    expect(edgesOf(make({ notifySecret: "told" }))).to.include.members([
      "metrics-alerts/alerts > metrics-notifier/notifier",
      "metrics-notifier/notifier > outside: alert-receivers (any address)",
    ]);
    expect((await helper("alerts")).spec.template.spec.containers[0].args).to.include(
      "-notifier.url=http://metrics-notifier.data.svc:9093",
    );
    expect((await helper("notifier")).spec.template.spec.volumes[0]).to.deep.equal({
      name: "settings",
      secret: { secretName: "told" },
    });
  });

  it("has dashboards for vmui, and the same for Grafana", async () => {
    make();
    const own = await file<{ rows: { panels: { title: string; expr: string[] }[] }[] }>(
      "metrics-dashboards",
      "metrics.json",
    );
    const grafana = await file<{ panels: { title: string; targets: { expr: string }[] }[] }>(
      "metrics-dashboards-grafana",
      "millrace-metrics.json",
    );
    const shown = own.rows.flatMap(({ panels }) => panels.map(({ title, expr }) => [title, expr]));
    expect(shown).to.have.length(everyPod.panels.length);
    expect(grafana.panels.map(({ title, targets }) => [title, targets.map(({ expr }) => expr)])).to.deep.equal(shown);
  });

  it("names what is wrong", () => {
    expect(metricsProblems({ data: { kind: "ephemeral" }, keepDays: 1.5 })).to.deep.equal([
      "metrics: keepDays is 1.5; give a whole number from 1",
    ]);
  });
});
