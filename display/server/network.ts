/** Who may connect to whom: what the program has written down of its wiring, as a list and as a picture. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import express, { type Router } from "express";
import { networkPicturePath } from "../protocol.ts";
import { pictureHeaders } from "./headers.ts";
import { Problem } from "./problem.ts";
import { parametersOf, readQuery } from "./query.ts";

/** @param folder With `network.json` and `network.svg`, which come and change while the server runs. */
export function network(folder: string | undefined): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get("/api/network", async (request, response) => {
    readQuery(request.originalUrl, parametersOf.none);
    response
      .set("Cache-Control", "no-store")
      .type("json")
      .send(await known(folder, "network.json"));
  });
  router.get(networkPicturePath, async (request, response) => {
    readQuery(request.originalUrl, parametersOf.none);
    response.set({ ...pictureHeaders, "Cache-Control": "no-cache" }).type("svg");
    response.send(await known(folder, "network.svg"));
  });
  return router;
}

/** @throws {Problem} 404 as long as it is not there */
async function known(folder: string | undefined, file: string): Promise<string> {
  try {
    if (folder !== undefined) return await readFile(join(folder, file), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  throw new Problem(
    404,
    "nothing is known of this platform's network yet; it is told when an up has wired all services",
  );
}
