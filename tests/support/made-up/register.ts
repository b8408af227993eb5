/** Loaded before a program (`node --import`), it puts the lists with the made-up service in the place of the real ones. */
import { registerHooks } from "node:module";

const lists = new Map(
  [
    ["index.ts", "rooms.ts"],
    ["hops.ts", "hops.ts"],
  ].map(([real = "", list = ""]) => [
    new URL(`../../../components/${real}`, import.meta.url).href,
    new URL(list, import.meta.url).href,
  ]),
);

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const list = lists.get(found.url);
    return list !== undefined && context.parentURL !== list ? { ...found, url: list } : found;
  },
});
