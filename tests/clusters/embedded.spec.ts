import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { diskProblem } from "../../clusters/embedded/cluster.ts";
import {
  type ContainerInput,
  containerOptions,
  cpuQuota,
  defaultPorts,
  embeddedNames,
  grantableCapabilities,
  NODE_RESERVE,
  portMap,
  unknownCapability,
} from "../../clusters/embedded/container-spec.ts";
import { type Inventory, inventoryLines, isEmpty, leftovers, mountsOf } from "../../clusters/embedded/inventory.ts";
import { publishedKubeconfig } from "../../clusters/embedded/kubeconfig.ts";
import { cacheKeys, contentHash, kubernetesVersion } from "../../clusters/embedded/node-image.ts";
import { clashMessage, listeningInode, portClashes } from "../../clusters/embedded/ports.ts";

const everyCapability = "000001ffffffffff";
const withoutResource = "000001fffeffffff";

describe("capabilities of the node container", () => {
  it("are all that the engine has", () => {
    expect(grantableCapabilities(everyCapability)).to.include.members(["SYS_ADMIN", "SYS_RESOURCE", "BPF"]);
  });

  it("leave out what the engine itself lacks", () => {
    const names = grantableCapabilities(withoutResource);
    expect(names).to.have.length(40).and.not.include("SYS_RESOURCE");
  });

  it("are refused with the way out when no pod could run", () => {
    expect(() => grantableCapabilities("00000000a80425fb")).to.throw(/CAP_SYS_ADMIN.*not rootless.*cluster\.target/);
  });

  it("are dropped one by one when an older engine does not know them", () => {
    expect(unknownCapability('invalid CapAdd: unknown capability: "CAP_BPF"')).to.equal("BPF");
    expect(unknownCapability("no space left on device")).to.equal(undefined);
  });
});

describe("node container", () => {
  const input: ContainerInput = {
    names: embeddedNames("millrace"),
    owner: { "dev.millrace.owner.id": "0123456789abcdef" },
    image: "millrace/node:1",
    kubernetes: "v1.36.1",
    capabilities: ["SYS_ADMIN"],
    ports: { ...defaultPorts, registry: 5001 },
    registry: "/home/someone/.cache/millrace/registry",
    modules: false,
  };
  const options = containerOptions(input);

  it("may use all processors, or as many as a test says", () => {
    expect(options.HostConfig?.NanoCpus).to.equal(undefined);
    expect(cpuQuota("0.5")).to.deep.equal({ NanoCpus: 500_000_000 });
    expect(() => cpuQuota("half")).to.throw('MILLRACE_NODE_CPUS is "half"; give a number of processors, at least 0.1');
  });

  it("gets the capabilities by name, not by privileged mode", () => {
    expect(options.HostConfig?.CapAdd).to.deep.equal(["SYS_ADMIN"]);
    expect(options.HostConfig?.Privileged).to.equal(undefined);
  });

  it("publishes every port on 127.0.0.1 only", () => {
    const bindings = options.HostConfig?.PortBindings as Record<string, { HostIp: string; HostPort: string }[]>;
    expect(bindings["6443/tcp"]).to.deep.equal([{ HostIp: "127.0.0.1", HostPort: "16443" }]);
    expect(bindings["5000/tcp"]).to.deep.equal([{ HostIp: "127.0.0.1", HostPort: "5001" }]);
    const udp = Object.keys(bindings).filter((port) => port.endsWith("/udp"));
    expect(udp).to.deep.equal(["30310/udp"]);
    expect(bindings["30310/udp"]).to.deep.equal(bindings["30310/tcp"]);
    expect(Object.values(bindings).every(([binding]) => binding?.HostIp === "127.0.0.1")).to.equal(true);
    const ports = [
      30000, 30040, 30041, 30080, 30081, 30092, 30180, 30300, 30310, 30428, 30443, 30800, 30890, 30900, 30901, 30942,
      5000, 6443,
    ];
    expect([...portMap(defaultPorts).keys()].sort()).to.deep.equal(ports);
  });

  it("mounts kernel modules only where the host has them", () => {
    expect(JSON.stringify(options)).not.to.include("/lib/modules");
    const { HostConfig } = containerOptions({ ...input, modules: true });
    const mount = { Type: "bind", Source: "/lib/modules", Target: "/lib/modules", ReadOnly: true };
    expect(HostConfig?.Mounts).to.deep.equal([mount]);
  });

  it("keeps the cluster's data in one volume and pushed images in the user's cache", () => {
    expect(options.HostConfig?.Binds).to.deep.equal([
      "millrace-var:/var",
      "/home/someone/.cache/millrace/registry:/registry",
    ]);
  });
});

describe("what the node keeps for itself", () => {
  const settings = readFileSync(
    new URL("../../clusters/embedded/node/supervisor/settings.go", import.meta.url),
    "utf8",
  );

  it("is what its kubelet is told, so that the fit check before the start and the scheduler agree", () => {
    const [, cpu, memory] = /systemReserved: \{cpu: (\d+)m, memory: (\d+)Mi\}/.exec(settings) ?? [];
    const [, eviction] = /evictionHard: \{memory\.available: (\d+)Mi/.exec(settings) ?? [];
    expect(NODE_RESERVE).to.deep.equal({ cpuMillis: Number(cpu), memoryMi: Number(memory) + Number(eviction) });
  });

  it("is little at rest: a node whose state has not changed writes only its lease", () => {
    expect(settings).to.match(/nodeStatusUpdateFrequency: 5s\nnodeStatusReportFrequency: 5m\n/);
    expect(settings).to.contain("stats_collect_period = 60\n");
  });

  it("runs the controllers that the platform's objects need", () => {
    const parts = readFileSync(new URL("../../clusters/embedded/node/supervisor/parts.go", import.meta.url), "utf8");
    const [, list = ""] = /idleControllers = \[\]string\{([^}]*)\}/.exec(parts) ?? [];
    const left = [...list.matchAll(/"([a-z-]+)-controller"/g)].map(([, name]) => name);
    expect(left).to.include("persistentvolume-attach-detach");
    const needed =
      "deployment replicaset statefulset job cronjob daemonset persistentvolume-binder endpointslice endpoints namespace " +
      "garbage-collector pod-garbage-collector disruption serviceaccount serviceaccount-token root-ca-certificate-publisher " +
      "persistentvolumeclaim-protection persistentvolume-protection ttl-after-finished node-lifecycle taint-eviction " +
      "resourcequota clusterrole-aggregation";
    expect(needed.split(" ").filter((name) => left.includes(name))).to.deep.equal([]);
  });
});

describe("ports in use", () => {
  it("are named with their purpose, holder and setting", () => {
    expect(clashMessage([{ key: "kafka", port: 30092, holder: "nginx (process 812)" }])).to.equal(
      "port 30092 on 127.0.0.1, wanted for Kafka, is in use by nginx (process 812); " +
        "stop that program, or set cluster.nodePorts.kafka to a free port",
    );
  });

  it("are all in one message, also when the holder is not known", () => {
    const message = clashMessage([
      { key: "apiServer", port: 16443 },
      { key: "registry", port: 5000 },
    ]);
    expect(message.split("\n")).to.deep.equal([
      "port 16443 on 127.0.0.1, wanted for the Kubernetes API, is in use by another program; " +
        "stop that program, or set cluster.embedded.apiPort to a free port",
      "port 5000 on 127.0.0.1, wanted for the image registry, is in use by another program; " +
        "stop that program, or set cluster.embedded.registryPort to a free port",
    ]);
  });

  it("are found with the program that listens", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const clashes = (await portClashes({ ...defaultPorts, kafka: port })).filter(({ key }) => key === "kafka");
      expect(clashes).to.have.length(1);
      expect(clashes[0]?.holder).to.include(`(process ${process.pid})`);
    } finally {
      server.close();
    }
  });

  it("are told from connections by the state of the socket", () => {
    const table = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 0100007F:1388 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 111 1",
      "   1: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1",
    ].join("\n");
    expect(listeningInode(table, 5000)).to.equal("222");
    expect(listeningInode(table, 5001)).to.equal(undefined);
  });
});

describe("inventory", () => {
  const nothing: Inventory = { containers: [], volumes: [], networks: [], mounts: [], processes: [], ports: [] };

  it("is empty when nothing is there", () => {
    expect(isEmpty(nothing)).to.equal(true);
    expect(inventoryLines(nothing)).to.deep.equal([]);
  });

  it("lists each kind in words", () => {
    const found = { ...nothing, volumes: ["millrace-var"], ports: [5000] };
    expect(isEmpty(found)).to.equal(false);
    expect(inventoryLines(found)).to.deep.equal(["volume millrace-var", "port 127.0.0.1:5000"]);
  });

  it("does not count the volume as left over when its data were to be kept", () => {
    const found = { ...nothing, volumes: ["millrace-var"], networks: ["millrace"] };
    expect(leftovers(found, { keepData: true })).to.deep.equal({ ...nothing, networks: ["millrace"] });
    expect(leftovers(found, { keepData: false })).to.deep.equal(found);
  });

  it("finds the mounts that bear the container's or volume's name", () => {
    const table = "overlay / overlay rw 0 0\noverlay /var/lib/docker/containers/abc/shm tmpfs rw 0 0\n";
    expect(mountsOf(table, ["abc", "millrace-var"])).to.deep.equal(["/var/lib/docker/containers/abc/shm"]);
  });
});

describe("cache keys of the node image", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "node-image-"));
    for (const part of ["supervisor", "provisioner", "policies", "coredns", "pause", "addons", "metrics-server"])
      mkdirSync(join(folder, part));
    writeFileSync(join(folder, "go.mod"), "module node\nrequire (\n\tk8s.io/kubernetes v1.36.1\n)\n");
    writeFileSync(join(folder, "go.sum"), "");
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\n");
    writeFileSync(join(folder, "supervisor", "main.go"), "package main\n");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("stay the same while nothing changes", () => {
    expect(cacheKeys(folder)).to.deep.equal(cacheKeys(folder));
  });

  it("keep the upstream programs when only our sources change", () => {
    const before = cacheKeys(folder);
    writeFileSync(join(folder, "supervisor", "main.go"), "package main\n// changed\n");
    const after = cacheKeys(folder);
    expect(after.upstream).to.equal(before.upstream);
    expect(after.own).not.to.equal(before.own);
    expect(after.image).not.to.equal(before.image);
  });

  it("change with an add-on without rebuilding a program", () => {
    const before = cacheKeys(folder);
    writeFileSync(join(folder, "addons", "dns.yaml"), "kind: Service\n");
    const after = cacheKeys(folder);
    expect(after.own).to.equal(before.own);
    expect(after.image).not.to.equal(before.image);
  });

  it("tell a renamed file from the same content elsewhere", () => {
    const before = contentHash(folder, ["supervisor"]);
    rmSync(join(folder, "supervisor", "main.go"));
    writeFileSync(join(folder, "supervisor", "other.go"), "package main\n");
    expect(contentHash(folder, ["supervisor"])).not.to.equal(before);
  });

  it("take the Kubernetes version from the module file", () => {
    expect(kubernetesVersion(folder)).to.equal("v1.36.1");
  });
});

describe("disk of the engine", () => {
  it("is refused below the need, with figures and the way out", () => {
    expect(diskProblem("/var/lib/docker", 3.5 * 2 ** 30)).to.match(/3\.5 GiB free.*needs 15 GiB.*docker system prune/);
  });

  it("is accepted when there is enough", () => {
    expect(diskProblem("/var/lib/docker", 20 * 2 ** 30)).to.equal(undefined);
  });
});

describe("kubeconfig", () => {
  it("points at the published port of this machine and keeps the rest", () => {
    const text = publishedKubeconfig(
      'clusters: [{name: millrace, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: QQ==}}]\ncontexts: [{name: millrace, context: {cluster: millrace, user: admin}}]\ncurrent-context: millrace\n',
      16443,
      "millrace",
    );
    expect(text).to.include("server: https://127.0.0.1:16443").and.include("current-context: millrace");
    expect(text).to.include("certificate-authority-data: QQ==");
  });
});
