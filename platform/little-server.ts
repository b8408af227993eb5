/** A server of a few answers, for programs that work by themselves and are asked how that goes. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { z } from "zod";
import { describeError } from "./describe-error.ts";

/** What answers a request, by method and path: `GET /report`. A text is sent as it is, anything else as JSON. */
export type Answers = Readonly<Record<string, (body: string) => unknown>>;

/** Letters of a request's body that are read. */
const MOST_LETTERS = 10_000;

/**
 * Answers on a port, `GET /healthz` always. What is not known is 404, a body of a wrong form 400, and anything else that fails 503,
 * each with words.
 */
export function littleServer(port: number, answers: Answers): Server {
  const server = createServer((request, response) => {
    answerTo(request, answers)
      .then(([status, answer]) => {
        const isText = typeof answer === "string";
        response.writeHead(status, { "content-type": isText ? "text/plain; version=0.0.4" : "application/json" });
        response.end(isText ? answer : JSON.stringify(answer));
      })
      .catch(() => undefined);
  });
  return server.listen(port);
}

async function answerTo(
  request: IncomingMessage,
  answers: Answers,
): Promise<readonly [status: number, answer: unknown]> {
  const [path = ""] = (request.url ?? "").split("?");
  const asked = `${request.method ?? ""} ${path}`;
  if (asked === "GET /healthz") return [200, {}];
  const known = Object.hasOwn(answers, asked) ? answers[asked] : undefined;
  if (known === undefined) return [404, { error: `${asked} is not known` }];
  try {
    return [200, await known(await bodyOf(request))];
  } catch (error) {
    const isWrong = error instanceof z.ZodError || error instanceof SyntaxError || error instanceof RangeError;
    return [isWrong ? 400 : 503, { error: describeError(error) }];
  }
}

/** @throws RangeError when it is too long */
async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MOST_LETTERS) throw new RangeError(`a body has ${MOST_LETTERS} letters at most`);
  }
  return text;
}
