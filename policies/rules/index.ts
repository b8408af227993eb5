/** The rules of the pack. */
import { noAutomount } from "./account-no-automount.ts";
import { noPlainSecret } from "./any-no-plain-secret.ts";
import { setNamespace } from "./any-set-namespace.ts";
import { nameAccount } from "./binding-name-account.ts";
import { setDeadline } from "./job-set-deadline.ts";
import { restrictPods } from "./namespace-restrict-pods.ts";
import { namePeers } from "./network-policy-name-peers.ts";
import { limitPower } from "./role-limit-power.ts";
import { makePodsElsewhere } from "./role-make-pods-elsewhere.ts";
import { noWildcard } from "./role-no-wildcard.ts";
import { noAccountToken } from "./secret-no-account-token.ts";
import { oneConsumer } from "./secret-one-consumer.ts";
import { askLogin } from "./service-ask-login.ts";
import { declarePorts } from "./service-declare-ports.ts";
import { allowImage } from "./workload-allow-image.ts";
import { dropPrivileges } from "./workload-drop-privileges.ts";
import { keepClaims } from "./workload-keep-claims.ts";
import { limitScratch } from "./workload-limit-scratch.ts";
import { noDefaultToken } from "./workload-no-default-token.ts";
import { noHostAccess } from "./workload-no-host-access.ts";
import { noServiceLinks } from "./workload-no-service-links.ts";
import { pinImage } from "./workload-pin-image.ts";
import { readOnlyRoot } from "./workload-read-only-root.ts";
import { readSecretFiles } from "./workload-read-secret-files.ts";
import { restrictVolumes } from "./workload-restrict-volumes.ts";
import { runAsNonRoot } from "./workload-run-as-non-root.ts";
import { setBudget } from "./workload-set-budget.ts";
import { setNetworkPolicy } from "./workload-set-network-policy.ts";
import { setProbes } from "./workload-set-probes.ts";
import { setResources } from "./workload-set-resources.ts";
import { setSeccomp } from "./workload-set-seccomp.ts";
import { useHighUser } from "./workload-use-high-user.ts";
import { useToken } from "./workload-use-token.ts";

/** Asked of each resource. */
export const rules = [
  pinImage,
  setResources,
  setProbes,
  runAsNonRoot,
  useHighUser,
  dropPrivileges,
  setSeccomp,
  readOnlyRoot,
  limitScratch,
  restrictVolumes,
  noHostAccess,
  noServiceLinks,
  noDefaultToken,
  readSecretFiles,
  noPlainSecret,
  setDeadline,
  keepClaims,
  setNamespace,
  restrictPods,
  noAutomount,
  noWildcard,
  limitPower,
  nameAccount,
  noAccountToken,
  declarePorts,
  askLogin,
  namePeers,
] as const;

/** Asked of the stack as a whole. */
export const stackRules = [setBudget, setNetworkPolicy, useToken, makePodsElsewhere, allowImage, oneConsumer] as const;
