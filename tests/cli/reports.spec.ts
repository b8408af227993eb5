import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import type { CheckReport } from "../../cli/check.ts";

import { readAddresses, renderAddresses } from "../../cli/addresses.ts";
import { leftoversOf } from "../../cli/cluster.ts";
import { memoryWanted, programsFor, renderFindings, serviceFinding } from "../../cli/doctor.ts";
import { atLeast, type Finding } from "../../cli/finding.ts";
import { type DownReport, renderDown } from "../../cli/down.ts";
import { projectDir } from "../../cli/paths.ts";
import { diskNeeded } from "../../cli/preflight.ts";
import { type PreviewReport, renderPreview } from "../../cli/preview.ts";
import type { ProofReport } from "../../cli/proof.ts";
import type { ServiceStatus } from "../../cli/services.ts";
import { renderStatus, roomNotes, statusDocument, type StatusReport } from "../../cli/status.ts";
import type { Timing } from "../../cli/timeline.ts";
import { renderUp, type UpReport } from "../../cli/up.ts";
import { type BackupReport } from "../../cli/backup.ts";
import { type RestoreReport } from "../../cli/restore.ts";
import { readLogins } from "../../cli/logins.ts";
import { type PasswordReport } from "../../cli/password.ts";
import { dagErrorAnswer } from "../../components/airflow/dag-errors.ts";
import { lagAnswer } from "../../components/kafka/lag.ts";
import { loadConfig } from "../../config/index.ts";

const changes = { create: 2, update: 0, replace: 0, delete: 0, same: 1, read: 0 };
const addresses = [{ title: "Presto", url: "http://127.0.0.1:30080" }];
const logins = [{ title: "JupyterHub", service: "jupyterhub", users: ["analyst"] }];
const proof: ProofReport = {
  ok: true,
  run: "r1",
  failedHop: null,
  ms: 10,
  hops: [{ hop: "kafka", ok: true, count: 2, distinct: 2, checksum: "3", ms: 1, message: "" }],
  skipped: [{ hop: "pump", reason: "profile core has no randomNumbers" }],
  policies: "enforced",
  error: null,
};
const kafka: ServiceStatus = {
  name: "kafka",
  ready: true,
  pods: 1,
  wanted: 1,
  restarts: 0,
  memory: 300 * 2 ** 20,
  memoryRequest: 0,
  memoryLimit: 2 ** 30,
  reason: null,
  pod: null,
};
const up: UpReport = {
  ok: true,
  stack: "dev",
  target: "embedded",
  engine: "local",
  changes,
  proof,
  services: [kafka],
  addresses,
  logins,
  durationMs: 61_000,
  timing: null,
  errors: [],
};
const timing: Timing = {
  wallMs: 61_000,
  criticalPathMs: 50_000,
  cpuSeconds: 90,
  cores: 2,
  ratio: 1.22,
  path: [{ step: "Deployment presto", beganMs: 11_000, ms: 50_000 }],
};
const status: StatusReport = {
  ok: true,
  target: "embedded",
  cluster: { running: true, memory: 5 * 2 ** 30, detail: "running" },
  services: [kafka],
  totalMemory: 5 * 2 ** 30,
  addresses,
  logins,
  answers: {
    dagErrors: dagErrorAnswer([{ file: "broken.py", message: "SyntaxError: '(' was never closed (line 3)" }]),
    lags: lagAnswer([
      { group: "display-0", topic: "telemetry", lag: null, members: 1, state: "Stable" },
      { group: "spark-telemetry-lake", topic: "random-numbers", lag: 42, members: 0, state: "stream" },
    ]),
  },
  notes: ["NetworkPolicies are not enforced"],
};
const down: DownReport = {
  ok: true,
  left: [],
  kept: [],
  caches: [{ name: "~/.cache/millrace", bytes: 2 ** 30, what: "downloads" }],
  errors: [],
  durationMs: 20_000,
};
const preview: PreviewReport = {
  ok: true,
  stack: "dev",
  target: "embedded",
  engine: "local",
  changes,
  resources: [{ op: "create", type: "t", name: "n", urn: "u", diff: [] }],
  durationMs: 2000,
  warnings: [],
  errors: [],
};

describe("what up ends with", () => {
  it("is the changes, the proof's table, the addresses and the time", () => {
    const text = renderUp(up);
    expect(text).to.contain("2 created (1 unchanged)").and.contain("proof ok").and.contain("http://127.0.0.1:30080");
    expect(text.split("\n").at(-1)).to.equal("up in 1 min 01 s");
  });

  it("ends with where the time went, and on request with the steps that took it", () => {
    const last = "critical path 50.0 s, 90 CPU-seconds on 2 cores (45.0 s); the wall time is 1.22 times the larger";
    expect(
      renderUp({ ...up, timing })
        .split("\n\n")
        .slice(-2),
    ).to.deep.equal(["up in 1 min 01 s", last]);
    expect(
      renderUp({ ...up, timing }, true)
        .split("\n\n")
        .slice(-3),
    ).to.deep.equal([
      "up in 1 min 01 s",
      "critical path      began after    took\nDeployment presto       11.0 s  50.0 s",
      last,
    ]);
  });

  it("says whom to log in as and which command prints the password, and no password", () => {
    expect(renderUp(up)).to.contain("log in to JupyterHub as analyst: npm run password -- --service jupyterhub\n");
    const users = ["ana", "bob", "eve"];
    expect(renderUp({ ...up, logins: [{ title: "JupyterHub", service: "jupyterhub", users }] })).to.contain(
      "log in to JupyterHub as ana (or bob, eve): npm run password -- --service jupyterhub --user ana",
    );
  });

  it("says that nothing had to change", () => {
    expect(renderUp({ ...up, changes: { ...changes, create: 0 } })).to.contain("nothing had to change");
  });

  it("says after a failure that npm run up continues from there", () => {
    expect(
      renderUp({ ...up, ok: false, proof: null })
        .split("\n")
        .at(-1),
    ).to.contain("npm run up continues from there");
  });
});

describe("what status shows", () => {
  it("is a line per service with its memory, the sum of everything, and notes", () => {
    const text = renderStatus(status);
    expect(text).to.match(/kafka +ready +1\/1 +0 +300 MiB +0 KiB +1.0 GiB/);
    expect(text).to.contain("memory in total: 5.0 GiB").and.contain("note: NetworkPolicies are not enforced");
  });

  it("names each DAG file that Airflow can't read, with the cause", () => {
    expect(renderStatus(status)).to.contain(
      "DAG file broken.py can't be read: SyntaxError: '(' was never closed (line 3)",
    );
    expect(renderStatus({ ...status, answers: { ...status.answers, dagErrors: null } })).not.to.contain("DAG");
  });

  it("says that users share their homes in S3 only where there are users and the S3 service is an existing one", () => {
    const existing = { objectStore: { server: "existing", existing: { host: "s3", secretName: "keys" } } };
    const own = { config: loadConfig({ "millrace:profile": "studio" }) };
    const shared = { config: loadConfig({ "millrace:profile": "studio", "millrace:services": existing }) };
    expect(roomNotes(shared, [{ name: "jupyterhub-hub" }]).join()).to.contain("share one S3 key");
    expect(roomNotes(shared, [{ name: "kafka" }])).to.deep.equal([]);
    expect(roomNotes(own, [{ name: "jupyterhub-hub" }])).to.deep.equal([]);
  });

  it("tells how far each reader of Kafka is behind, where Kafka answers", () => {
    const text = renderStatus(status);
    expect(text).to.match(/^reader +topic +lag +members +state$/m);
    expect(text).to.match(/^spark-telemetry-lake +random-numbers +42 +- +stream$/m);
    expect(text).to.match(/^display-0 +telemetry +- +1 +stable$/m);
    for (const lags of [null, lagAnswer([])]) {
      expect(renderStatus({ ...status, answers: { ...status.answers, lags } })).not.to.contain("reader");
    }
  });

  it("tells which stream is behind since when, and whose batches take too long, as text and as JSON", () => {
    const batch = { began: "2026-11-27T20:46:50.000Z", seconds: 12.3, records: 20_000, due: 10 };
    const behind = { since: "2026-11-27T20:41:10.000Z" };
    const stream = { group: "spark-telemetry-lake", topic: "telemetry", lag: 120_000, members: 0, state: "stream" };
    const lags = lagAnswer([{ ...stream, batch, behind }], Date.parse("2026-11-27T20:47:10.000Z"));
    const report = { ...status, answers: { lags } };
    expect(renderStatus(report))
      .to.match(/^spark-telemetry-lake is 120,000 records behind since 2026-11-27 20:41:10 UTC \(6 min\)$/m)
      .and.match(/^spark-telemetry-lake: the last batch \(20000 records\) took 12\.3 s, longer than the 10 s /m);
    expect(statusDocument(report)).to.have.deep.property("lags", [{ ...stream, batch, behind }]);
  });

  it("gives the reason of what is not ready", () => {
    const sick = { ...kafka, ready: false, reason: "crash: broker ended with code 1" };
    expect(renderStatus({ ...status, services: [sick] })).to.contain("kafka: crash: broker ended with code 1");
  });
});

describe("what down ends with", () => {
  it("is the caches and that nothing is left", () => {
    const text = renderDown(down);
    expect(text).to.contain("1.0 GiB").and.contain("npm run down -- --cache");
    expect(text.split("\n").at(-1)).to.equal("down in 20.0 s: nothing is left");
  });

  it("is a list of what is left, when something is", () => {
    const left = leftoversOf({
      containers: [],
      volumes: ["millrace-var"],
      networks: [],
      mounts: [],
      processes: [],
      ports: [5000],
    });
    const text = renderDown({ ...down, ok: false, left });
    expect(text)
      .to.match(/volume +millrace-var/)
      .and.match(/port +5000/);
    expect(text.split("\n").at(-1)).to.contain("2 left behind");
  });

  it("names what was kept on request, and claims that are not the stack's", () => {
    const kept = [
      { kind: "volume", name: "millrace-var", note: "" },
      { kind: "claim", name: "data-kafka-0", note: "of another stack, with the id 0123456789abcdef" },
    ];
    expect(renderDown({ ...down, kept }))
      .to.match(/^kept:\n/)
      .and.match(/claim +data-kafka-0 +of another stack, with the id 0123456789abcdef/)
      .and.contain("nothing is left except what was kept");
  });
});

describe("what preview ends with", () => {
  it("is the changes, and that nothing was touched", () => {
    expect(renderPreview(preview)).to.equal("2 to create (1 unchanged), in 2.0 s; nothing was touched");
  });
});

describe("doctor", () => {
  it("gives each fault of a service its next command", () => {
    const cases: readonly (readonly [string, string])[] = [
      ["image: x can't be pulled (y)", "npm run up"],
      ["memory: no node has enough free (z)", "turn another service off"],
      ["memory: main used more than its limit and was killed", "raise services.kafka memory"],
      ["volume: its claim is not bound (x)", "StorageClass"],
      [
        "volume: its claim data-kafka-0 is not bound (the node's disk has no room for it: 3Gi are free)",
        "free room on that disk",
      ],
      ["crash: main ended with code 1 (2 restarts)", "npm run status -- --logs kafka"],
      ["scaled to zero", "npm run up"],
      ["something new", "npm run status -- --logs kafka"],
    ];
    for (const [reason, next] of cases) {
      expect(serviceFinding({ ...kafka, ready: false, reason }).next, reason).to.contain(next);
    }
  });

  it("shows what is open with its next step, and only that", () => {
    const findings: Finding[] = [
      { subject: "go", level: "problem", detail: "1.21 is older than 1.26", next: "install Go 1.26 or later" },
      { subject: "node", level: "ok", detail: "v24", next: "" },
    ];
    expect(renderFindings(findings)).to.contain("go: 1.21 is older than 1.26\n  next: install Go 1.26 or later");
    expect(renderFindings(findings.slice(1))).to.contain("nothing is wrong");
  });

  it("asks for more memory and more disk where people work too, and where numbers flow to the browser", () => {
    const gibibytes = (profile: string) => {
      const config = loadConfig({ "millrace:profile": profile });
      const { cold, warm } = diskNeeded(config);
      return [memoryWanted(config), cold, warm].map((value) => Math.round(value / 2 ** 30));
    };
    expect(gibibytes("core")).to.deep.equal([8, 20, 8]);
    expect(gibibytes("studio")).to.deep.equal([14, 26, 12]);
    expect(gibibytes("pipeline")).to.deep.equal([11, 25, 11]);
    expect(gibibytes("full")).to.deep.equal([16, 31, 15]);
  });

  it("asks for Docker, and for the programs that what the stack has built needs where the host's are taken", () => {
    const programs = (server: string, cluster: object = {}, takesHostTools = true) =>
      programsFor(
        loadConfig({
          "millrace:cluster": cluster,
          "millrace:services": { objectStore: { server } },
        }),
        takesHostTools,
      );
    const elsewhere = { target: "cloud", context: "c", registry: { push: "registry.example.com" } };
    expect(programs("garage", {}, false)).to.deep.equal(["docker"]);
    expect(programs("garage")).to.deep.equal(["docker", "go", "cargo", "mvn", "python3", "pip3", "gcc"]);
    expect(programs("versity")).to.deep.equal(["docker", "go", "mvn", "python3", "pip3"]);
    expect(programs("versity", elsewhere)).to.deep.equal(["docker", "go", "mvn", "python3", "pip3"]);
    expect(programs("garage", elsewhere)).to.deep.equal(["docker", "cargo", "mvn", "python3", "pip3", "gcc"]);
  });

  it("compares versions by number", () => {
    expect([atLeast("1.26.8", "1.26"), atLeast("1.9", "1.26"), atLeast("20.10.24", "20.10")]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });
});

describe("addresses", () => {
  it("are read from the stack's outputs, those without a URL left out", () => {
    const outputs = { addresses: [...addresses, { title: "Kafka" }, null, "x"], other: 1 };
    expect(readAddresses(outputs)).to.deep.equal(addresses);
    expect(readAddresses({})).to.deep.equal([]);
  });

  it("say when a target publishes none", () => {
    expect(renderAddresses([])).to.contain("no address is published");
  });
});

describe("logins", () => {
  it("are read from the stack's outputs, what has another form left out", () => {
    expect(readLogins({ logins: [...logins, { title: "x" }, null, "y"] })).to.deep.equal(logins);
    expect(readLogins({})).to.deep.equal([]);
  });
});

/** The JSON block under a heading of docs/json.md. */
function documented(command: string): Record<string, unknown> {
  const text = readFileSync(join(projectDir, "docs", "json.md"), "utf8");
  const block = new RegExp(`^## ${command}\\n[\\s\\S]*?\`\`\`json\\n([\\s\\S]*?)\`\`\``, "m").exec(text)?.[1];
  return JSON.parse(block ?? "{}") as Record<string, unknown>;
}

/** Paths of all keys, those of a list's first entry included. */
function keysOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.length === 0 ? [] : keysOf(value[0], `${path}[]`);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [`${path}.${key}`, ...keysOf(below, `${path}.${key}`)]);
}

describe("docs/json.md", () => {
  const reports: readonly (readonly [string, object])[] = [
    ["up", { ...up, proof: null, services: [], timing }],
    ["check", { ...proof, addresses: up.addresses, silent: [] } satisfies CheckReport],
    ["status", statusDocument(status)],
    ["preview", preview],
    ["down", down],
    ["backup", { ok: true, backup: "x", lines: [""], durationMs: 1, error: null } satisfies BackupReport],
    [
      "restore",
      { ok: true, backup: "x", replaced: [""], lines: [""], durationMs: 1, error: null } satisfies RestoreReport,
    ],
    ["password", { service: "jupyterhub", user: "analyst", accessKey: null, password: "x" } satisfies PasswordReport],
  ];
  for (const [command, report] of reports) {
    it(`has the fields that ${command} --json prints, and no others`, () => {
      expect(keysOf(documented(command)).sort()).to.deep.equal(keysOf(report).sort());
    });
  }
});
