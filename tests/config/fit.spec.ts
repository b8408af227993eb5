import { expect } from "chai";
import { fit, footprint } from "../../config/fit.ts";
import { loadConfig } from "../../config/index.ts";

const config = (services: unknown = {}, proof: unknown = {}) =>
  loadConfig({ "millrace:services": services, "millrace:proof": proof });
const parts = (services: unknown) => footprint(config(services)).map(({ service }) => service);

describe("the footprint", () => {
  it("of the default platform leaves room on 2 cores and 8 GiB", () => {
    const { need } = fit(config(), { cpuMillis: 1900, memoryMi: 7 * 1024 });
    expect(need).to.deep.equal({ cpuMillis: 750, memoryMi: 3956 });
  });

  it("of profile studio leaves room on 2 cores and 12 GiB, with one task, one notebook and one Spark session at work", () => {
    const result = fit(loadConfig({ "millrace:profile": "studio" }), { cpuMillis: 1800, memoryMi: 11 * 1024 });
    expect(result.need).to.deep.equal({ cpuMillis: 1380, memoryMi: 9590 });
    expect(result.fits).to.equal(true);
  });

  it("has a line for each service that people work with, in profile studio", () => {
    const rows = footprint(loadConfig({ "millrace:profile": "studio" }));
    const core = parts({});
    expect(rows.filter(({ service }) => !core.includes(service))).to.deep.equal([
      { service: "airflow", cpuMillis: 230, memoryMi: 1652, diskGi: 0 },
      { service: "jupyterhub", cpuMillis: 90, memoryMi: 637, diskGi: 0 },
      { service: "sparkConnect", cpuMillis: 160, memoryMi: 2432, diskGi: 0 },
      { service: "sparkHistory", cpuMillis: 20, memoryMi: 308, diskGi: 0 },
      { service: "logs", cpuMillis: 40, memoryMi: 157, diskGi: 2 },
      { service: "metrics", cpuMillis: 70, memoryMi: 320, diskGi: 2 },
      { service: "auditLog", cpuMillis: 10, memoryMi: 64, diskGi: 0 },
      { service: "portal", cpuMillis: 10, memoryMi: 64, diskGi: 0 },
    ]);
  });

  it("of profiles pipeline and full leaves room on 2 cores, with the census at work", () => {
    const room = { cpuMillis: 1800, memoryMi: 16 * 1024 };
    const pipeline = fit(loadConfig({ "millrace:profile": "pipeline" }), room);
    expect(pipeline).to.deep.include({ fits: true, need: { cpuMillis: 1100, memoryMi: 6462 } });
    const full = fit(loadConfig({ "millrace:profile": "full" }), room);
    expect(full).to.deep.include({ fits: true, need: { cpuMillis: 1600, memoryMi: 11491 } });
  });

  it("has a line for each service from a number's making to the browser, in profile pipeline", () => {
    const rows = footprint(loadConfig({ "millrace:profile": "pipeline" }));
    const core = parts({});
    expect(rows.filter(({ service }) => !core.includes(service))).to.deep.equal([
      { service: "cassandra", cpuMillis: 80, memoryMi: 672, diskGi: 5 },
      { service: "randomNumbers", cpuMillis: 20, memoryMi: 77, diskGi: 0 },
      { service: "census", cpuMillis: 80, memoryMi: 1024, diskGi: 0 },
      { service: "display", cpuMillis: 40, memoryMi: 128, diskGi: 0 },
      { service: "logs", cpuMillis: 40, memoryMi: 157, diskGi: 2 },
      { service: "metrics", cpuMillis: 70, memoryMi: 320, diskGi: 2 },
      { service: "auditLog", cpuMillis: 10, memoryMi: 64, diskGi: 0 },
      { service: "portal", cpuMillis: 10, memoryMi: 64, diskGi: 0 },
    ]);
  });

  it("counts every node of Cassandra with its disk, every pump and every server of the display", () => {
    const services = { cassandra: { replicas: 3 }, randomNumbers: { replicas: 4 }, display: { replicas: 2 } };
    const rows = footprint(loadConfig({ "millrace:profile": "pipeline", "millrace:services": services }));
    expect(rows).to.deep.include.members([
      { service: "cassandra", cpuMillis: 240, memoryMi: 2016, diskGi: 15 },
      { service: "randomNumbers", cpuMillis: 80, memoryMi: 308, diskGi: 0 },
      { service: "display", cpuMillis: 80, memoryMi: 256, diskGi: 0 },
    ]);
  });

  it("counts no pod for a task that runs inside the scheduler, which is the larger for it", () => {
    const airflow = (executor: string) =>
      footprint(loadConfig({ "millrace:profile": "studio", "millrace:services": { airflow: { executor } } })).find(
        ({ service }) => service === "airflow",
      );
    expect(airflow("local")).to.include({ cpuMillis: 150, memoryMi: 1966 });
  });

  it("counts every executor that sessions may ask for", () => {
    const need = (maxExecutors: number) =>
      fit(loadConfig({ "millrace:profile": "studio", "millrace:services": { sparkConnect: { maxExecutors } } }), {
        cpuMillis: 0,
        memoryMi: 0,
      }).need;
    expect(need(3).memoryMi - need(1).memoryMi).to.equal(2 * (768 + 640));
  });

  it("has a line per part of the data path", () => {
    expect(parts({})).to.deep.equal([
      "cluster",
      "kafka",
      "objectStore",
      "catalog",
      "presto",
      "proof",
      "telemetry",
      "postgres",
      "setup",
    ]);
  });

  it("leaves out services that are already there", () => {
    const services = {
      kafka: { existing: { bootstrapServers: "kafka:9092" } },
      objectStore: { server: "existing", existing: { host: "s3", secretName: "keys" } },
    };
    expect(parts(services)).not.to.include.members(["kafka"]);
    expect(parts(services)).not.to.include.members(["objectStore"]);
  });

  it("counts every broker and its disk", () => {
    const kafka = footprint(config({ kafka: { replicas: 3 } })).find(({ service }) => service === "kafka");
    expect(kafka).to.deep.equal({ service: "kafka", cpuMillis: 300, memoryMi: 1545, diskGi: 15 });
  });

  it("counts what the stack gives pods, and the sizes of the target", () => {
    const kafka = (cluster: unknown, resources: unknown) =>
      footprint(loadConfig({ "millrace:cluster": cluster, "millrace:services": { kafka: { resources } } })).find(
        ({ service }) => service === "kafka",
      );
    expect(kafka({}, { requests: { cpu: "1", memory: "640Mi" } })).to.include({ cpuMillis: 1000, memoryMi: 640 });
    const cloud = { target: "cloud", context: "c", registry: { push: "registry.example.com" } };
    expect(kafka(cloud, {})).to.include({ cpuMillis: 500, memoryMi: 768 });
    expect(kafka({ ...cloud, sizes: "small" }, {})).to.include({ cpuMillis: 100, memoryMi: 515 });
  });

  it("counts no disk for ephemeral storage", () => {
    const kafka = footprint(config({ kafka: { storage: { kind: "ephemeral" } } })).find(
      (row) => row.service === "kafka",
    );
    expect(kafka?.diskGi).to.equal(0);
  });

  it("grows with the heap of the executors", () => {
    const need = (executorMemory: string) =>
      fit(config({ spark: { executors: 1, executorMemory } }), { cpuMillis: 0, memoryMi: 0 }).need;
    expect(need("2Gi").memoryMi - need("1Gi").memoryMi).to.equal(1024);
  });
});

describe("the fit check", () => {
  it("passes what fits, without a proposal", () => {
    const result = fit(config(), { cpuMillis: 2000, memoryMi: 8000 });
    expect(result).to.include({ fits: true, proposal: "" });
  });

  it("proposes smaller sizes before fewer services", () => {
    const large = config({ kafka: { replicas: 3 }, presto: { workers: 2 } });
    const result = fit(large, { cpuMillis: 1900, memoryMi: 6400 });
    expect(result.fits).to.equal(false);
    expect(result.proposal).to.equal(
      "the platform requests 1.15 cores and 6.98 GiB of memory, and the nodes can give 1.90 cores and 6.25 GiB of memory; " +
        "the largest parts are presto 3.17 GiB, kafka 1.51 GiB, telemetry 1.19 GiB; to make it fit, " +
        "set millrace:services.presto.workers to 0",
    );
  });

  it("names services to drop when sizes do not suffice", () => {
    expect(fit(config(), { cpuMillis: 1900, memoryMi: 3600 }).proposal).to.match(
      /to make it fit, set millrace:services\.presto\.enabled and millrace:proof\.enabled to false$/,
    );
  });

  it("says the least when nothing fits", () => {
    expect(fit(config(), { cpuMillis: 1900, memoryMi: 2048 }).proposal).to.match(
      /no smaller set of services fits either \(the smallest needs 0\.60 cores and 2\.67 GiB of memory\); give the nodes more$/,
    );
  });

  it("names the largest parts by CPU when CPU is what is short", () => {
    expect(fit(config(), { cpuMillis: 700, memoryMi: 8000 }).proposal).to.contain(
      "the largest parts are kafka 0.10 cores, presto 0.10 cores, telemetry 0.10 cores",
    );
  });

  it("proposes less comfort before a shorter data path, and says what it costs", () => {
    const studio = loadConfig({
      "millrace:profile": "studio",
      "millrace:services": { jupyterhub: { userMemory: "4Gi" } },
    });
    expect(fit(studio, { cpuMillis: 1800, memoryMi: 6000 }).proposal).to.match(
      /to make it fit, set millrace:services\.jupyterhub\.userMemory to 1536Mi, set millrace:services\.auditLog\.enabled to false, set millrace:services\.portal\.enabled to false, set millrace:services\.sparkHistory\.enabled to false, set millrace:services\.logs\.enabled to false, set millrace:services\.metrics\.enabled to false, set millrace:services\.sparkConnect\.enabled to false, set millrace:services\.airflow\.enabled to false$/,
    );
    expect(fit(studio, { cpuMillis: 1800, memoryMi: 4200 }).proposal).to.match(
      /set millrace:services\.jupyterhub\.enabled to false$/,
    );
  });

  const pipeline = (services: unknown) => loadConfig({ "millrace:profile": "pipeline", "millrace:services": services });

  it("proposes fewer copies before fewer services", () => {
    expect(fit(pipeline({ display: { replicas: 2 } }), { cpuMillis: 1800, memoryMi: 5900 }).proposal).to.match(
      /to make it fit, set millrace:services\.display\.replicas to 1/,
    );
    expect(fit(pipeline({}), { cpuMillis: 1800, memoryMi: 5500 }).proposal).to.match(
      /to make it fit, set millrace:services\.auditLog\.enabled to false, set millrace:services\.portal\.enabled to false, set millrace:services\.logs\.enabled to false, set millrace:services\.metrics\.enabled to false, set millrace:services\.census\.enabled to false$/,
    );
  });

  it("never proposes what loses data: fewer brokers or nodes, a smaller claim, a store without its service", () => {
    const many = pipeline({
      kafka: { replicas: 3 },
      cassandra: { replicas: 3, memory: "2Gi" },
      randomNumbers: { replicas: 4 },
    });
    for (let memoryMi = 1000; memoryMi < 14000; memoryMi += 500) {
      const { proposal } = fit(many, { cpuMillis: 4000, memoryMi });
      expect(proposal).not.to.match(/(kafka|cassandra)\.(replicas|enabled)|(postgres|objectStore|catalog)\.|storage/);
    }
  });
});
