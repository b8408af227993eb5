/** The checkers that look at the manifests. */
import type { Work } from "../platform/images/work.ts";
import type { Checked } from "./checker.ts";
import { checkov } from "./checkov.ts";
import { kubeScore } from "./kube-score.ts";
import { trivy } from "./trivy.ts";

export const checkers = {
  checkov,
  "kube-score": kubeScore,
  trivy,
} as const satisfies Record<string, (folder: string, count: number, work: Work) => Promise<Checked>>;

export type Checker = keyof typeof checkers;
export const checkerNames = Object.keys(checkers) as Checker[];
