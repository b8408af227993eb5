import { authProxyRole } from "../../platform/exposure.ts";
import { LOGIN_ANNOTATION, logins, selector } from "../../platform/names.ts";
import { at, kindOf, resourcePolicy } from "./pod-policy.ts";

const proxy = Object.entries(selector(authProxyRole.service, authProxyRole.component));

export const askLogin = resourcePolicy(
  {
    name: "kubernetes-service-ask-login",
    description: "Whoever can reach a load balancer is asked for a login, or the stack says that nobody is.",
    remediationSteps:
      `Publish it by the components, which annotate the Service with ${LOGIN_ANNOTATION}: proxy where the proxy asks, page where ` +
      "what it leads to asks by itself, nobody where cluster.publishWithoutLogin names it.",
  },
  (type, props) => {
    if (kindOf(type) !== "Service" || at(props, "spec", "type") !== "LoadBalancer") return [];
    const login = at(props, "metadata", "annotations", LOGIN_ANNOTATION);
    if (!logins.some((known) => known === login)) {
      const given = login === undefined ? "does not say" : `says ${JSON.stringify(login)} of`;
      return [
        `is a load balancer that ${given} who asks for a login; annotate it with ${LOGIN_ANNOTATION}: ${logins.join(", ")}`,
      ];
    }
    const isProxy = proxy.every(([label, value]) => at(props, "spec", "selector", label) === value);
    if (login !== "proxy" || isProxy) return [];
    return ["says that the proxy asks for a login, and leads to other pods than the proxy's; publish the proxy's port"];
  },
);
