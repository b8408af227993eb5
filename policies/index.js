// The policy host requires JavaScript. What has types is loaded only once this Node is known to strip them.
import { createRequire } from "node:module";
import "../node24.js";

createRequire(import.meta.url)("./typed.js");
