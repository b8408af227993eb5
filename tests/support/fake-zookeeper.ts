/** A member of ZooKeeper in this process: logins, and a tree in memory that several may share. */
import { createServer, type Server, type Socket } from "node:net";
import { digestAnswer } from "../../components/zookeeper/programs/digest-md5.ts";
import { JuteReader, JuteWriter } from "../../components/zookeeper/programs/jute.ts";

const NONCE = 'realm="zk-sasl-md5",nonce="abc",charset=utf-8,algorithm=md5-sess';

export interface Node {
  data: string;
  acl: string[];
}

export interface FakeZooKeeper {
  readonly server: string;
  /** What it was asked, in short. */
  readonly asked: string[];
  close(): Promise<void>;
}

const [SASL, CLOSE] = [102, -11];

interface Answer {
  readonly code: number;
  readonly body: JuteWriter;
}
const reply = (code: number, body = new JuteWriter()): Answer => ({ code, body });

const codes = { ok: 0, noNode: -101, noAuth: -102, exists: -110, authFailed: -115 } as const;

/** @param options.change What becomes of data on the way out. @param options.isSilent Whether it answers nothing at all. */
export async function fakeZooKeeper(
  nodes: Map<string, Node>,
  accounts: Readonly<Record<string, string>>,
  options: { readonly change?: (data: string) => string; readonly isSilent?: boolean } = {},
): Promise<FakeZooKeeper> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const state = { isOpen: false, user: "" };
    let rest: Buffer = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      if (options.isSilent === true) return;
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const end = 4 + rest.readInt32BE(0);
        const message = new JuteReader(rest.subarray(4, end));
        rest = rest.subarray(end);
        if (state.isOpen) answer(socket, message, state);
        else {
          state.isOpen = true;
          socket.write(new JuteWriter().int(0).int(30_000).long(7n).bytes(Buffer.alloc(16)).framed());
        }
      }
    });
  });

  function answer(socket: Socket, message: JuteReader, state: { user: string }): void {
    const [xid, kind] = [message.int(), message.int()];
    const { code, body } = answerTo(kind, message, state);
    // In two pieces, as a network may bring them.
    const bytes = new JuteWriter().int(xid).long(1n).int(code).append(body).framed();
    socket.write(bytes.subarray(0, 6));
    socket.write(bytes.subarray(6));
    if (kind === CLOSE) socket.end();
  }

  function answerTo(kind: number, message: JuteReader, state: { user: string }): Answer {
    if (kind === SASL) {
      const token = message.text();
      if (token === "") return reply(0, new JuteWriter().text(NONCE));
      const [, user = ""] = /username="([^"]*)"/.exec(token) ?? [];
      const [, cnonce = ""] = /cnonce="([^"]*)"/.exec(token) ?? [];
      const right = digestAnswer(NONCE, { user, password: accounts[user] ?? "" }, { cnonce });
      if (accounts[user] === undefined || right.text !== token) return reply(codes.authFailed);
      state.user = user;
      return reply(0, new JuteWriter().text(right.proof));
    }
    if (kind === CLOSE) return reply(0);
    const path = message.text();
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    const may = (of: string, right: string): boolean =>
      state.user === "super" ||
      (nodes.get(of)?.acl ?? []).some(
        (one) => one === `sasl:${state.user}` || (one === "world:anyone" && right === "r"),
      );
    const aclOf = (): string[] =>
      Array.from({ length: message.int() }, () => {
        message.int();
        return `${message.text()}:${message.text()}`;
      });
    const node = nodes.get(path);
    switch (kind) {
      case 1: {
        asked.push(`create ${path}`);
        if (node) return reply(codes.exists);
        if (!nodes.has(parent)) return reply(codes.noNode);
        if (!may(parent, "c")) return reply(codes.noAuth);
        nodes.set(path, { data: message.text(), acl: aclOf() });
        return reply(0, new JuteWriter().text(path));
      }
      case 2:
        asked.push(`delete ${path}`);
        return reply(nodes.delete(path) ? 0 : codes.noNode);
      case 4:
        if (!node) return reply(codes.noNode);
        if (!may(path, "r")) return reply(codes.noAuth);
        return reply(0, new JuteWriter().text(options.change?.(node.data) ?? node.data));
      case 5:
        asked.push(`set ${path}`);
        if (!node) return reply(codes.noNode);
        node.data = message.text();
        return reply(0);
      case 7:
        asked.push(`setAcl ${path}`);
        if (!node) return reply(codes.noNode);
        node.acl = aclOf();
        return reply(0);
      case 8: {
        const names = [...nodes.keys()]
          .filter((one) => one.startsWith(`${path}/`))
          .map((one) => one.slice(path.length + 1));
        return reply(
          0,
          names.reduce((list, name) => list.text(name), new JuteWriter().int(names.length)),
        );
      }
      case 9:
        asked.push(`sync ${path}`);
        return reply(0, new JuteWriter().text(path));
      default:
        throw new Error(`the fake ZooKeeper knows no request ${kind}`);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    server: `127.0.0.1:${port}`,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
