/**
 * How much a broken rule matters. Checkov's open data has no severities and kube-score only grades, so the table places each rule by the
 * standards that ask for it. What Kubernetes refuses at the Pod Security level `restricted`, and what gives away
 * secrets or the cluster, is high; what the guide of NSA and CISA or the CIS benchmark asks for besides is medium; what is good
 * practice and opens nothing is low.
 */
import type { Severity } from "./findings.ts";

/** Rules that matter alike, for one reason. */
interface Row {
  readonly severity: Severity;
  readonly why: string;
  /** `checker/rule`. */
  readonly rules: readonly string[];
}

const checkov = (...ids: readonly number[]): string[] => ids.map((id) => `checkov/CKV_K8S_${id}`);
const checkovGraph = (...ids: readonly number[]): string[] => ids.map((id) => `checkov/CKV2_K8S_${id}`);
const kubeScore = (...names: readonly string[]): string[] => names.map((name) => `kube-score/${name}`);

export const rows: readonly Row[] = [
  {
    severity: "high",
    why: "Pod Security, level baseline: the host's namespaces, ports, devices and rights",
    rules: [...checkov(16, 17, 18, 19, 24, 25, 26, 27, 39), ...kubeScore("container-security-context-privileged")],
  },
  {
    severity: "high",
    why: "Pod Security, level restricted: root, a way to more rights, capabilities, system calls that are not filtered",
    rules: [...checkov(20, 23, 28, 29, 30, 31, 37), ...kubeScore("container-seccomp-profile")],
  },
  {
    severity: "high",
    why: "CIS 5.1: rights on the API that lead to all others, or to every Secret",
    rules: [...checkov(42, 49, 155, 156, 157, 158), ...checkovGraph(1, 2, 3, 4, 5)],
  },
  {
    severity: "high",
    why: "a page or a gateway that is known to give the cluster away",
    rules: checkov(33, 34, 44, 45, 152, 153, 154, 159),
  },
  {
    severity: "medium",
    why: "NSA and CISA: immutable file systems, tokens only where they are used, networks that are kept apart",
    rules: [
      ...checkov(22, 38, 41),
      ...checkovGraph(6),
      ...kubeScore("container-security-context-readonlyrootfilesystem", "pod-networkpolicy"),
    ],
  },
  {
    severity: "medium",
    why: "NSA and CISA: memory and CPU that one pod can't take from all others",
    rules: [
      ...checkov(10, 11, 12, 13),
      ...kubeScore("container-resources", "container-ephemeral-storage-request-and-limit"),
    ],
  },
  {
    severity: "medium",
    why: "CIS 5.4.1: secrets as files, which crash reports and child processes do not show",
    rules: checkov(35),
  },
  {
    severity: "low",
    why: "CIS 5.5 and 5.7: which image it is, and in which namespace",
    rules: [...checkov(14, 15, 21, 43), ...kubeScore("container-image-tag", "container-image-pull-policy")],
  },
  {
    severity: "low",
    why: "good practice: a user whom no host has",
    rules: [...checkov(40), ...kubeScore("container-security-context-user-group-id")],
  },
  {
    severity: "low",
    why: "good practice: a service that comes back, and stays while a node goes",
    rules: [
      ...checkov(8, 9),
      ...kubeScore(
        "pod-probes",
        "pod-probes-identical",
        "deployment-has-poddisruptionbudget",
        "statefulset-has-poddisruptionbudget",
        "deployment-has-host-podantiaffinity",
        "statefulset-has-host-podantiaffinity",
        "pod-topology-spread-constraints",
        "cronjob-has-deadline",
        "cronjob-restartpolicy",
        "job-restartpolicy",
        "deployment-replicas",
        "deployment-strategy",
        "deployment-targeted-by-hpa-does-not-have-replicas-configured",
      ),
    ],
  },
  {
    severity: "low",
    why: "objects that belong together, and names that Kubernetes takes",
    rules: kubeScore(
      "ingress-targets-service",
      "service-targets-pod",
      "service-type",
      "networkpolicy-targets-pod",
      "poddisruptionbudget-has-policy",
      "horizontalpodautoscaler-has-target",
      "horizontalpodautoscaler-replicas",
      "statefulset-has-servicename",
      "statefulset-pod-selector-labels-match-template-metadata-labels",
      "deployment-pod-selector-labels-match-template-metadata-labels",
      "stable-version",
      "label-values",
      "environment-variable-key-duplication",
      "container-ports-check",
    ),
  },
];

const placed = new Map(rows.flatMap((row) => row.rules.map((rule) => [rule, row.severity] as const)));

/** A rule that is in no row is new: it counts as high until somebody has placed it. */
export function severityOf(rule: string): Severity {
  return placed.get(rule) ?? "high";
}
