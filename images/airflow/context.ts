import type { Assemble } from "../prepare.ts";

/** Everything is in the image's folder and its base. */
const assemble: Assemble = () => Promise.resolve();
export default assemble;
