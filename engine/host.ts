/** Runs the unmodified program by Pulumi's own program host, and answers its calls. */

import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import resourceService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import type { Program } from "./config.ts";
import type { Deployment } from "./deployment.ts";
import type { Events } from "./events.ts";
import { spawnNode } from "./lifeline.ts";
import { monitorHandlers } from "./monitor.ts";
import { Empty, messageLimits, unary } from "./wire.ts";

/** How long a program may take to end by itself after it was told to stop. */
const graceMs = 5_000;

/** Runs the program to its end. Resolves with its exit code; `stop` makes it end. */
export async function runProgram(
  program: Program,
  deployment: Deployment,
  events: Events,
  stop: AbortSignal,
): Promise<number> {
  const server = new grpc.Server(messageLimits);
  let root = "";
  const always = () => grpc.status.UNKNOWN;
  server.addService(resourceService.ResourceMonitorService, monitorHandlers(program, deployment, stop));
  server.addService(engineService.EngineService, {
    log: unary((request: engineMessages.LogRequest) => {
      logLine(events, request, stop);
      return new Empty();
    }, always),
    getRootResource: unary(() => {
      const response = new engineMessages.GetRootResourceResponse();
      response.setUrn(root);
      return response;
    }, always),
    setRootResource: unary((request: engineMessages.SetRootResourceRequest) => {
      root = request.getUrn();
      return new engineMessages.SetRootResourceResponse();
    }, always),
    startDebugging: unary(() => new Empty(), always),
    requirePulumiVersion: unary(() => new engineMessages.RequirePulumiVersionResponse(), always),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(error);
      }
    });
  });
  const child = start(program, `127.0.0.1:${port}`, events, stop);
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  stop.addEventListener("abort", end);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve(code ?? 1);
      });
    });
  } finally {
    stop.removeEventListener("abort", end);
    clearTimeout(timer);
    server.forceShutdown();
  }
}

function start(program: Program, address: string, events: Events, stop: AbortSignal): ChildProcess {
  const { projectDir, project, stack, preview, parallel, config, env } = program;
  const inherited = { ...process.env };
  delete inherited["PULUMI_CONFIG_PASSPHRASE"];
  const child = spawnNode(
    [
      fileURLToPath(import.meta.resolve("@pulumi/pulumi/cmd/run/index.js")),
      ...["--monitor", address, "--engine", address, "--project", project.name, "--stack", stack],
      ...["--organization", "organization", "--pwd", projectDir, "--root-directory", projectDir],
      ...["--parallel", String(parallel), "--dry-run", String(preview), project.main],
    ],
    {
      cwd: projectDir,
      env: {
        ...inherited,
        PULUMI_NODEJS_TYPESCRIPT: "false",
        MILLRACE_ENGINE: "local",
        PULUMI_CONFIG: JSON.stringify(config.values),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
        ...env,
      },
    },
  );
  for (const [stream, severity] of [
    [child.stdout, "info"],
    [child.stderr, "warning"],
  ] as const) {
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() !== "") {
        // What a program says while it is being stopped is of no use to its user.
        events.log(stop.aborted ? "debug" : severity, line);
      }
    });
  }
  return child;
}

/** Errors that only repeat a step's own failure, or come of stopping, are left out. */
function logLine(events: Events, request: engineMessages.LogRequest, stop: AbortSignal): void {
  const message = request.getMessage().trimEnd();
  if (message === "") {
    return;
  }
  switch (request.getSeverity()) {
    case engineMessages.LogSeverity.ERROR:
      if (
        stop.aborted ||
        (events.failed && /failed to register|monitor is terminating|unhandled exception/i.test(message))
      ) {
        events.log("debug", message, request.getUrn());
      } else {
        events.error(message, request.getUrn());
      }
      break;
    case engineMessages.LogSeverity.WARNING:
      events.log("warning", message, request.getUrn());
      break;
    case engineMessages.LogSeverity.INFO:
      events.log("info", message, request.getUrn());
      break;
    // The SDK's debug lines carry whole resources, secrets in the clear included.
    case engineMessages.LogSeverity.DEBUG:
      break;
  }
}
