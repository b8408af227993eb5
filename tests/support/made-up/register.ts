/** Loaded before a program (`node --import`), it puts the list of rooms with the made-up one in the place of the real one. */
import { registerHooks } from "node:module";

const list = new URL("rooms.ts", import.meta.url).href;
const real = new URL("../../../components/index.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url === real && context.parentURL !== list ? { ...found, url: list } : found;
  },
});
