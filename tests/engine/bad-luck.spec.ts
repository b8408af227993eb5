import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { takeLock } from "../../engine/lock.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { eachStack, ok, type Part, TestStack } from "./test-stack.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const parts: readonly Part[] = [
  { name: "first" },
  { name: "slow", after: ["first"] },
  { name: "last", after: ["slow"] },
];

describe("the local engine in bad luck", function () {
  this.timeout(120_000);
  let cluster: FakeCluster;
  let stack: TestStack;
  eachStack((made) => ({ cluster, stack } = made));
  const isSlow = (method: string, path: string) => method === "PATCH" && path.endsWith("/slow");

  /** Runs `up` in a process of its own and kills that while the object "slow" is being made. */
  const killInCreate = async (made: boolean) => {
    const reached = new Promise<void>((resolve) => {
      const hold = (method: string, path: string) => {
        if (!isSlow(method, path)) {
          return undefined;
        }
        resolve();
        return new Promise<undefined>(() => undefined);
      };
      if (made) {
        cluster.beforeAnswer = hold;
      } else {
        cluster.intercept = hold;
      }
    });
    const { child, result } = stack.spawnUp(...parts);
    await reached;
    const pid = child.pid ?? 0;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    expect(children).not.to.deep.equal([]);
    child.kill("SIGKILL");
    expect(await result.catch((error: unknown) => String(error))).to.contain("was killed");
    cluster.beforeAnswer = () => undefined;
    cluster.intercept = () => undefined;
    return children;
  };

  for (const made of [false, true]) {
    it(`goes on after SIGKILL in the middle of a create ${made ? "that happened" : "that did not happen"}`, async () => {
      const children = await killInCreate(made);
      expect(stack.checkpoint.pending_operations).to.have.length(1);
      expect(cluster.objects.has(`${configMaps}/slow`)).to.equal(made);
      const uid = () => cluster.objects.get(`${configMaps}/slow`)?.["metadata"] as { uid: string } | undefined;
      const before = uid()?.uid;
      const result = await ok(stack.up(...parts));
      expect(result.changes).to.include({ create: made ? 1 : 2, update: made ? 1 : 0, delete: 0 });
      expect(before === undefined || before === uid()?.uid).to.equal(true);
      expect(stack.checkpoint.pending_operations ?? []).to.deep.equal([]);
      expect((await ok(stack.up(...parts))).changes).to.include({ create: 0, update: 0, delete: 0, same: 5 });
      for (const pid of children) {
        expect(await isGone(pid), `process ${pid} of the killed run`).to.equal(true);
      }
    });
  }

  it("deletes what a killed run made when the program no longer names it", async () => {
    await killInCreate(true);
    await ok(stack.up({ name: "first" }));
    expect([...cluster.objects.keys()].filter((path) => path.startsWith(configMaps))).to.deep.equal([
      `${configMaps}/first`,
    ]);
    expect(stack.checkpoint.pending_operations ?? []).to.deep.equal([]);
  });

  it("refuses a second run while one is under way, names its holder, and does not disturb it", async () => {
    let release: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      cluster.beforeAnswer = (method, path) => {
        if (!isSlow(method, path)) {
          return undefined;
        }
        resolve();
        return new Promise<void>((done) => (release = done));
      };
    });
    const first = stack.spawnUp(...parts);
    await reached;
    const refused = await stack.up(...parts);
    expect(refused.errors.join()).to.contain(`@${hostname()} (pid ${String(first.child.pid)}, since `);
    release();
    await ok(first.result);
    expect((await ok(stack.up(...parts))).changes).to.include({ create: 0, same: 5 });
  });

  it("knows a live lock from one of another boot and from a process number used again", async () => {
    const folder = join(stack.projectDir, "locks");
    const other = join(folder, "other.json");
    mkdirSync(folder);
    const lock = (more: object) => {
      const content = { pid: process.pid, username: "ann", hostname: hostname(), timestamp: new Date().toISOString() };
      writeFileSync(other, JSON.stringify({ ...content, ...more }));
    };
    const taken = () =>
      takeLock(folder, () => undefined).then(
        (release) => release().then(() => true),
        () => false,
      );
    const release = await takeLock(folder, () => undefined);
    expect(await taken(), "a lock of this engine").to.equal(false);
    await release();
    expect(readdirSync(folder)).to.deep.equal([]);
    lock({});
    expect(await taken(), "a lock of the official CLI").to.equal(false);
    lock({ hostname: "elsewhere", pid: 4_194_303 });
    expect(await taken(), "a lock of another machine").to.equal(false);
    lock({ process: "another-boot/1" });
    expect(await taken(), "another boot").to.equal(true);
    lock({ timestamp: "2020-01-01T00:00:00Z" });
    expect(await taken(), "a process that is younger than the lock").to.equal(true);
  });

  it("gives up a dead and a silent API server in less than 30 s, a vanishing one later, and keeps what it knows", async () => {
    const vanishing = new FakeCluster();
    await vanishing.start();
    const vanishingStack = new TestStack(vanishing.kubeconfig);
    const falling = new FakeCluster();
    await falling.start();
    const silentStack = new TestStack(falling.kubeconfig);
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const check = async (one: TestStack, port: number) => {
        await ok(one.up(...parts));
        const before = one.checkpoint.resources;
        one.kubeconfig = one.kubeconfig.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);
        const started = Date.now();
        const failed = await one.up(...parts, { name: "another" });
        expect(failed.errors).to.have.length(1);
        expect(failed.errors.join()).to.contain(`http://127.0.0.1:${port} can't be reached`);
        expect(Date.now() - started).to.be.lessThan(30_000);
        const entries = (resources: readonly { readonly type: string; readonly urn: string }[]) =>
          resources
            .filter((resource) => !resource.type.startsWith("pulumi:"))
            .sort((a, b) => a.urn.localeCompare(b.urn));
        expect(entries(one.checkpoint.resources)).to.deep.equal(entries(before));
      };
      const vanish = async () => {
        vanishing.intercept = (method, path) => {
          if (isSlow(method, path)) {
            void vanishing.stop();
          }
          return undefined;
        };
        const failed = await vanishingStack.up(...parts);
        expect(failed.errors.join()).to.contain("can't be reached");
        const pending = vanishingStack.checkpoint.pending_operations?.map((operation) => operation.type);
        expect(pending, "the create that may have happened").to.deep.equal(["creating"]);
      };
      await Promise.all([check(stack, await closedPort()), check(silentStack, portOf(silent)), vanish()]);
    } finally {
      vanishingStack.remove();
      await falling.stop();
      silent.close();
      silentStack.remove();
    }
  });

  it("waits as long as a busy API server asks for, and makes nothing twice", async () => {
    let refusals = 2;
    const asked: number[] = [];
    cluster.intercept = (method, path) => {
      if (method !== "PATCH" || !path.endsWith("/first")) {
        return undefined;
      }
      asked.push(Date.now());
      return refusals-- > 0 ? { status: 429, retryAfter: 1 } : undefined;
    };
    const result = await ok(stack.up({ name: "first" }));
    expect(result.changes).to.include({ create: 3 });
    expect(asked).to.have.length(3);
    expect((asked[2] ?? 0) - (asked[0] ?? 0)).to.be.greaterThan(1_900);
  });

  it("refuses a cut-off state file, and goes on once the backup is put back as it says", async () => {
    await ok(stack.up(...parts));
    await ok(stack.up(...parts));
    const cut = stack.stateText.slice(0, 700);
    writeFileSync(stack.stateFile, cut);
    const refused = await stack.up();
    expect(refused.errors.join()).to.contain(`cp "${stack.stateFile}.bak" "${stack.stateFile}"`);
    expect(stack.stateText).to.equal(cut);
    expect(cluster.objects.has(`${configMaps}/last`)).to.equal(true);
    writeFileSync(stack.stateFile, readFileSync(`${stack.stateFile}.bak`));
    expect((await ok(stack.up(...parts))).changes).to.include({ create: 0, update: 0, delete: 0 });
    rmSync(stack.stateFile);
    expect((await stack.up(...parts)).errors.join()).to.contain("is gone but its backup is there");
  });
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether a process ends within 10 s; one that only waits to be reaped has ended. */
async function isGone(pid: string): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      if (stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z")) {
        return true;
      }
    } catch {
      return true;
    }
    await sleep(100);
  }
  return false;
}
