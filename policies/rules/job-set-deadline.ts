import { at, kindOf, resourcePolicy } from "./pod-policy.ts";

const SPECS: Readonly<Record<string, readonly string[]>> = {
  Job: ["spec"],
  CronJob: ["spec", "jobTemplate", "spec"],
};

export const setDeadline = resourcePolicy(
  {
    name: "kubernetes-job-set-deadline",
    description: "A Job ends: it has a time, and a number of tries.",
    remediationSteps: "Set activeDeadlineSeconds and backoffLimit.",
  },
  (type, props) => {
    const path = SPECS[kindOf(type)];
    if (path === undefined) return [];
    return ["activeDeadlineSeconds", "backoffLimit"]
      .filter((key) => at(props, ...path, key) === undefined)
      .map((key) => `does not set ${key}; set it`);
  },
);
