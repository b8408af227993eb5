/** The other side: the same image with the same settings, heap and limits, started by Docker beside the cluster. */
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { UserError } from "../../cli/errors.ts";
import { LABEL } from "../../clusters/embedded/container-spec.ts";
import { podHost } from "../../platform/names.ts";
import { type Broker, brokerName, limitsOf } from "./platform.ts";
import { clientMemoryMi, perfScript, type Task } from "./script.ts";

const pod = `${brokerName}-0`;
const startMs = 90_000;

export interface OutsideBroker {
  /** Runs the load in a container of its own. @returns what the tools printed */
  run(task: Omit<Task, "bootstrap">, signal: AbortSignal): Promise<string>;
  remove(): Promise<void>;
}

/** The broker's environment as the pod has it, with what the cluster fills in. */
export function outsideEnv(broker: Broker, clusterId: string): string[] {
  const given = Object.fromEntries(
    (broker.container.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
  const known: Readonly<Record<string, string>> = {
    ...given,
    POD_NAME: pod,
    KAFKA_NODE_ID: "0",
    CLUSTER_ID: clusterId,
  };
  return Object.entries(known).map(
    ([name, value]) => `${name}=${value.replaceAll(/\$\((\w+)\)/g, (whole, key: string) => known[key] ?? whole)}`,
  );
}

/** The name by which the broker advertises itself. */
function hostOf({ serviceName, namespace }: Broker): string {
  return podHost(brokerName, 0, serviceName, namespace);
}

/** Repository and tag of an image without the registry that the cluster pulls it from. */
export function localName(image: string): string {
  const parts = (image.split("@")[0] ?? image).split("/");
  return (/[.:]|^localhost$/.test(parts[0] ?? "") && parts.length > 1 ? parts.slice(1) : parts).join("/");
}

/** @throws UserError when this engine has not the image that the broker runs */
async function imageHere(docker: Docker, image: string): Promise<string> {
  for (const name of [image, localName(image)]) {
    const isHere = await docker
      .getImage(name)
      .inspect()
      .then(
        () => true,
        () => false,
      );
    if (isHere) return name;
  }
  throw new UserError(
    `bench kafka: this Docker engine has no image ${localName(image)}, which the platform's broker runs; the comparison needs it here: docker pull ${image}`,
  );
}

/** Starts it on a volume of its own, on the same disk as the cluster's. */
export async function startOutside(docker: Docker, broker: Broker, run: string): Promise<OutsideBroker> {
  const image = await imageHere(docker, broker.container.image);
  const { cpu, memory } = limitsOf(broker);
  const labels = { [`${LABEL}.bench`]: "kafka" };
  const host = hostOf(broker);
  const network = await docker.createNetwork({ Name: run, Labels: labels });
  const started: Docker.Container[] = [];
  const make = async (name: string, options: Docker.ContainerCreateOptions): Promise<Docker.Container> => {
    const container = await docker.createContainer({
      name: `${run}-${name}`,
      Labels: labels,
      Image: image,
      ...options,
    });
    started.push(container);
    await container.start();
    return container;
  };
  const remove = async (): Promise<void> => {
    const ended = await Promise.allSettled(started.map((container) => container.remove({ force: true, v: true })));
    await network.remove();
    for (const one of ended) {
      if (one.status === "rejected" && (one.reason as { statusCode?: number }).statusCode !== 404) throw one.reason;
    }
  };
  try {
    const server = await make("broker", {
      ...(broker.container.command === undefined ? {} : { Entrypoint: [...broker.container.command] }),
      Env: outsideEnv(broker, Buffer.from(run.padEnd(16).slice(0, 16)).toString("base64url")),
      HostConfig: {
        NetworkMode: run,
        ExtraHosts: [`${host}:127.0.0.1`],
        ...(cpu === undefined ? {} : { NanoCpus: Math.round(cpu * 1e9) }),
        ...(memory === undefined ? {} : { Memory: memory }),
      },
    });
    await answers(docker, server, host);
    const address = (await server.inspect()).NetworkSettings.Networks[run]?.IPAddress ?? "";
    return {
      async run(task, signal) {
        const script = perfScript({ ...task, bootstrap: `${host}:9092` });
        const client = await make(`load-${started.length}`, {
          Entrypoint: ["bash", "-c", script],
          HostConfig: {
            NetworkMode: run,
            ExtraHosts: [`${host}:${address}`],
            Memory: clientMemoryMi * 2 ** 20,
            NanoCpus: 2e9,
            Init: true,
          },
        });
        const { StatusCode } = (await client.wait({ abortSignal: signal })) as { StatusCode: number };
        const printed = await outputOf(docker, client);
        if (StatusCode !== 0)
          throw new Error(`the load outside failed with code ${StatusCode}: ${printed.slice(-500)}`);
        return printed;
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Waits until the broker's port is open. */
async function answers(docker: Docker, container: Docker.Container, host: string): Promise<void> {
  for (const end = Date.now() + startMs; ;) {
    const { State } = await container.inspect();
    if (State.Running && Date.now() > end) await container.stop({ t: 0 });
    if (!State.Running || Date.now() > end) {
      throw new Error(
        `the broker outside does not start; its last words: ${(await outputOf(docker, container)).slice(-800)}`,
      );
    }
    const Cmd = ["bash", "-c", `exec 3<>/dev/tcp/${host}/9092`];
    const probe = await container.exec({ Cmd, AttachStdout: true, AttachStderr: true });
    const stream = await probe.start({});
    await new Promise((resolve) => stream.resume().on("end", resolve).on("close", resolve));
    if ((await probe.inspect()).ExitCode === 0) return;
    await sleep(500);
  }
}

/** All that a container has said; it must have ended. */
async function outputOf(docker: Docker, container: Docker.Container): Promise<string> {
  const stream = await container.logs({ stdout: true, stderr: true, follow: true });
  const chunks: Buffer[] = [];
  const sink = new PassThrough().on("data", (chunk: Buffer) => chunks.push(chunk));
  docker.modem.demuxStream(stream, sink, sink);
  await new Promise((resolve) => stream.on("end", resolve));
  return Buffer.concat(chunks).toString();
}
