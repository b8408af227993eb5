/** Makes a policy out of a check over the stack as a whole: it looks at several objects at once. */
import type { PolicyResource, StackValidationPolicy } from "@pulumi/policy";
import { configSchema, kindOf, type Rule } from "./pod-policy.ts";

/**
 * A policy over all resources of a stack. Its setting `exempt` names resources that it leaves alone.
 * @param check Returns one message per violation of a resource, which it is given with all the others.
 */
export function stackPolicy(
  rule: Rule,
  check: (resource: PolicyResource, all: readonly PolicyResource[]) => string[],
): StackValidationPolicy {
  return {
    ...rule,
    configSchema,
    enforcementLevel: "mandatory",
    severity: "high",
    validateStack: (args, report) => {
      const { exempt = [] } = args.getConfig<{ exempt?: string[] }>();
      for (const resource of args.resources.filter(({ name }) => !exempt.includes(name))) {
        for (const problem of check(resource, args.resources)) {
          report(`${kindOf(resource.type)} "${resource.name}": ${problem}`, resource.urn);
        }
      }
    },
  };
}
