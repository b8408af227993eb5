/**
 * Serves the portal: `GET /` is the page, `GET /platform` what there is to open, `GET /state` how all is.
 *
 * Environment: `METRICS_URL`, `LOGS_URL` (optional), `PLATFORM_FILE` (it may not be there yet), `PORT`.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import { platformSchema } from "./platform.ts";
import { readState, type State } from "./state.ts";

const { METRICS_URL, LOGS_URL, PLATFORM_FILE, PORT } = z
  .object({
    METRICS_URL: z.url(),
    LOGS_URL: z.url().optional(),
    PLATFORM_FILE: z.string().min(1),
    PORT: z.coerce.number().int().positive(),
  })
  .parse(process.env);

/** However many look, the services are asked once in this time, in ms. */
const FRESH_MS = 3000;
const folder = join(import.meta.dirname, "page");
const files: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/portal.css": ["portal.css", "text/css; charset=utf-8"],
  "/portal.svg": ["portal.svg", "image/svg+xml"],
  "/portal.js": ["portal.ts", "text/javascript; charset=utf-8"],
};
const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'self'; frame-ancestors 'self'",
  "x-content-type-options": "nosniff",
};

let asked: { readonly at: number; readonly state: Promise<State> } | undefined;

function state(): Promise<State> {
  if (asked === undefined || Date.now() - asked.at > FRESH_MS) {
    asked = {
      at: Date.now(),
      state: readState({ metricsUrl: METRICS_URL, logsUrl: LOGS_URL }),
    };
  }
  return asked.state;
}

async function answerTo(path: string): Promise<readonly [status: number, type: string, body: string]> {
  const json = "application/json";
  const page = files[path];
  if (page !== undefined) {
    const [file, type] = page;
    const text = readFileSync(join(folder, file), "utf8");
    return [200, type, file.endsWith(".ts") ? stripTypeScriptTypes(text) : text];
  }
  switch (path) {
    case "/healthz":
      return [200, json, "{}"];
    case "/state":
      return [200, json, JSON.stringify(await state())];
    case "/platform":
      return [
        200,
        json,
        JSON.stringify(
          existsSync(PLATFORM_FILE)
            ? platformSchema.parse(JSON.parse(readFileSync(PLATFORM_FILE, "utf8")))
            : { pages: [] },
        ),
      ];
    default:
      return [404, json, "{}"];
  }
}

const server = createServer((request, response) => {
  const path = (request.url ?? "").split("?")[0] ?? "";
  answerTo(request.method === "GET" ? path : "")
    .catch((error: unknown) => [500, "application/json", JSON.stringify({ error: describeError(error) })] as const)
    .then(([status, type, body]) => {
      response.writeHead(status, { ...headers, "content-type": type });
      response.end(body);
    })
    .catch(() => undefined);
});
server.listen(PORT);
process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
