// An import, since the host has ts-node take what is required by the name of a `.ts` file.
import "./pack.ts";
