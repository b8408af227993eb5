/** The Kubernetes provider: server-side apply, waits that say what they wait for, deletion until gone. */

import { setTimeout as sleep } from "node:timers/promises";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { startupMs } from "../../platform/hops/limits.ts";
import {
  type Diff,
  type Made,
  NotReadyError,
  type Provider,
  type Recorded,
  type StepContext,
  type Survey,
} from "../provider.ts";
import { diffPaths, hasUnknown, metadataOf, objectOf, type Props } from "../values.ts";
import { KubernetesApi, type Reference, unlessAway, UnknownKindError } from "./kubernetes-api.ts";
import { canonical, checked } from "./kubernetes-canonical.ts";
import { keepClaims } from "./kubernetes-claims.ts";
import { holdersOf, holdersText } from "./kubernetes-held.ts";
import { annotation, driftOf, holders, identity, isGoing, text, toOutputs } from "./kubernetes-objects.ts";
import { encoded, isMadeOf, isOwn, leftoverKeys, takeOver, uidOf, writersOf } from "./kubernetes-ownership.ts";
import { applyPatch, isPatch, manages, patchManager, relinquish } from "./kubernetes-patch.ts";
import { replacePaths } from "./kubernetes-replace.ts";
import { awaitReady, readiness } from "./kubernetes-wait.ts";
import { withPortHolders } from "./node-ports.ts";

const defaultTimeoutSeconds = startupMs / 1000;
const deleteTimeoutSeconds = 120;
/** Nothing goes with them, so that nobody need wait for the garbage collector. */
const ownsNothing = new Set(["ConfigMap", "Secret", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]);

/** A provider for one cluster; nothing is contacted before the first step that needs it. */
export function kubernetesProvider(settings: Props, fieldManager: string): Provider {
  return new KubernetesProvider(settings, fieldManager);
}

class KubernetesProvider implements Provider {
  readonly #settings: Props;
  readonly #manager: string;
  #client: KubernetesApi | undefined;

  constructor(settings: Props, fieldManager: string) {
    this.#settings = settings;
    this.#manager = fieldManager;
  }

  get #api(): KubernetesApi {
    this.#client ??= new KubernetesApi(text(this.#settings["kubeconfig"]), text(this.#settings["context"]));
    return this.#client;
  }

  close(): void {
    this.#client?.close();
  }

  /** Refuses a cluster other than the one that the stack was made on: the UID of `kube-system` tells them apart. */
  async guard(known: string | undefined): Promise<string | undefined> {
    const found = await this.#api.get("/api/v1/namespaces/kube-system");
    const uid = objectOf(found?.["metadata"])["uid"];
    if (known !== undefined && uid !== known) {
      throw new Error(
        `this stack was made on another cluster: its kube-system namespace had the UID ${known}, the one at ${this.#api.server} ` +
          `has ${String(uid)}; point the kubeconfig or context at the stack's own cluster, or use another stack. If that cluster is permanently gone, ` +
          "npm run up -- --anew forgets what was on it and starts over",
      );
    }
    return typeof uid === "string" ? uid : undefined;
  }

  check({ type, inputs }: StepContext): string[] {
    const problems: string[] = [];
    for (const key of ["apiVersion", "kind"]) {
      if (typeof inputs[key] !== "string") {
        problems.push(`${key} of ${type} is missing`);
      }
    }
    const { name } = metadataOf(inputs);
    if (typeof name !== "string" && !hasUnknown(inputs["metadata"])) {
      problems.push("metadata.name is missing; the local engine makes no names up, give the object one");
    }
    return problems;
  }

  checked(_type: string, inputs: Props): Props {
    return checked(inputs);
  }

  diff(type: string, last: Props, next: Props, failed: boolean): Diff {
    const paths = diffPaths(canonical(last), canonical(next));
    const mutability = {
      configMaps: isTrue(this.#settings["enableConfigMapMutable"]),
      secrets: isTrue(this.#settings["enableSecretMutable"]),
      frozen: last["immutable"] === true,
    };
    // A patch's own object is always another's, so only its name decides whether it is the same patch.
    const replaces = replacePaths(isPatch(type) ? "" : (text(next["kind"]) ?? ""), paths, mutability);
    if (failed && annotation(next, "pulumi.com/replaceUnready") === "true") {
      const reason = 'metadata.annotations["pulumi.com/replaceUnready"]';
      paths.push(reason);
      replaces.push(reason);
    }
    const before = identity(last);
    const after = identity(next);
    return { paths, replaces, deleteBeforeReplace: before === after };
  }

  async create(context: StepContext): Promise<Made> {
    const path = await this.#path(context.inputs);
    const live = await this.#settled(path, context);
    if (isPatch(context.type)) {
      return this.#apply(path, context, patchManager(this.#manager, context.urn));
    }
    if (live !== undefined && !manages(live, this.#manager)) {
      throw new Error(
        `${this.#nameOf(context.inputs)} already exists and was not made by this stack; ` +
          "it is left as it is. Delete or rename it, then run again",
      );
    }
    if (live !== undefined) {
      context.progress("found the object of an interrupted run; going on with it");
    }
    return this.#apply(path, context, this.#manager);
  }

  async update(context: StepContext, recorded: Recorded): Promise<Made> {
    const path = await this.#path(context.inputs);
    const live = await this.#settled(path, context);
    const manager = text(recorded.outputs["__fieldManager"]);
    if (isPatch(context.type)) {
      return this.#apply(path, context, manager ?? patchManager(this.#manager, context.urn));
    }
    if (live !== undefined) {
      if (!isOwn(live, recorded.outputs, this.#manager)) {
        throw new Error(
          `${this.#nameOf(context.inputs)} is another object than the one that this stack made: it was deleted and recreated by ` +
            `${writersOf(live)}. It is left as it is. Delete or rename it, then run again`,
        );
      }
      await takeOver(this.#api, path, live, manager, this.#manager);
    }
    return this.#apply(path, context, this.#manager);
  }

  #nameOf(inputs: Props): string {
    const { kind, name, namespace } = this.#reference(inputs);
    return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  }

  async #apply(path: string, context: StepContext, manager: string): Promise<Made> {
    const object = this.#object(context.inputs);
    const force = annotation(object, "pulumi.com/patchForce") === "true";
    if (isPatch(context.type)) {
      context.onlyWaiting?.(); // for the object that it changes
    }
    let live = isPatch(context.type)
      ? await applyPatch(this.#api, path, object, manager, force, context)
      : await this.#applyWhole(path, object, manager, context);
    const id = identity(object);
    const made = (): Made => ({ id, outputs: { ...toOutputs(live, context.inputs), __fieldManager: manager } });
    if (annotation(object, "pulumi.com/skipAwait") === "true") {
      return made();
    }
    const seconds = Number(
      annotation(object, "pulumi.com/timeoutSeconds") ?? context.timeoutSeconds ?? defaultTimeoutSeconds,
    );
    context.onlyWaiting?.();
    try {
      live = await awaitReady(this.#api, path, live, seconds, context);
    } catch (error) {
      throw new NotReadyError(error instanceof Error ? error.message : String(error), made());
    }
    return made();
  }

  /** Applies, so that the object has what is sent; a Secret's keys of the past are removed. */
  async #applyWhole(path: string, object: Props, manager: string, context: StepContext): Promise<Props> {
    const live = await this.#applyInNamespace(path, object, manager, context);
    const keys = object["kind"] === "Secret" && live["immutable"] !== true ? leftoverKeys(live, object) : [];
    return keys.length === 0
      ? live
      : this.#api.merge(path, {
          metadata: { uid: uidOf(live) },
          data: Object.fromEntries(keys.map((key) => [key, null])),
        });
  }

  /** Applies; a namespace whose default service account or quota is still being made gets a moment. */
  async #applyInNamespace(path: string, object: Props, manager: string, context: StepContext): Promise<Props> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#api.apply(path, object, manager, true);
      } catch (error) {
        const early = error instanceof KubeError && /serviceaccount .* not found/i.test(error.message);
        if (!early || attempt >= 20) {
          throw await withPortHolders(this.#api, error);
        }
        context.progress("waiting for the namespace's service account");
        await sleep(500, undefined, { signal: context.signal });
      }
    }
  }

  /** The live object, once an earlier deletion of it has ended; a deletion that doesn't end is named. */
  async #settled(path: string, context: StepContext): Promise<Props | undefined> {
    const live = await this.#api.get(path);
    if (live === undefined || !isGoing(live)) {
      return live;
    }
    context.progress("waiting for an earlier deletion of it to end");
    await this.#gone(path, live, 60, context);
    return undefined;
  }

  async delete(context: StepContext, recorded: Recorded): Promise<void> {
    let path: string;
    try {
      path = await this.#path(recorded.inputs);
    } catch (error) {
      if (error instanceof UnknownKindError) {
        return; // its definition is gone, and all its objects with it
      }
      throw error;
    }
    if (isPatch(recorded.type)) {
      await relinquish(this.#api, path, recorded.inputs, text(recorded.outputs["__fieldManager"]) ?? this.#manager);
      return;
    }
    const live = await this.#api.get(path);
    if (live === undefined) {
      return;
    }
    if (!isOwn(live, recorded.outputs, this.#manager)) {
      context.progress("an object of this name exists, but another one than ours; it is left as it is");
      return;
    }
    if (live["kind"] === "StatefulSet") {
      await keepClaims(this.#api, path, live, context);
    }
    try {
      const uid = uidOf(live);
      const answer = await this.#api.delete(path, {
        kind: "DeleteOptions",
        apiVersion: "v1",
        propagationPolicy: ownsNothing.has(String(live["kind"])) ? "Background" : "Foreground",
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
      if (answer["kind"] === "Status" && answer["status"] === "Success") {
        return; // gone already; what goes later is answered with the object itself
      }
    } catch (error) {
      if (error instanceof KubeError && (error.status === 404 || error.status === 409)) {
        return;
      }
      throw error;
    }
    await this.#gone(path, live, context.timeoutSeconds ?? deleteTimeoutSeconds, context);
  }

  async #gone(path: string, object: Props, seconds: number, context: StepContext): Promise<void> {
    const uid = uidOf(object);
    const end = Date.now() + seconds * 1000;
    let pause = 100;
    context.onlyWaiting?.();
    for (;;) {
      const live = await unlessAway(() => this.#api.get(path), object);
      if (live === undefined || uidOf(live) !== uid) {
        return;
      }
      const held = await this.#held(live);
      if (Date.now() > end) {
        throw new Error(`not gone after ${seconds} s${held === "" ? "" : `: ${held}`}`);
      }
      context.progress(held === "" ? "waiting until it is gone" : `waiting until it is gone: ${held}`);
      await sleep(pause, undefined, { signal: context.signal });
      pause = Math.min(pause * 1.5, 1_500);
    }
  }

  /** What keeps an object that is being deleted; of a namespace also the objects in it, by name. */
  async #held(live: Props): Promise<string> {
    const said = holders(live);
    if (live["kind"] !== "Namespace" || said === "") {
      return said;
    }
    // It only explains, so whatever goes wrong with it is no matter.
    const found = await holdersOf((path) => this.#api.get(path), live).catch(() => []);
    return found.length === 0 ? said : `held by ${holdersText(found)}; ${said}`;
  }

  async read(type: string, id: string): Promise<Made> {
    const [namespace, name] = id.includes("/") ? (id.split("/") as [string, string]) : [undefined, id];
    const [, groupVersion = "", kind = ""] = type.split(":");
    const apiVersion = groupVersion.replace(/^core\//, "");
    const path = await this.#api.path({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
    const live = await this.#api.get(path);
    if (live === undefined) {
      throw new Error(`${kind} ${id} does not exist`);
    }
    return { id, outputs: toOutputs(live, {}) };
  }

  async found(type: string, inputs: Props): Promise<Made | undefined> {
    if (isPatch(type)) {
      return undefined; // of another's object, and the same once more
    }
    const path = await this.#path(inputs).catch((error: unknown) => {
      if (error instanceof UnknownKindError) return undefined;
      throw error;
    });
    const live = path === undefined ? undefined : await this.#api.get(path);
    if (live === undefined || isGoing(live) || !isMadeOf(live, this.#object(inputs), this.#manager)) {
      return undefined;
    }
    return { id: identity(live), outputs: { ...toOutputs(live, inputs), __fieldManager: this.#manager } };
  }

  /** One list per kind and namespace finds the objects that were deleted or edited by hand. */
  async survey(recorded: readonly Recorded[]): Promise<Survey> {
    const groups = new Map<string, { readonly reference: Reference; readonly members: Recorded[] }>();
    for (const resource of recorded) {
      const reference = this.#reference(resource.inputs);
      const key = `${reference.apiVersion} ${reference.kind} ${reference.namespace ?? ""}`;
      const group = groups.get(key) ?? { reference, members: [] };
      group.members.push(resource);
      groups.set(key, group);
    }
    const gone = new Set<string>();
    const drifted = new Map<string, readonly string[]>();
    const failed = new Set<string>();
    await Promise.all(
      [...groups.values()].map(async ({ reference, members }) => {
        const live = await this.#listed(reference);
        for (const member of members) {
          const found = live.get(this.#reference(member.inputs).name);
          if (found === undefined || isGoing(found)) {
            gone.add(member.urn);
          } else {
            drifted.set(member.urn, driftOf(member, found, this.#manager));
            if (reference.kind === "Job" && readiness("Job", found).kind === "failed") {
              failed.add(member.urn);
            }
          }
        }
      }),
    );
    return { gone, drifted, failed };
  }

  /** The objects of a kind in a namespace by name; none when the cluster no longer knows the kind. */
  async #listed(reference: Reference): Promise<Map<string, Props>> {
    let path: string;
    try {
      path = await this.#path({ ...reference, metadata: { namespace: reference.namespace, name: "" } });
    } catch (error) {
      if (error instanceof UnknownKindError) {
        return new Map();
      }
      throw error;
    }
    return new Map((await this.#api.list(path)).map((item) => [String((item["metadata"] as Props)["name"]), item]));
  }

  async #path(inputs: Props): Promise<string> {
    const reference = this.#reference(inputs);
    const { namespaced } = await this.#api.kind(reference.apiVersion, reference.kind);
    const namespace = namespaced ? (reference.namespace ?? "default") : undefined;
    return this.#api.path({ ...reference, ...(namespace === undefined ? {} : { namespace }) });
  }

  #reference(inputs: Props): Reference {
    const metadata = metadataOf(inputs);
    const namespace = text(metadata["namespace"]) ?? text(this.#settings["namespace"]);
    return {
      apiVersion: text(inputs["apiVersion"]) ?? "",
      kind: text(inputs["kind"]) ?? "",
      name: text(metadata["name"]) ?? "",
      ...(namespace === undefined ? {} : { namespace }),
    };
  }

  #object(inputs: Props): Props {
    const metadata = metadataOf(inputs);
    return Object.fromEntries(
      Object.entries({ ...encoded(inputs), metadata }).filter(([key]) => key !== "status" && !key.startsWith("__")),
    );
  }
}

function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}
