import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { type Assemble, placeMaven } from "../../../platform/images/context.ts";

/** Names under which people and probes call the tools of the upstream image. */
const tools = [
  "broker-api-versions",
  "configs",
  "console-consumer",
  "console-producer",
  "consumer-groups",
  "features",
  "get-offsets",
  "metadata-quorum",
  "run-class",
  "storage",
  "topics",
];

/** All jars of the lock, and one script under the tools' usual names. */
const assemble: Assemble = ({ context, maven }) => {
  placeMaven(maven, join(context, "libs"));
  for (const tool of tools) symlinkSync("kafka-tool", join(context, "bin", `kafka-${tool}.sh`));
  return Promise.resolve();
};
export default assemble;
