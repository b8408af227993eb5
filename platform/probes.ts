/** How Kubernetes asks a container whether it is up and well. */
import type * as k8s from "@pulumi/kubernetes";
import { probeAnswerMs, startupMs } from "./hops/limits.ts";

export type Probe = k8s.types.input.core.v1.Probe & { readonly periodSeconds?: number };

/** The probes of a container; `startup` holds the other two back until the process is up, for twenty minutes at most. */
export interface Probes {
  readonly startup?: Probe;
  readonly readiness?: Probe;
  readonly liveness?: Probe;
}

/** An answer that takes longer than Kubernetes' one second is slow on a busy node, not missing. */
const ANSWER_SECONDS = probeAnswerMs / 1000;

/** A TCP probe. */
export function tcpProbe(port: number, timing: Omit<Probe, "tcpSocket"> = {}): Probe {
  return { tcpSocket: { port }, timeoutSeconds: ANSWER_SECONDS, ...timing };
}

/** A probe by a command in the container. */
export function execProbe(command: readonly string[], timing: Omit<Probe, "exec"> = {}): Probe {
  return { exec: { command: [...command] }, timeoutSeconds: ANSWER_SECONDS, ...timing };
}

/** An HTTP probe. */
export function httpProbe(port: number, path: string, timing: Omit<Probe, "httpGet"> = {}): Probe {
  return { httpGet: { port, path }, timeoutSeconds: ANSWER_SECONDS, ...timing };
}

/** Of a program that starts within seconds and says at one address that it is well. */
export function httpProbes(port: number, path: string): Probes {
  return {
    startup: httpProbe(port, path, { periodSeconds: 2 }),
    readiness: httpProbe(port, path, { periodSeconds: 10 }),
    liveness: httpProbe(port, path, { periodSeconds: 20, failureThreshold: 6 }),
  };
}

/** Whoever ends a slow start makes the next one compete with the rest of a node that is just as busy. */
function untilStarted(probe: Probe): Probe {
  const { periodSeconds = 10 } = probe;
  return { ...probe, failureThreshold: Math.ceil(startupMs / 1000 / periodSeconds) };
}

/** The fields of a container for its probes. */
export function probeFields(probes: Probes): { startupProbe?: Probe; readinessProbe?: Probe; livenessProbe?: Probe } {
  return {
    ...(probes.startup === undefined ? {} : { startupProbe: untilStarted(probes.startup) }),
    ...(probes.readiness === undefined ? {} : { readinessProbe: probes.readiness }),
    ...(probes.liveness === undefined ? {} : { livenessProbe: probes.liveness }),
  };
}
