/** What the machine that builds the images needs for Python's, which share their packages. */
import type { DiskUse } from "../../platform/operating.ts";

/** Each image is there twice: in the Docker engine and in the cluster. */
export const pythonDisk: DiskUse = { shared: "packages and images of Python", coldGi: 6, warmGi: 4 };
