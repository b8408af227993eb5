import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import type { Provider } from "../../engine/provider.ts";
import { dockerProvider } from "../../engine/providers/docker.ts";
import { kubernetesProvider } from "../../engine/providers/kubernetes.ts";
import { toOutputs } from "../../engine/providers/kubernetes-objects.ts";
import { randomProvider } from "../../engine/providers/random.ts";
import { packageOf } from "../../engine/providers.ts";
import { type Props, reveal } from "../../engine/values.ts";

/** What the official CLI's providers were given, what their Check made of it, and the keys of what was then recorded. */
interface Recording {
  readonly type: string;
  readonly given: Props;
  readonly checked: Props;
  readonly outputs: readonly string[];
}

/** Kubernetes 4.34.2, random 4.21.2, docker 5.1.0. Objects "s-…" are spelled as nobody would. */
const recordings = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures/official-checks.json"), "utf8"),
) as Recording[];
const providers: Readonly<Record<string, Provider>> = {
  kubernetes: kubernetesProvider(
    { enableConfigMapMutable: "true", enableSecretMutable: "true" },
    "millrace-0123456789",
  ),
  random: randomProvider(),
  docker: dockerProvider({}, "/"),
};
const providerOf = ({ type }: Recording): Provider => providers[packageOf(type)] as Provider;
const plain = (value: Props): Props => reveal(value) as Props;
const of = (pkg: string): Recording[] => recordings.filter(({ type }) => packageOf(type) === pkg);
const named = ({ type, given }: Recording): string =>
  `${type} ${String((given["metadata"] as Props | undefined)?.["name"])}`;

describe("what the official CLI's providers have recorded", () => {
  it("is no change for the local engine, one way or the other", () => {
    expect(recordings.length).to.equal(20);
    for (const recording of recordings) {
      const { type, given, checked } = recording;
      const diff = (last: Props, next: Props) =>
        providerOf(recording).diff(type, plain(last), plain(next), false).paths;
      expect(diff(checked, given), named(recording)).to.deep.equal([]);
      expect(diff(given, checked), `${named(recording)}, and back`).to.deep.equal([]);
    }
  });

  it("is what the local engine records of Secrets, ConfigMaps and a claim's patch", async () => {
    const kinds = /:(Secret|ConfigMap|PersistentVolumeClaimPatch)$/;
    const exact = of("kubernetes").filter(({ type }) => kinds.test(type));
    expect(exact.length).to.equal(4);
    for (const recording of exact) {
      const checked = await providerOf(recording).checked?.(recording.type, recording.given);
      expect(plain(checked ?? {}), named(recording)).to.deep.equal(plain(recording.checked));
    }
  });

  it("has the keys that the local engine records of an object", () => {
    for (const recording of of("kubernetes")) {
      const own = ["__fieldManager", "__initialApiVersion", "__inputs"];
      const live = Object.fromEntries(recording.outputs.filter((key) => !own.includes(key)).map((key) => [key, {}]));
      const outputs = { ...toOutputs({ ...live, apiVersion: "v1" }, recording.checked), __fieldManager: "m" };
      expect(Object.keys(outputs), named(recording)).to.have.members(recording.outputs);
    }
  });

  it("has the keys that the local engine records of a random value, except the id once more and a hash that nothing here reads", async () => {
    for (const recording of of("random")) {
      const { type, given } = recording;
      const context = {
        urn: "urn:x",
        type,
        name: "x",
        signal: new AbortController().signal,
        progress: () => undefined,
      };
      const { outputs } = await providerOf(recording).create({ ...context, inputs: given });
      const wanted = recording.outputs.filter((key) => !["bcryptHash", "id"].includes(key) && !key.startsWith("__"));
      expect(Object.keys(outputs), type).to.include.members(wanted);
    }
  });
});
