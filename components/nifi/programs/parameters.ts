/** What flows know of the platform: a parameter context of NiFi's. */
import { z } from "zod";
import { done, finished, revision, updating } from "./canvas.ts";
import { CONTEXT, type Definition, extensionsIn, groupsIn } from "./flow-file.ts";
import type { NifiApi } from "./nifi-api.ts";

const contextEntity = z.object({
  id: z.string(),
  revision,
  component: z.object({
    name: z.string(),
    parameters: z
      .array(z.object({ parameter: z.object({ name: z.string(), value: z.string().nullish() }) }))
      .default([]),
  }),
});
/** Sets the parameters that the platform knows; others in the same context stay. */
export async function applyParameters(api: NifiApi, values: Readonly<Record<string, string>>): Promise<boolean> {
  const list = z.object({ parameterContexts: z.array(contextEntity) });
  const { parameterContexts } = await api.ask(list, "GET", "/flow/parameter-contexts");
  const found = parameterContexts.find(({ component }) => component.name === CONTEXT);
  const parameters = Object.entries(values).map(([name, value]) => ({ parameter: { name, value, sensitive: false } }));
  if (found === undefined) {
    const component = {
      name: CONTEXT,
      description: "What the platform knows. It keeps these values so.",
      parameters,
    };
    await api.ask(done, "POST", "/parameter-contexts", { revision: { version: 0 }, component });
    return true;
  }
  const known = new Map(found.component.parameters.map(({ parameter }) => [parameter.name, parameter.value]));
  const changed = parameters.filter(({ parameter }) => known.get(parameter.name) !== parameter.value);
  if (changed.length === 0) return false;
  const component = { id: found.id, name: CONTEXT, parameters: changed };
  const path = `/parameter-contexts/${found.id}/update-requests`;
  const body = { id: found.id, revision: found.revision, component };
  await finished(
    api,
    path,
    await api.ask(updating, "POST", path, body),
    `the parameters of context ${CONTEXT} can't be set`,
  );
  return true;
}

/** Names of the parameters that a flow takes of the platform's. */
export function parametersOf({ flowContents }: Definition): string[] {
  const texts = groupsIn(flowContents).flatMap((group) =>
    extensionsIn(group).flatMap(({ properties }) => Object.values(properties)),
  );
  const found = texts.flatMap((text) => [...(text ?? "").matchAll(/#\{([^}]+)\}/g)].map(([, name = ""]) => name));
  return [...new Set(found)].sort();
}
