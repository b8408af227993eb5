/**
 * Loaded before Pulumi's own hosts run a program or a policy pack. The SDK loads at once what it needs to send functions
 * to a cloud, npm's own tree and the TypeScript compiler, and looks up the stack at each of its promises in source maps.
 * That is half of what a host takes to start, and of what it takes to register a resource. Here the first two are loaded
 * when they are asked for. Nothing is looked up: Node keeps places when it strips types. And no promise keeps the stack that it was
 * made on, which the SDK would only show when a promise is left at the end; that took a third of what is left of a resource.
 */
import { createRequire } from "node:module";

const sdk = createRequire(import.meta.resolve("@pulumi/pulumi/package.json"));

/** Gives whoever requires a module of the SDK's something else; a module that is not there stays so. */
function replace(name: string, exports: (load: () => Record<PropertyKey, unknown>) => unknown): void {
  let id: string;
  try {
    id = sdk.resolve(name);
  } catch {
    return;
  }
  const load = () => {
    // oxlint-disable-next-line typescript/no-dynamic-delete -- Node's own table of what is loaded
    if (sdk.cache[id] === entry) delete sdk.cache[id];
    return sdk(id) as Record<PropertyKey, unknown>;
  };
  const entry = {
    id,
    filename: id,
    path: "",
    loaded: true,
    exports: exports(load),
    children: [],
    paths: [],
  } as unknown;
  sdk.cache[id] = entry as NodeJS.Module;
}

replace("source-map-support/register", () => ({}));
replace("@npmcli/arborist", (load) => ({
  // Taken as it is, and not copied field by field.
  __esModule: true,
  get Arborist() {
    return load()["Arborist"];
  },
}));
replace("typescript", (load) => new Proxy({}, { get: (_none, key) => load()[key] }));

const debuggable = sdk("./runtime/debuggable.js") as {
  debuggablePromise: (promise: Promise<unknown>, context?: unknown) => Promise<unknown>;
};
const { debuggablePromise } = debuggable;
debuggable.debuggablePromise = (promise, context) => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return debuggablePromise(promise, context);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};
