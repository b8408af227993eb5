import { eachContainer } from "../../platform/pod-spec.ts";
import { at, list, podsOf } from "./pod-policy.ts";
import { stackPolicy } from "./stack-policy.ts";

const STACK = "pulumi:pulumi:Stack";

/** Asked of a stack that says in its output `images` which images it runs. */
export const allowImage = stackPolicy(
  {
    name: "kubernetes-workload-allow-image",
    description:
      "Pods run the images that the stack has built into its registry or names in its config, and no others.",
    remediationSteps: "Run one of the stack's images, or name the image in the stack's config.",
  },
  ({ type, props }, all) => {
    const said = at(all.find((other) => other.type === STACK)?.props, "images");
    if (said === undefined) return [];
    const images = list(said) as readonly string[];
    return podsOf(type, props).flatMap(({ where, spec }) =>
      eachContainer(spec)
        .filter(({ container }) => !images.includes(container.image ?? ""))
        .map(
          ({ title, container }) =>
            `${where}${title} runs image "${container.image ?? ""}", which is none of the stack's; run one of ${images.join(", ")}`,
        ),
    );
  },
);
