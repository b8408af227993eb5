/** What keeps a pod from its node and from what it is not given: limits that builders of pods keep, and checks of them. */
import { eachContainer, type PodSpec, type VolumeSpec } from "./pod-spec.ts";

/** Most that a folder of a pod's own holds whose owner says nothing else: Kubernetes ends a pod that writes more. */
export const SCRATCH_SIZE = "2Gi";
/** Most that a folder with some settings or certificates holds. */
export const FILES_SIZE = "16Mi";
/** Most that is in a pod of data that go with it. */
export const EPHEMERAL_DATA_SIZE = "100Gi";

/** Lowest id of a user that no account of a node has, whatever its distribution. */
export const LOWEST_USER = 10_000;
/** User of a pod that says nothing else. */
export const USER = 10_001;
/** Users below the lowest that stay, each with the reason. */
export const fixedUsers: Readonly<Record<number, string>> = {
  185: "the user of Apache's image, whose libraries look it up in the image's list of users",
  999: "owns data on claims: a server refuses files of another user, and volumes of a node's own folder never change theirs",
  1000: "owns data on claims, or is the user of the official image that may run in its place",
};

/** Kinds of volumes that come from the API server, from a claim, or with the pod: none is a part of the node. */
const VOLUME_KINDS = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** Variables of secrets that their programs take as a file as well, which `<name>_FILE` names. */
export const fileVariables: readonly string[] = [
  "POSTGRES_PASSWORD",
  "GARAGE_RPC_SECRET",
  "GARAGE_ADMIN_TOKEN",
  "GARAGE_METRICS_TOKEN",
];

/** Nothing but volumes can be written: what a program is, it stays. */
export function readOnlyProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) => {
    const value = container.securityContext?.readOnlyRootFilesystem;
    if (value === true) return [];
    return [
      `${title} has readOnlyRootFilesystem ${String(value ?? "unset")}; set it to true, and mount an emptyDir where it writes`,
    ];
  });
}

/** What a pod writes for itself has a limit: a node has one disk for all. */
export function scratchProblems(pod: PodSpec): string[] {
  return volumesOf(pod).flatMap((volume) => {
    if (volume.emptyDir === undefined || "sizeLimit" in volume.emptyDir) return [];
    return [`${titleOfVolume(volume)} is an emptyDir without limit; set emptyDir.sizeLimit`];
  });
}

/** Volumes show a pod nothing of its node. */
export function volumeProblems(pod: PodSpec): string[] {
  return volumesOf(pod).flatMap((volume) => {
    const kinds = Object.keys(volume).filter((key) => key !== "name" && !VOLUME_KINDS.includes(key));
    return kinds.map(
      (kind) => `${titleOfVolume(volume)} is of kind ${kind}; take one of ${VOLUME_KINDS.join(", ")} in its place`,
    );
  });
}

/** A pod has a network, processes and memory of its own, and no port of its node. */
export function hostProblems(pod: PodSpec): string[] {
  const shared = (["hostNetwork", "hostPID", "hostIPC"] as const)
    .filter((key) => pod[key] === true)
    .map((key) => `the pod has ${key}; remove it`);
  const ports = eachContainer(pod).flatMap(({ title, container }) =>
    (container.ports ?? [])
      .filter(({ hostPort = 0 }) => hostPort !== 0)
      .map(({ hostPort = 0 }) => `${title} takes port ${hostPort} of its node; remove hostPort and make a Service`),
  );
  return [...shared, ...ports];
}

/** No process has the id of a user of its node. */
export function userProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) => {
    const user = container.securityContext?.runAsUser ?? pod.securityContext?.runAsUser;
    if (user === undefined) return [`${title} has runAsUser unset; set it to ${LOWEST_USER} or more`];
    if (user >= LOWEST_USER || user in fixedUsers) return [];
    const known = Object.keys(fixedUsers).join(", ");
    return [`${title} runs as user ${user}; set runAsUser to ${LOWEST_USER} or more, or to one that stays (${known})`];
  });
}

/** A Service's name and address don't get into the environment, where they hide variables of the same name. */
export function serviceLinkProblems(pod: PodSpec): string[] {
  if (pod.enableServiceLinks === false) return [];
  return [
    `the pod has enableServiceLinks ${String(pod.enableServiceLinks ?? "unset")}; set it to false, and look Services up by name`,
  ];
}

/** A program that takes a secret as a file has it in no variable, which its children and its crash reports have too. */
export function secretFileProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) =>
    (container.env ?? [])
      .filter(
        ({ name = "", valueFrom }) =>
          valueFrom !== undefined && "secretKeyRef" in valueFrom && fileVariables.includes(name),
      )
      .map(
        ({ name = "" }) =>
          `${title} takes ${name} from a Secret as a variable; mount the Secret, and name its file in ${name}_FILE`,
      ),
  );
}

function volumesOf({ volumes = [] }: PodSpec): readonly VolumeSpec[] {
  return volumes;
}

function titleOfVolume({ name = "" }: VolumeSpec): string {
  return `volume "${name}"`;
}
