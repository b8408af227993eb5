/** A stack of the program `parts` in a folder of its own, on a cluster in memory. */

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResourceOptions } from "@pulumi/pulumi";
import { expect } from "chai";
import { destroy, type EngineEvent, type EngineOptions, type EngineResult, preview, up } from "../../engine/index.ts";
import type { ResourceState } from "../../engine/state.ts";
import { FakeCluster } from "./fake-cluster.ts";

/** Any Kubernetes object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export interface Part {
  /** @default "ConfigMap" */
  readonly kind?: "ConfigMap" | "Deployment" | "Group" | "Job" | "Object" | "Secret" | "StatefulSet";
  readonly name: string;
  /** Name of the Kubernetes object. @default - the part's name */
  readonly object?: string;
  /** Data, text or image. */
  readonly value?: string;
  readonly after?: readonly string[];
  readonly parent?: string;
  readonly formerNames?: readonly string[];
  /** Type of a group. @default "test:index:Group" */
  readonly type?: string;
  readonly formerTypes?: readonly string[];
  /** Annotations of the Kubernetes object. @default - `pulumi.com/skipAwait` */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Text data of a Secret by key. @default - `text`, with the value */
  readonly texts?: Readonly<Record<string, string>>;
  /** Of an `Object`: all of it, as kubectl would be given it. */
  readonly manifest?: Manifest;
  /** Name of the part whose deletion takes this one along. */
  readonly deletedWith?: string;
  readonly options?: Pick<ResourceOptions, "protect" | "retainOnDelete" | "ignoreChanges" | "customTimeouts">;
}

export interface Wanted {
  readonly kubeconfig: string;
  readonly parts: readonly Part[];
}

interface Checkpoint {
  readonly resources: ResourceState[];
  readonly pending_operations?: readonly { readonly resource: ResourceState; readonly type: string }[];
}

export class TestStack {
  readonly projectDir: string;
  readonly stateFile: string;
  kubeconfig: string;
  events: EngineEvent[] = [];

  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
    this.projectDir = mkdtempSync(join(tmpdir(), "engine-parts-"));
    this.stateFile = join(this.projectDir, ".pulumi/stacks/parts/dev.json");
    cpSync(join(import.meta.dirname, "programs/parts"), this.projectDir, { recursive: true });
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(this.projectDir, "node_modules"));
  }

  remove(): void {
    rmSync(this.projectDir, { recursive: true, force: true });
  }

  options(parts: readonly Part[]): EngineOptions {
    const wanted: Wanted = { kubeconfig: this.kubeconfig, parts };
    return {
      projectDir: this.projectDir,
      stack: "dev",
      passphrase: "correct horse",
      configOverrides: { "parts:wanted": JSON.stringify(wanted) },
    };
  }

  #run(work: (options: EngineOptions) => Promise<EngineResult>, parts: readonly Part[]): Promise<EngineResult> {
    this.events = [];
    return work({ ...this.options(parts), onEvent: (event) => this.events.push(event) });
  }

  up(...parts: readonly Part[]): Promise<EngineResult> {
    return this.#run(up, parts);
  }

  preview(...parts: readonly Part[]): Promise<EngineResult> {
    return this.#run(preview, parts);
  }

  destroy(): Promise<EngineResult> {
    return this.#run(destroy, []);
  }

  /** `up` in a process of its own, which SIGINT ends in order; `result` is there once it has ended by itself. */
  spawnUp(...parts: readonly Part[]): { readonly child: ChildProcess; readonly result: Promise<EngineResult> } {
    const engine = JSON.stringify(join(import.meta.dirname, "../../engine/index.ts"));
    const script = `import { up } from ${engine};
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      console.log(JSON.stringify(await up({ ...JSON.parse(process.argv[1]), signal: stop.signal })));`;
    const args = ["--input-type=module", "-e", script, "--", JSON.stringify(this.options(parts))];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const result = new Promise<EngineResult>((resolve, reject) => {
      let text = "";
      child.stdout.on("data", (data: Buffer) => (text += data.toString()));
      child.on("close", () => {
        try {
          resolve(JSON.parse(text) as EngineResult);
        } catch {
          reject(new Error("the run was killed"));
        }
      });
    });
    result.catch(() => undefined);
    return { child, result };
  }

  get stateText(): string {
    return readFileSync(this.stateFile, "utf8");
  }

  get checkpoint(): Checkpoint {
    return (JSON.parse(this.stateText) as { checkpoint: { latest: Checkpoint } }).checkpoint.latest;
  }

  /** Recorded URNs without what all of them share. */
  get recorded(): string[] {
    return this.checkpoint.resources.map((resource) => resource.urn.replace("urn:pulumi:dev::parts::", ""));
  }
}

/** A new stack on a new cluster for each spec of a suite. */
export function eachStack(use: (made: { readonly cluster: FakeCluster; readonly stack: TestStack }) => void): void {
  let cluster: FakeCluster;
  let stack: TestStack;
  beforeEach(async () => {
    cluster = new FakeCluster();
    await cluster.start();
    stack = new TestStack(cluster.kubeconfig);
    use({ cluster, stack });
  });
  afterEach(async () => {
    // What a spec holds back would keep the cluster from ending.
    cluster.intercept = () => undefined;
    await cluster.stop();
    stack.remove();
  });
}

/** A run that ends without an error. */
export async function ok(running: Promise<EngineResult>): Promise<EngineResult> {
  const result = await running;
  expect(result.errors).to.deep.equal([]);
  return result;
}

/** Requests that change something. */
export function writesTo(cluster: FakeCluster): string[] {
  return cluster.requests.filter((request) => !request.startsWith("GET"));
}
