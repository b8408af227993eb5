/** The stacks that are audited: every profile on every target, with the settings of the stack files that the repository has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Target, targets } from "../clusters/profile.ts";
import { profiles } from "../config/profiles.ts";
import { repositoryDir } from "../platform/images/files.ts";

export interface AuditedStack {
  /** `target/profile`. */
  readonly name: string;
  /** Values by key, as in a stack's file. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The file whose settings a target has: what is not on this machine is a production platform. */
const fileOf: Readonly<Record<Target, string>> = {
  embedded: "Pulumi.dev.yaml",
  minikube: "Pulumi.dev.yaml",
  microk8s: "Pulumi.dev.yaml",
  cloud: "Pulumi.prod.yaml",
};

/** All of them, target by target. */
export function auditedStacks(root = repositoryDir): AuditedStack[] {
  return targets.flatMap((target) => {
    const file = parse(readFileSync(join(root, fileOf[target]), "utf8")) as { readonly config: Record<string, object> };
    const cluster = { ...file.config["millrace:cluster"], target };
    return profiles.map((profile) => ({
      name: `${target}/${profile}`,
      config: { ...file.config, "millrace:cluster": cluster, "millrace:profile": profile },
    }));
  });
}
