/** Flow definitions for specs. */
import type { Definition } from "../../../components/nifi/programs/flow-file.ts";

const bundle = { group: "org.apache.nifi", artifact: "nifi-standard-nar", version: "2.3.0" };

/** Two processors in a group "mine". */
export function definition({
  name = "mine",
  type = "org.apache.nifi.processors.standard.InvokeHTTP",
  properties = { Url: "http://x" },
}: {
  readonly name?: string;
  readonly type?: string;
  readonly properties?: Record<string, string>;
}): Definition {
  return {
    flowContents: {
      identifier: "group",
      name,
      processors: [
        { identifier: "a", name: "send", type, bundle: { ...bundle }, properties, propertyDescriptors: {} },
        {
          identifier: "b",
          name: "log",
          type: "org.apache.nifi.processors.standard.LogAttribute",
          bundle: { ...bundle },
          properties: {},
          propertyDescriptors: {},
        },
      ],
      controllerServices: [],
      processGroups: [],
    },
    parameterContexts: {},
  };
}

export const textOf = (flow: Definition): string => JSON.stringify(flow);
