import type { Assemble } from "../../../platform/images/context.ts";

/** Everything is in the image's folder and its base. */
const assemble: Assemble = () => Promise.resolve();
export default assemble;
