/** The login of this machine with which the nodes may pull the platform's images. */
import * as pulumi from "@pulumi/pulumi";
import { dockerLogin } from "../platform/registry/docker-logins.ts";
import type { PullLogin } from "../platform/pull-secrets.ts";
import type { Registry } from "./platform-images.ts";

/**
 * This machine's login for a registry, by its name for the nodes, else by that for this machine.
 * @throws RunError when there is none, or none that Kubernetes can use.
 */
export async function pullLogin(registry: Registry | undefined): Promise<PullLogin> {
  const setting = "millrace:images.pullLogin";
  if (registry === undefined) {
    throw new pulumi.RunError(`${setting}: the stack has no registry; set millrace:cluster.registry`);
  }
  const server = registry.pull.replace(/\/.*/, "");
  const login = (await dockerLogin(server)) ?? (await dockerLogin(registry.push.replace(/\/.*/, "")));
  if (login === undefined) {
    throw new pulumi.RunError(
      `${setting}: this machine has no login for ${server}; run docker login ${server}, or name a Secret in millrace:images.pullSecret`,
    );
  }
  if ("identityToken" in login) {
    throw new pulumi.RunError(
      `${setting}: this machine's login for ${server} is a token of Docker's, which nodes can't use; name a Secret in millrace:images.pullSecret`,
    );
  }
  return { server, ...login };
}
