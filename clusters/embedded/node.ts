/** What is asked of the running node container: commands, the supervisor's state, logs of parts, what it uses. */
import { PassThrough } from "node:stream";
import type Docker from "dockerode";

/** One program that the supervisor keeps running. */
export interface PartState {
  /** `etcd`, `containerd`, `registry`, `apiserver`, `kubelet`, `controller-manager`, `scheduler`, `proxy`, `provisioner`, `policies` */
  readonly name: string;
  /** Process id in the node; 0 while it is down. */
  readonly pid: number;
  readonly restarts: number;
  readonly startedAt: string;
  /** How it ended last, when it did. */
  readonly lastExit?: string;
}

/** The supervisor's own account. */
export interface NodeState {
  /** What a start waits for; `ready` at its end, `stopping` when it is being stopped. */
  readonly phase: string;
  readonly since: string;
  readonly parts: readonly PartState[];
}

/** Output of a command in the node. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command in the node to its end.
 * @param container the node's name in the engine.
 * @param onOutput receives stdout as it comes, for commands that run long.
 * @param signal ends the waiting; the command is left to the closed connection.
 */
export async function execInNode(
  docker: Docker,
  container: string,
  command: readonly string[],
  onOutput?: (text: string) => void,
  signal?: AbortSignal,
): Promise<ExecResult> {
  const exec = await docker.getContainer(container).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const collect = (listener?: (text: string) => void): { sink: PassThrough; text: () => string } => {
    const sink = new PassThrough();
    const chunks: Buffer[] = [];
    sink.on("data", (chunk: Buffer) => {
      if (listener === undefined) chunks.push(chunk);
      else listener(chunk.toString());
    });
    return { sink, text: () => Buffer.concat(chunks).toString() };
  };
  const [out, err] = [collect(onOutput), collect()];
  docker.modem.demuxStream(stream, out.sink, err.sink);
  signal?.addEventListener("abort", () => stream.destroy(), { once: true });
  await new Promise<void>((resolve, reject) => {
    stream.on("end", resolve);
    stream.on("close", resolve);
    stream.on("error", reject);
  });
  const { ExitCode } = await exec.inspect();
  return { code: ExitCode ?? -1, stdout: out.text(), stderr: err.text() };
}

/** The supervisor's state; `undefined` before it has written one. */
export async function nodeState(docker: Docker, container: string): Promise<NodeState | undefined> {
  const { code, stdout } = await execInNode(docker, container, ["cat", "/run/millrace/state.json"]);
  return code === 0 ? (JSON.parse(stdout) as NodeState) : undefined;
}

/** What the node's container and all in it have used. */
export interface ContainerUsage {
  /** When it was looked at, in ms since the epoch. */
  readonly at: number;
  /** Processor time since the container's start, in ns. */
  readonly cpuNs: number;
  /** Memory, caches of files that the kernel can drop left out. */
  readonly memoryBytes: number;
}

/** What Docker tells of a container, on both versions of cgroups. */
export interface ContainerStats {
  readonly read: string;
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
  readonly memory_stats: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
}

export function usageOf({ read, cpu_stats, memory_stats }: ContainerStats): ContainerUsage {
  const { usage = 0, stats = {} } = memory_stats;
  return {
    at: Date.parse(read),
    cpuNs: cpu_stats.cpu_usage.total_usage,
    memoryBytes: usage - (stats["total_inactive_file"] ?? stats["inactive_file"] ?? 0),
  };
}

/** @param container the node's name in the engine */
export async function containerUsage(docker: Pick<Docker, "getContainer">, container: string): Promise<ContainerUsage> {
  const stats: unknown = await docker.getContainer(container).stats({ stream: false, "one-shot": true });
  return usageOf(stats as ContainerStats);
}
