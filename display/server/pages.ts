/** The pages: one document for all routes, which draws the one it was asked for, and the files that it loads. */
import express, { type Router } from "express";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type PagePart, type PageRoute, pageRoutes, partsMeta } from "../protocol.ts";
import { type Check, parametersOf, readQuery } from "./query.ts";

/** Names of files that carry a hash of their content. */
const hashed = /-[A-Za-z0-9_-]{8}\.(js|css)$/;

/**
 * @param webDir Folder with `index.html` and what it loads.
 * @param parts What the pages can show; those of other parts are there, and not in the menu.
 * @throws {Error} when there are no pages
 */
export function pages(webDir: string, parts: readonly PagePart[]): Router {
  const meta = `<meta name="${partsMeta}" content="${parts.join(" ")}">`;
  const document = readDocument(webDir).replace(/(?=<title>)/, meta);
  const router = express.Router({ caseSensitive: true, strict: true });
  for (const route of pageRoutes) {
    const parameters: Readonly<Record<string, Check>> = parametersOf[kindOf(route)];
    router.get(route, (request, response) => {
      readQuery(request.originalUrl, parameters);
      response.set("Cache-Control", "no-cache").type("html").send(document);
    });
  }
  const files = express.static(webDir, {
    index: false,
    redirect: false,
    cacheControl: false,
    setHeaders: (response, path) => {
      response.setHeader("Cache-Control", hashed.test(path) ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  router.use((request, response, next) => {
    // The document has its routes, and no other name.
    if (request.path.endsWith(".html")) next();
    else files(request, response, next);
  });
  return router;
}

function kindOf(route: PageRoute): "none" | "live" | "windows" | "censusPage" | "race" {
  if (route === "/race") return "race";
  if (route === "/" || route === "/network") return "none";
  if (route.startsWith("/socket.io/")) return "live";
  return route.endsWith("/census-data") ? "censusPage" : "windows";
}

function readDocument(webDir: string): string {
  try {
    return readFileSync(join(webDir, "index.html"), "utf8");
  } catch (error) {
    throw new Error(`WEB_DIR ${webDir} has no index.html: it must hold the built pages`, { cause: error });
  }
}
