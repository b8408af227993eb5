/** The rules of the pack. */
import { noPlainSecret } from "./any-no-plain-secret.ts";
import { dropPrivileges } from "./workload-drop-privileges.ts";
import { noDefaultToken } from "./workload-no-default-token.ts";
import { pinImage } from "./workload-pin-image.ts";
import { runAsNonRoot } from "./workload-run-as-non-root.ts";
import { setBudget } from "./workload-set-budget.ts";
import { setProbes } from "./workload-set-probes.ts";
import { setResources } from "./workload-set-resources.ts";
import { setSeccomp } from "./workload-set-seccomp.ts";

/** Asked of each resource. */
export const rules = [
  pinImage,
  setResources,
  setProbes,
  runAsNonRoot,
  dropPrivileges,
  setSeccomp,
  noPlainSecret,
  noDefaultToken,
] as const;

/** Asked of the stack as a whole. */
export const stackRules = [setBudget] as const;
