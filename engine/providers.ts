/** The providers of a run: made from their recorded settings when first needed. */

import { randomUUID } from "node:crypto";
import { readClusterUids, type StackPlace, writeClusterUids } from "./cluster-uids.ts";
import type { Ledger } from "./ledger.ts";
import type { Provider, Recorded, Survey } from "./provider.ts";
import { dockerProvider } from "./providers/docker.ts";
import { kubernetesProvider } from "./providers/kubernetes.ts";
import { randomProvider } from "./providers/random.ts";
import type { ResourceState } from "./state.ts";
import { makeUrn, parseProviderRef } from "./urn.ts";
import { type Props, reveal } from "./values.ts";

const known = ["kubernetes", "random", "docker"] as const;

export interface ProviderSettings extends StackPlace {
  readonly preview: boolean;
  /** The stack's id; `undefined` before its first `up`, when nothing is its own yet. */
  readonly stackId: string | undefined;
  /** The stack's configuration: `kubernetes:context` and the like set up default providers. */
  readonly config: Readonly<Record<string, string>>;
}

export class Providers {
  readonly #settings: ProviderSettings;
  readonly #ledger: Ledger;
  readonly #made = new Map<string, Provider>();
  readonly #surveys = new Map<string, Promise<Survey>>();
  #clusterUids: ReturnType<typeof readClusterUids>;

  constructor(settings: ProviderSettings, ledger: Ledger) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.#clusterUids = readClusterUids(settings, ledger.left);
  }

  close(): void {
    for (const provider of this.#made.values()) {
      provider.close?.();
    }
  }

  /** Reference to the default provider of a resource's package, recorded before its first user. */
  defaultFor(type: string, version: string): string {
    const pkg = packageOf(type);
    const name = version === "" ? "default" : `default_${version.replaceAll(/[^\w]/g, "_")}`;
    const providerType = `pulumi:providers:${pkg}`;
    const urn = makeUrn(this.#settings.stack, this.#settings.project, providerType, name);
    const current = this.#ledger.current(urn);
    if (current !== undefined) {
      return `${urn}::${current.id ?? ""}`;
    }
    const last = this.#ledger.last(urn);
    const fromConfig = Object.entries(this.#settings.config)
      .filter(([key]) => key.startsWith(`${pkg}:`))
      .map(([key, value]) => [key.slice(pkg.length + 1), value]);
    const internal = last?.inputs?.["__internal"];
    const settings: Props = {
      ...(Object.fromEntries(fromConfig) as Props),
      ...(version === "" ? {} : { version }),
    };
    const inputs: Props = { ...(internal === undefined ? {} : { __internal: internal }), ...settings };
    const now = new Date().toISOString();
    const state: ResourceState = {
      urn,
      custom: true,
      type: providerType,
      id: last?.id ?? randomUUID(),
      inputs,
      outputs: outputsOf({ ...last?.outputs, ...settings }),
      created: last?.created ?? now,
      modified: last?.modified ?? now,
    };
    this.#ledger.finish(state, last);
    return `${urn}::${state.id ?? ""}`;
  }

  /** The provider behind a reference; its present settings win over the recorded ones. */
  get(ref: string): Provider {
    const { urn } = parseProviderRef(ref);
    let provider = this.#made.get(urn);
    if (provider === undefined) {
      const state = this.#state(urn);
      if (state === undefined) {
        throw new Error(
          `the state has no provider ${urn}; without its settings nothing can be done with its resources`,
        );
      }
      provider = makeProvider(urn, reveal(state.inputs ?? {}) as Props, this.#settings);
      this.#made.set(urn, provider);
    }
    return provider;
  }

  /** Checks the cluster's identity, then asks once what became of the recorded resources. */
  survey(ref: string): Promise<Survey> {
    const { urn } = parseProviderRef(ref);
    let survey = this.#surveys.get(urn);
    if (survey === undefined) {
      survey = this.#survey(ref, urn);
      this.#surveys.set(urn, survey);
    }
    return survey;
  }

  async #survey(ref: string, urn: string): Promise<Survey> {
    const provider = this.get(ref);
    const state = this.#state(urn);
    if (provider.guard !== undefined && state?.id !== undefined) {
      const known = this.#clusterUids[state.id];
      const found = await provider.guard(known);
      if (found !== undefined && found !== known && !this.#settings.preview) {
        this.#clusterUids = { ...this.#clusterUids, [state.id]: found };
        writeClusterUids(this.#settings, this.#clusterUids);
      }
    }
    if (provider.survey === undefined) {
      return { gone: new Set(), drifted: new Map(), failed: new Set() };
    }
    const recorded = [...this.#ledger.left].filter(
      (resource) =>
        resource.delete !== true &&
        resource.pendingReplacement !== true &&
        resource.external !== true &&
        resource.custom &&
        resource.provider !== undefined &&
        resource.provider.startsWith(`${urn}::`),
    );
    return provider.survey(recorded.map(recordedOf));
  }

  #state(urn: string): ResourceState | undefined {
    return this.#ledger.current(urn) ?? this.#ledger.last(urn);
  }
}

/** A provider's inputs without what the official engine notes for itself: with it among the outputs, it sees an update. */
export function outputsOf(inputs: Props): Props {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== "__internal"));
}

/** What a provider gets to know of a recorded resource. */
export function recordedOf(resource: ResourceState): Recorded {
  return {
    urn: resource.urn,
    type: resource.type,
    id: resource.id ?? "",
    inputs: reveal(resource.inputs ?? {}) as Props,
    outputs: reveal(resource.outputs ?? {}) as Props,
  };
}

export function packageOf(type: string): string {
  return type.split(":")[0] ?? "";
}

function makeProvider(urn: string, inputs: Props, settings: ProviderSettings): Provider {
  const name = urn.split("::")[2]?.split(":").at(-1) ?? "";
  switch (name) {
    case "kubernetes":
      return kubernetesProvider(inputs, `millrace-${settings.stackId ?? "new"}`);
    case "random":
      return randomProvider();
    case "docker":
      return dockerProvider(inputs, settings.projectDir);
    default:
      throw new Error(
        `the local engine has no provider for the package "${name}"; it has: ${known.join(", ")}. Use the official pulumi CLI for this program`,
      );
  }
}
