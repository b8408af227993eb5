/**
 * The docker provider: `docker.Image`, built by the daemon's own builder and pushed. Image names are content tags, so
 * a name that the registry or the daemon already has is not built again.
 */

import { join, resolve } from "node:path";
import Docker from "dockerode";
import { buildImage, untilAborted } from "../../platform/docker-build.ts";
import { type EngineLine, followEngine } from "../../platform/docker-stream.ts";
import { engineLogin } from "../../platform/registry/docker-logins.ts";
import { parseImageName } from "../../platform/registry/image-name.ts";
import { Registry } from "../../platform/registry/registry.ts";
import type { Made, Provider, StepContext } from "../provider.ts";
import { contextDigest } from "./docker-digest.ts";
import { diffPaths, isObject, type Props, secret, textOf } from "../values.ts";

/** Parts of the inputs that don't decide the image's content: the name does. */
const contentPaths = ["imageName"];

export function dockerProvider(settings: Props, projectDir: string): Provider {
  const host = typeof settings["host"] === "string" ? settings["host"] : undefined;
  const socketPath = host?.startsWith("unix://") === true ? { socketPath: host.slice("unix://".length) } : undefined;
  const docker = new Docker(socketPath);
  const make = (context: StepContext) => makeImage(docker, projectDir, context);
  return {
    check: ({ type, inputs }) => problems(type, inputs),
    diff: (_type, last, next) => {
      const paths = diffPaths(withoutDigest(last), withoutDigest(next));
      return { paths, replaces: paths.filter((path) => contentPaths.includes(path)), deleteBeforeReplace: false };
    },
    create: make,
    update: make,
    delete: () => Promise.resolve(), // the registry keeps its images; other stacks may run them
  };
}

/** The official provider records a digest of the context; the image's name is one already. */
function withoutDigest(inputs: Props): Props {
  const build = inputs["build"];
  if (!isObject(build)) {
    return inputs;
  }
  return { ...inputs, build: Object.fromEntries(Object.entries(build).filter(([key]) => key !== "contextDigest")) };
}

function problems(type: string, inputs: Props): string[] {
  if (type !== "docker:index/image:Image") {
    return [`the local engine knows docker.Image only, not ${type}`];
  }
  return typeof inputs["imageName"] === "string" ? [] : ["imageName is missing"];
}

/** Builds an image and pushes it, unless the registry has it; the same as `docker.Image` with these inputs. */
export async function publishImage(
  inputs: Props,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await makeImage(new Docker(), "/", { inputs, progress, signal });
}

async function makeImage(
  docker: Docker,
  projectDir: string,
  context: Pick<StepContext, "inputs" | "progress" | "signal">,
): Promise<Made> {
  const { inputs, progress, signal } = context;
  const name = String(inputs["imageName"]);
  const push = inputs["skipPush"] !== true && inputs["skipPush"] !== "true";
  const settings = isObject(inputs["build"]) ? inputs["build"] : {};
  const folder = resolve(projectDir, textOf(settings["context"], "."));
  const made = async (digest: string): Promise<Made> => {
    const context = await contextDigest(
      folder,
      resolve(projectDir, textOf(settings["dockerfile"], join(folder, "Dockerfile"))),
    );
    const outputs = {
      baseImageName: name,
      imageName: name,
      registryServer: name.slice(0, name.indexOf("/")),
      repoDigest: digest,
      context: settings["context"] ?? "",
      dockerfile: settings["dockerfile"] ?? "Dockerfile",
      ...(settings["platform"] === undefined ? {} : { platform: settings["platform"] }),
      __inputs: secret(inputs),
    };
    const noted = context === undefined ? {} : { noted: { build: { contextDigest: context } } };
    return { id: digest === "" ? name : digest, outputs, ...noted };
  };
  const known = push ? await registryDigest(name) : undefined;
  if (known !== undefined) {
    return made(repoDigest(name, known));
  }
  const image = docker.getImage(name);
  const isLocal = await image.inspect().then(
    () => true,
    () => false,
  );
  if (!isLocal) {
    await buildImage(docker, name, settings, projectDir, { progress, signal });
  }
  if (!push) {
    return made("");
  }
  const registry = isObject(inputs["registry"]) ? inputs["registry"] : {};
  const authconfig = await pushLogin(name.slice(0, name.indexOf("/")), registry);
  await untilAborted("pushing", signal, async () =>
    followEngine(docker, await image.push({ authconfig, abortSignal: signal }), pushLine(progress)),
  );
  const digest = await registryDigest(name);
  return made(digest === undefined ? "" : repoDigest(name, digest));
}

/** Whom the engine pushes as: who the program names, else this machine's login, as the official provider does. */
export async function pushLogin(server: string, registry: Props): Promise<Readonly<Record<string, string>>> {
  const given = { username: textOf(registry["username"]), password: textOf(registry["password"]) };
  const serveraddress = textOf(registry["server"], server);
  return given.username === "" ? await engineLogin(serveraddress) : { ...given, serveraddress };
}

/** Says at most once a second how many layers are pushed. */
function pushLine(progress: (message: string) => void): (event: EngineLine) => void {
  const layers = new Map<string, boolean>();
  let said = 0;
  return (event) => {
    if (event.id !== undefined && event.status !== undefined) {
      layers.set(event.id, /Pushed|already exists|Mounted/.test(event.status));
    }
    if (Date.now() - said > 1_000 && layers.size > 0) {
      said = Date.now();
      progress(`pushing: ${[...layers.values()].filter(Boolean).length} of ${layers.size} layers`);
    }
  };
}

function repoDigest(name: string, digest: string): string {
  return `${name.slice(0, name.lastIndexOf(":"))}@${digest}`;
}

/** The digest under which the registry has a name; `undefined` when it hasn't, or can't be asked. */
export async function registryDigest(name: string): Promise<string | undefined> {
  const parts = parseImageName(name);
  if (parts === undefined) return undefined;
  const registry = new Registry(parts.server);
  try {
    return await registry.digestOf(parts.repository, parts.tag);
  } catch {
    return undefined;
  } finally {
    registry.close();
  }
}
