/** A Jupyter kernel, spoken to over its websocket as a notebook does. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { HopFailure } from "../../../platform/hops/hop.ts";

const messageShape = z.looseObject({
  channel: z.string().optional(),
  msg_type: z.string().optional(),
  header: z.looseObject({ msg_type: z.string() }),
  parent_header: z.looseObject({ msg_id: z.string().optional() }).default({}),
  content: z.looseObject({
    /** Of `status`. */
    execution_state: z.string().optional(),
    /** Of `stream`: which stream, and its text. */
    name: z.string().optional(),
    text: z.string().optional(),
    /** Of `error`: class and words of the exception. */
    ename: z.string().optional(),
    evalue: z.string().optional(),
  }),
});
type Message = z.infer<typeof messageShape>;

/** Node's own, which takes headers; the typing at hand is a browser's. */
const SocketWithHeaders = WebSocket as unknown as new (
  url: URL,
  options: { readonly headers: Readonly<Record<string, string>> },
) => WebSocket;

export interface Kernel {
  /**
   * Runs a cell and gives what it printed.
   * @throws {HopFailure} when the cell raises or the kernel dies, with what was printed on stderr last
   */
  execute(code: string, signal: AbortSignal): Promise<string>;
  close(): void;
}

export async function openKernel(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Kernel> {
  const session = randomUUID();
  url.searchParams.set("session_id", session);
  const socket = new SocketWithHeaders(url, { headers });
  const opened = Promise.withResolvers<undefined>();
  const give = (): void => {
    opened.reject(new Error(`the kernel's websocket does not open: ${url.origin}${url.pathname}`));
  };
  socket.addEventListener("open", () => {
    opened.resolve(undefined);
  });
  socket.addEventListener("error", give);
  signal?.addEventListener("abort", give, { once: true });
  try {
    await opened.promise;
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    execute: (code, limit) => execute(socket, session, code, limit),
    close: () => {
      socket.close();
    },
  };
}

async function execute(socket: WebSocket, session: string, code: string, signal: AbortSignal): Promise<string> {
  const id = randomUUID();
  const printed = { stdout: "", stderr: "" };
  const done = Promise.withResolvers<undefined>();
  const fail = (words: string): void => {
    const last = printed.stderr.trim().split("\n").slice(-3).join(" | ");
    done.reject(new HopFailure(last === "" ? words : `${words}; stderr ends: ${last}`));
  };
  const onMessage = (event: MessageEvent): void => {
    const parsed = messageShape.safeParse(JSON.parse(String(event.data)));
    if (parsed.success) take(parsed.data);
  };
  const take = ({ header, parent_header: parent, content }: Message): void => {
    // The server itself tells of a kernel's death, as an answer to no message.
    if (header.msg_type === "status" && ["dead", "restarting"].includes(content.execution_state ?? "")) {
      fail("the kernel died: it was killed, as happens to one that is over the memory limit of its server");
    }
    if (parent.msg_id !== id) return;
    if (header.msg_type === "stream") {
      if (content.name === "stderr") printed.stderr += content.text ?? "";
      else printed.stdout += content.text ?? "";
    }
    if (header.msg_type === "error") fail(`the cell failed: ${content.ename ?? ""}: ${content.evalue ?? ""}`);
    // Idle is the last word on a message: the reply on the other channel may come before the output.
    if (header.msg_type === "status" && content.execution_state === "idle") done.resolve(undefined);
  };
  const onClose = (): void => {
    fail("the server closed the kernel's websocket");
  };
  const onAbort = (): void => {
    fail("the cell did not end in time");
  };
  socket.addEventListener("message", onMessage);
  socket.addEventListener("close", onClose);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    socket.send(JSON.stringify(executeRequest(id, session, code)));
    await done.promise;
    return printed.stdout;
  } finally {
    socket.removeEventListener("message", onMessage);
    socket.removeEventListener("close", onClose);
    signal.removeEventListener("abort", onAbort);
  }
}

function executeRequest(id: string, session: string, code: string): object {
  return {
    channel: "shell",
    header: {
      msg_id: id,
      msg_type: "execute_request",
      session,
      username: "proof",
      date: new Date().toISOString(),
      version: "5.3",
    },
    parent_header: {},
    metadata: {},
    content: {
      code,
      silent: false,
      store_history: false,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    },
    buffers: [],
  };
}
