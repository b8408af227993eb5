/**
 * Changes of a live platform that would lose or orphan data, refused before anything happens. Pure: what the cluster has
 * now (`clusters/claims.ts` reads it) and the config that is to come.
 */
import { quantityOf } from "../platform/quantity.ts";
import { isLeftToData, writerOf } from "./claim-program.ts";
import { claimsInWords, sizeInWords } from "./claims-in-words.ts";
import { otherMembers } from "./other-members.ts";
import type { LiveClaim, Transition } from "./live-platform.ts";
import type { DataSettings } from "../platform/storage.ts";
import { isOwn, rooms, settingsOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

/** A service that keeps data on claims. */
export interface Keeper {
  /** Its key in the config. */
  readonly name: string;
  /** Name of its StatefulSet. */
  readonly set: string;
  /** Whether the platform runs it itself, and how it keeps its data then. */
  readonly isOwn: boolean;
  readonly storage: DataSettings;
}

/** Every service that keeps data on claims, as a config has it. */
export function keepers(config: PlatformConfig): Keeper[] {
  return rooms.flatMap((room) => {
    if (room.claims === undefined) return [];
    const { storage } = settingsOf(room.name, config) as unknown as { readonly storage: DataSettings };
    return [{ name: room.name, set: room.claims.set, isOwn: isOwn(room, config), storage }];
  });
}

type Rule = (transition: Transition) => string[];

/** Each is asked; a service's own rules stand here too. */
const rules: readonly Rule[] = [
  namespaceGivenUp,
  namespaceMoved,
  claimsTaken,
  otherProgram,
  classChanged,
  dataDropped,
  claimsNewToSet,
  shrunk,
  otherMembers,
];

/** What can't be done without losing data, with the way to do it; empty when there is nothing. */
export function transitionProblems(transition: Transition): string[] {
  return rules.flatMap((rule) => rule(transition));
}

/**
 * All problems in one message.
 * @param undecided Choices that the stack's file leaves open and nothing decides.
 */
export function refusal(problems: readonly string[], undecided: readonly string[] = []): string {
  const cause =
    problems.length === 0
      ? "nothing decides what the stack's file leaves open"
      : "this change would lose data of the running platform";
  const lines = [...undecided, ...problems].map((problem) => `  - ${problem}`).join("\n");
  return `${cause}; nothing was changed:\n${lines}`;
}

/** One line per service that goes and whose claims stay. */
export function keptClaims({ live, config }: Transition): string[] {
  return keepers(config)
    .filter((keeper) => !keeper.isOwn)
    .flatMap(({ name: service, set }) => {
      const claims = live.claims.filter((claim) => claim.service === set);
      if (claims.length === 0) return [];
      return [
        `${service} is not part of the platform: its ${claimsInWords(claims)} ${claims.length === 1 ? "is" : "are"} kept, ` +
          `and found again when it is. To remove what is in ${claims.length === 1 ? "it" : "them"}: ` +
          `kubectl -n ${claims[0]?.namespace ?? ""} delete pvc ${claims.map(({ name }) => name).join(" ")}`,
      ];
    });
}

/** Claims of a service that the config keeps, in any namespace of the stack. */
function claimsOf({ live }: Transition, { isOwn: own, set }: Keeper): readonly LiveClaim[] {
  return own ? live.claims.filter(({ service }) => service === set) : [];
}

function namespaceGivenUp({ live, config }: Transition): string[] {
  const { namespace, existingNamespace } = config.cluster;
  if (!existingNamespace || live.madeNamespaces?.includes(namespace) !== true) return [];
  return [
    `millrace:cluster.existingNamespace: received true, but Millrace made namespace "${namespace}", and would remove it now with all ` +
      "data in it; remove the setting",
  ];
}

function namespaceMoved({ live, config }: Transition): string[] {
  const { namespace } = config.cluster;
  const elsewhere = live.claims.filter((claim) => claim.namespace !== namespace);
  const old = [...new Set(elsewhere.map((claim) => claim.namespace))];
  return old.map((from) => {
    const claims = elsewhere.filter((claim) => claim.namespace === from);
    return (
      `millrace:cluster.namespace: received "${namespace}", but the data is on ${claimsInWords(claims)} in namespace "${from}", ` +
      `and a claim can't change its namespace; put "${from}" back, or bring the platform up as another stack with this ` +
      "namespace, copy what you need, and take this one down"
    );
  });
}

/** A set uses every claim that has the right name, whoever's data are on it. */
function claimsTaken({ live, config }: Transition): string[] {
  const { namespace } = config.cluster;
  return keepers(config).flatMap((keeper) => {
    if (!isPersistent(keeper)) return [];
    const taken = (live.claimsOfOthers ?? []).filter(
      (claim) => claim.namespace === namespace && claim.service === keeper.set,
    );
    if (taken.length === 0) return [];
    const [one, are] = taken.length === 1 ? ["it", "is"] : ["them", "are"];
    return [
      `millrace:cluster.namespace: received "${namespace}", where ${claimsInWords(taken)} ${are} of another stack, or of a state of ` +
        `this one that is gone (id ${[...new Set(taken.map(({ stack }) => stack))].join(", ")}), and ${keeper.name} would use ${one}; ` +
        `give another namespace, put the folder .pulumi of that state back, or, if what is in ${one} is not needed: kubectl -n ${namespace} delete pvc ` +
        taken.map(({ name }) => name).join(" "),
    ];
  });
}

/** A claim whose data the program that is to come can't read. */
function otherProgram({ live, config }: Transition): string[] {
  return rooms.flatMap((room) => {
    const { program, set = "" } = room.claims ?? {};
    if (program === undefined || !isOwn(room, config)) return [];
    const own = settingsOf(room.name, config);
    const wanted = isLeftToData(program, own) ? undefined : program.of(own);
    const writer = writerOf(live, set, program, config.cluster.namespace);
    const claims = live.claims.filter(({ service }) => service === set);
    if (wanted === undefined || writer === undefined || writer === wanted || claims.length === 0) return [];
    return [
      `millrace:services.${room.name}.${program.setting}: received "${wanted}", but ${claimsInWords(claims)} ` +
        `${claims.length === 1 ? "has" : "have"} data of "${writer}", which "${wanted}" can't read; put "${writer}" back, or bring the ` +
        "platform up as another stack with this setting, copy what you need, and take this one down",
    ];
  });
}

function classChanged(transition: Transition): string[] {
  const { live, storageClass, config } = transition;
  if (storageClass === "none") return [];
  const wanted = storageClass === "default" ? live.defaultStorageClass : storageClass;
  if (wanted === undefined) return [];
  const others = keepers(config)
    .flatMap((keeper) => (isPersistent(keeper) ? claimsOf(transition, keeper) : []))
    .filter((claim) => claim.storageClass !== undefined && claim.storageClass !== wanted);
  const classes = [...new Set(others.map((claim) => claim.storageClass))];
  return classes.map((from) => {
    const claims = others.filter((claim) => claim.storageClass === from);
    return (
      `millrace:cluster.storageClass: received "${storageClass}"${storageClass === "default" ? ` ("${wanted}" here)` : ""}, but ` +
      `${claimsInWords(claims)} ${claims.length === 1 ? "is" : "are"} of class "${from ?? ""}", and a claim can't change its ` +
      `class; put "${from ?? ""}" back, or bring the platform up as another stack with this class, copy what you need, ` +
      "and take this one down"
    );
  });
}

/** Data that would go on in the pods, while what there is stays behind on claims. */
function dataDropped(transition: Transition): string[] {
  const { config, storageClass } = transition;
  return keepers(config).flatMap((keeper) => {
    const { name: key } = keeper;
    const claims = claimsOf(transition, keeper);
    if (claims.length === 0 || (isPersistent(keeper) && storageClass !== "none")) return [];
    const setting =
      storageClass === "none"
        ? 'millrace:cluster.storageClass: received "none"'
        : `millrace:services.${key}.storage: received kind "ephemeral"`;
    return [
      `${setting}, but ${key} has its data on ${claimsInWords(claims)}, and would start again without it; put the old value ` +
        `back, or give the data up on purpose: set millrace:services.${key}.enabled to false, npm run up, then ` +
        `kubectl -n ${claims[0]?.namespace ?? ""} delete pvc ${claims.map(({ name }) => name).join(" ")}, and switch it on again`,
    ];
  });
}

/** Kubernetes gives no claims to a StatefulSet that was made without. */
function claimsNewToSet(transition: Transition): string[] {
  const { live, config, storageClass } = transition;
  return keepers(config).flatMap((keeper) => {
    const { name: key } = keeper;
    const set = live.sets.find(
      ({ service, namespace }) => service === keeper.set && namespace === config.cluster.namespace,
    );
    if (set === undefined || set.hasClaims || !isPersistent(keeper) || storageClass === "none") return [];
    return [
      `millrace:services.${key}.storage: received kind "persistent", but ${key} keeps its data in its pods now, and they go ` +
        `when it moves to a claim; to do it all the same, set millrace:services.${key}.enabled to false, npm run up, and ` +
        "switch it on again",
    ];
  });
}

function shrunk(transition: Transition): string[] {
  const { config, storageClass } = transition;
  if (storageClass === "none") return [];
  return keepers(config).flatMap((keeper) => {
    const { name: key, storage } = keeper;
    if (storage.kind !== "persistent") return [];
    const wanted = quantityOf(storage.size) ?? Number.NaN;
    const larger = claimsOf(transition, keeper).filter(
      (claim) => wanted < claim.sizeBytes && !isRecovery(claim, wanted),
    );
    if (larger.length === 0) return [];
    const least = Math.max(...larger.map((claim) => claim.capacityBytes ?? claim.sizeBytes));
    return [
      `millrace:services.${key}.storage.size: received ${storage.size}, but ${claimsInWords(larger)} can't be made smaller; ` +
        `give at least ${sizeInWords(Math.max(...larger.map((claim) => claim.sizeBytes)))}` +
        (larger.some(isGrowing) ? `, or, because it has not grown yet, anything above ${sizeInWords(least)}` : ""),
    ];
  });
}

const isGrowing = (claim: LiveClaim): boolean =>
  claim.capacityBytes !== undefined && claim.capacityBytes < claim.sizeBytes;

/** A growth that can't be done may be taken back to anything above what the claim has. */
const isRecovery = (claim: LiveClaim, wanted: number): boolean =>
  claim.capacityBytes !== undefined && isGrowing(claim) && wanted > claim.capacityBytes;

const isPersistent = ({ isOwn: own, storage }: Keeper): boolean => own && storage.kind === "persistent";
