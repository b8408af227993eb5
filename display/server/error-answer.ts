/** Answers to what can't be answered: JSON for programs, a small page for people, and nothing of the server's inside. */
import type { ErrorRequestHandler, Request } from "express";
import { type ErrorAnswer, pageRoutes } from "../protocol.ts";
import { Problem } from "./problem.ts";

const INTERNAL = "something is wrong within the server; its log says what";
/** Time after which a page may ask again, in seconds. */
const RETRY_SECONDS = 2;

const titles: Readonly<Record<number, string>> = {
  400: "This address is not understood",
  404: "There is no such page",
  405: "This can only be read",
  500: "Something went wrong",
  503: "This can't be shown right now",
};

/** @param log Told of what is wrong within the server. */
export function answerErrors(log: (line: string) => void): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { status, words } = read(error);
    if (status === 500) log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (response.headersSent) {
      // Express ends the connection then.
      next(error);
      return;
    }
    response.status(status).set("Cache-Control", "no-store");
    if (status === 405) response.set("Allow", "GET, HEAD");
    if (status === 503) response.set("Retry-After", String(RETRY_SECONDS));
    if (wantsJson(request)) response.json({ error: words } satisfies ErrorAnswer);
    else response.type("html").send(errorPage(titles[status] ?? "", words));
  };
}

function read(error: unknown): { status: number; words: string } {
  if (error instanceof Problem) return { status: error.status, words: error.message };
  const status = error instanceof Error ? (Reflect.get(error, "status") as unknown) : undefined;
  // Express's own refusals of requests carry a status; their words may name files.
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { status: 400, words: "the request is malformed" };
  }
  return { status: 500, words: INTERNAL };
}

function wantsJson(request: Request): boolean {
  return request.path.startsWith("/api/") || request.accepts(["html", "json"]) === "json";
}

function errorPage(title: string, words: string): string {
  const links = pageRoutes.map((route) => `<li><a href="${route}">${route}</a></li>`).join("\n");
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title></head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p role="alert">${escapeHtml(words)}</p>
<nav aria-label="Pages"><ul>
${links}
</ul></nav>
</main>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
