/** Policy packs: Pulumi's own analyzer processes, asked about each resource before it is made and about the whole at the end. */

import type { ChildProcessByStdio } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import analyzerService from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import type { Events } from "./events.ts";
import type { Goal } from "./goal.ts";
import { spawnNode } from "./lifeline.ts";
import type { ResourceState } from "./state.ts";
import { urnName } from "./urn.ts";
import type { Props } from "./values.ts";
import { messageLimits, toStruct } from "./wire.ts";

/** A pack that does not say its port by then does not start. */
const startMs = 60_000;

interface Pack {
  readonly folder: string;
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly client: analyzerService.AnalyzerClient;
}

export class PolicyPacks {
  readonly #packs: Promise<Pack[]>;
  readonly #events: Events;

  private constructor(packs: Promise<Pack[]>, events: Events) {
    this.#packs = packs;
    this.#events = events;
  }

  /** Starts the packs; they get ready while the program starts. */
  static start(folders: readonly string[], projectDir: string, events: Events): PolicyPacks {
    const packs = Promise.all(folders.map((folder) => startPack(resolve(projectDir, folder), events)));
    packs.catch(() => undefined); // reported by the first resource that needs them
    return new PolicyPacks(packs, events);
  }

  /** Mandatory violations of one resource, in words. */
  async analyze(goal: Goal, urn: string, inputs: Props): Promise<string[]> {
    const packs = await this.#packs;
    if (packs.length === 0) {
      return [];
    }
    const request = new analyzer.AnalyzeRequest();
    request.setType(goal.type);
    request.setUrn(urn);
    request.setName(goal.name);
    request.setProperties(toStruct(inputs));
    request.setOptions(options(goal.parent, goal.protect));
    const answers = await Promise.all(
      packs.map((pack) => call<analyzer.AnalyzeResponse>((done) => pack.client.analyze(request, done))),
    );
    return answers.flatMap((answer) => this.#report(answer, urn));
  }

  /** Mandatory violations of the stack as a whole. */
  async analyzeStack(resources: readonly ResourceState[]): Promise<string[]> {
    const packs = await this.#packs;
    if (packs.length === 0) {
      return [];
    }
    const request = new analyzer.AnalyzeStackRequest();
    request.setResourcesList(resources.map(toAnalyzed));
    const answers = await Promise.all(
      packs.map((pack) => call<analyzer.AnalyzeResponse>((done) => pack.client.analyzeStack(request, done))),
    );
    return answers.flatMap((answer) => this.#report(answer, ""));
  }

  async close(): Promise<void> {
    for (const pack of await this.#packs.catch(() => [])) {
      pack.client.close();
      // It ends by itself, and keeps what it has compiled for the next run.
      pack.process.stdin.end();
    }
  }

  #report(answer: analyzer.AnalyzeResponse, urn: string): string[] {
    const mandatory: string[] = [];
    for (const found of answer.getDiagnosticsList()) {
      const isMandatory = found.getEnforcementlevel() !== analyzer.EnforcementLevel.ADVISORY;
      const about = found.getUrn() === "" ? urn : found.getUrn();
      // The SDK's message starts with the policy's description; the violation is what follows it.
      const message = found.getMessage().replace(`${found.getDescription()}\n`, "").trim();
      this.#events.send({
        kind: "policy",
        pack: found.getPolicypackname(),
        policy: found.getPolicyname(),
        level: isMandatory ? "mandatory" : "advisory",
        message: this.#events.scrub(message),
        ...(about === "" ? {} : { urn: about }),
      });
      if (isMandatory) {
        mandatory.push(`policy ${found.getPolicyname()}: ${message}`);
      }
    }
    return mandatory;
  }
}

function options(parent: string, protect: boolean): analyzer.AnalyzerResourceOptions {
  const result = new analyzer.AnalyzerResourceOptions();
  result.setParent(parent);
  result.setProtect(protect);
  return result;
}

function toAnalyzed(state: ResourceState): analyzer.AnalyzerResource {
  const result = new analyzer.AnalyzerResource();
  result.setType(state.type);
  result.setUrn(state.urn);
  result.setName(urnName(state.urn));
  result.setProperties(toStruct({ ...state.inputs, ...state.outputs }));
  result.setParent(state.parent ?? "");
  result.setDependenciesList(state.dependencies ?? []);
  result.setOptions(options(state.parent ?? "", state.protect === true));
  return result;
}

function call<T>(send: (done: (error: grpc.ServiceError | null, answer: T) => void) => void): Promise<T> {
  return new Promise((done, reject) => {
    send((error, answer) => {
      if (error === null) {
        done(answer);
      } else {
        reject(new Error(`a policy failed to run: ${error.details || error.message}`, { cause: error }));
      }
    });
  });
}

async function startPack(folder: string, events: Events): Promise<Pack> {
  if (!existsSync(join(folder, "PulumiPolicy.yaml"))) {
    throw new Error(`${folder} is not a policy pack: it has no PulumiPolicy.yaml`);
  }
  const host = fileURLToPath(import.meta.resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js"));
  const child = spawnNode([host, "127.0.0.1:0", folder], {
    cwd: folder,
    env: { ...process.env, PULUMI_NODEJS_TYPESCRIPT: "false" },
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    said.push(line);
    events.log("debug", `${folder}: ${line}`);
  });
  const port = await new Promise<number>((done, reject) => {
    const fail = (why: string) => {
      child.kill("SIGKILL");
      reject(
        new Error(`the policy pack ${folder} ${why}${said.length === 0 ? "" : `:\n${said.slice(0, 12).join("\n")}`}`),
      );
    };
    const timer = setTimeout(() => {
      fail(`did not start within ${startMs / 1000} s`);
    }, startMs);
    child.once("close", () => {
      clearTimeout(timer);
      fail("ended before it was ready");
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (/^\d+$/.test(line.trim())) {
        clearTimeout(timer);
        done(Number(line.trim()));
      }
    });
  });
  const client = new analyzerService.AnalyzerClient(
    `127.0.0.1:${port}`,
    grpc.credentials.createInsecure(),
    messageLimits,
  );
  return { folder, process: child, client };
}
