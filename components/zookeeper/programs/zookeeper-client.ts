/**
 * A client of ZooKeeper for one session with one member, which logs in by SASL. npm has none that does: `node-zookeeper-client` knows only
 * the scheme `digest`, with which a server takes whatever name and password it is told.
 */
import { connect, type Socket } from "node:net";
import { digestAnswer, type DigestLogin } from "./digest-md5.ts";
import { JuteReader, JuteWriter } from "./jute.ts";

/** Kinds of requests. */
const kinds = {
  create: 1,
  delete: 2,
  getData: 4,
  setData: 5,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  close: -11,
  sasl: 102,
} as const;

/** What ZooKeeper answers, by its number. */
const errors: Readonly<Record<number, string>> = {
  [-4]: "ConnectionLoss",
  [-101]: "NoNode",
  [-102]: "NoAuth",
  [-103]: "BadVersion",
  [-110]: "NodeExists",
  [-111]: "NotEmpty",
  [-112]: "SessionExpired",
  [-114]: "InvalidACL",
  [-115]: "AuthFailed",
  [-124]: "SessionClosedRequireAuth",
};

/** A request that ZooKeeper refused. */
export class ZooKeeperError extends Error {
  /** `NoNode`, `NodeExists`, … */
  readonly code: string;

  constructor(code: string, what: string) {
    super(`${what}: ZooKeeper answers ${code}`);
    this.code = code;
  }
}

/** The account or its password is not known to a member. */
export class LoginRefusedError extends Error {}

/** Rights on a node and who has them. */
export interface Acl {
  /** Letters of `crdwa`: create children, read, delete children, write, change rights. */
  readonly rights: string;
  /** `sasl`, or `world` with the id `anyone`. */
  readonly scheme: string;
  readonly id: string;
}

const bits: Readonly<Record<string, number>> = { r: 1, w: 2, c: 4, d: 8, a: 16 };

export interface ZooKeeperOptions {
  /** `host:port` */
  readonly server: string;
  readonly login: DigestLogin;
  /** Most time for each answer, in ms. @default 10000 */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly what: string;
  readonly resolve: (answer: JuteReader) => void;
  readonly reject: (error: Error) => void;
}

export class ZooKeeperSession {
  readonly #socket: Socket;
  readonly #server: string;
  readonly #timeoutMs: number;
  readonly #waiting: Waiting[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #xid = 0;
  #ended: Error | undefined;

  private constructor(socket: Socket, { server, timeoutMs = 10_000 }: ZooKeeperOptions) {
    this.#socket = socket;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    socket.on("data", (bytes: Buffer) => {
      this.#take(bytes);
    });
    socket.on("error", (error) => {
      this.#end(new Error(`ZooKeeper at ${server}: ${error.message}`, { cause: error }));
    });
    socket.on("close", () => {
      this.#end(new Error(`ZooKeeper at ${server} has closed the connection`));
    });
  }

  /** @throws Error when the member does not answer in time, serves nobody now, or refuses the login. */
  static async open(options: ZooKeeperOptions): Promise<ZooKeeperSession> {
    const [, host = "", port = ""] = /^(.+):(\d+)$/.exec(options.server) ?? [];
    const session = new ZooKeeperSession(connect({ host, port: Number(port) }), options);
    try {
      // Protocol, last transaction seen, length of the session in ms, its id and password: none yet. May it only read? No.
      const hello = new JuteWriter().int(0).long(0n).int(30_000).long(0n).bytes(Buffer.alloc(16)).bool(false);
      const answer = await session.#ask("a session", hello);
      answer.int();
      if (answer.int() <= 0) throw new Error(`ZooKeeper at ${options.server} refuses a session`);
      await session.#login(options.login);
    } catch (error) {
      session.#socket.destroy();
      throw error;
    }
    return session;
  }

  /** @throws ZooKeeperError `NodeExists` when it is there, `NoNode` when its parent is not */
  async create(path: string, data: Buffer, acl: readonly Acl[]): Promise<void> {
    await this.#request(`create ${path}`, kinds.create, withAcl(new JuteWriter().text(path).bytes(data), acl).int(0));
  }

  /** @throws ZooKeeperError `NoNode` when it is not there */
  async get(path: string): Promise<Buffer> {
    return (await this.#request(`read ${path}`, kinds.getData, new JuteWriter().text(path).bool(false))).bytes();
  }

  async set(path: string, data: Buffer): Promise<void> {
    await this.#request(`write ${path}`, kinds.setData, new JuteWriter().text(path).bytes(data).int(-1));
  }

  /** Names of the nodes right below it. */
  async children(path: string): Promise<string[]> {
    const answer = await this.#request(`list ${path}`, kinds.getChildren, new JuteWriter().text(path).bool(false));
    return Array.from({ length: answer.int() }, () => answer.text());
  }

  async delete(path: string): Promise<void> {
    await this.#request(`delete ${path}`, kinds.delete, new JuteWriter().text(path).int(-1));
  }

  async setAcl(path: string, acl: readonly Acl[]): Promise<void> {
    await this.#request(`set the rights of ${path}`, kinds.setAcl, withAcl(new JuteWriter().text(path), acl).int(-1));
  }

  /** Has the member catch up with the leader: what it reads from then on is as new as this call. */
  async sync(path: string): Promise<void> {
    await this.#request(`catch up at ${path}`, kinds.sync, new JuteWriter().text(path));
  }

  async close(): Promise<void> {
    if (this.#ended === undefined) {
      await this.#request("close", kinds.close, new JuteWriter()).catch(() => undefined);
    }
    this.#socket.destroy();
  }

  async #login(login: DigestLogin): Promise<void> {
    const refused = `ZooKeeper at ${this.#server} refuses the login of "${login.user}"`;
    const step = async (token: string): Promise<string> => {
      try {
        return (await this.#request("log in", kinds.sasl, new JuteWriter().text(token))).text();
      } catch (error) {
        throw error instanceof ZooKeeperError ? new LoginRefusedError(refused, { cause: error }) : error;
      }
    };
    const answer = digestAnswer(await step(""), login);
    if ((await step(answer.text)) !== answer.proof)
      throw new LoginRefusedError(`ZooKeeper at ${this.#server} does not know the password of "${login.user}" itself`);
  }

  async #request(what: string, kind: number, body: JuteWriter): Promise<JuteReader> {
    const xid = (this.#xid += 1);
    const answer = await this.#ask(what, new JuteWriter().int(xid).int(kind).append(body));
    const [answered] = [answer.int(), answer.long()];
    const error = answer.int();
    if (answered !== xid) throw new Error(`${what}: ZooKeeper at ${this.#server} answers something else`);
    if (error !== 0) throw new ZooKeeperError(errors[error] ?? String(error), what);
    return answer;
  }

  async #ask(what: string, message: JuteWriter): Promise<JuteReader> {
    const { promise, resolve, reject } = Promise.withResolvers<JuteReader>();
    if (this.#ended !== undefined) throw this.#ended;
    this.#waiting.push({ what, resolve, reject });
    const timer = setTimeout(() => {
      const late = new Error(`${what}: no answer of ZooKeeper at ${this.#server} within ${this.#timeoutMs / 1000} s`);
      this.#end(late);
      this.#socket.destroy();
    }, this.#timeoutMs);
    this.#socket.write(message.framed());
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Answers come in the order of the questions. */
  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 4) {
      const end = 4 + this.#rest.readInt32BE(0);
      if (this.#rest.length < end) return;
      const message = this.#rest.subarray(4, end);
      this.#rest = this.#rest.subarray(end);
      this.#waiting.shift()?.resolve(new JuteReader(message));
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function withAcl(message: JuteWriter, acl: readonly Acl[]): JuteWriter {
  message.int(acl.length);
  for (const { rights, scheme, id } of acl) {
    const sum = Array.from(rights).reduce((all, letter) => all | (bits[letter] ?? 0), 0);
    message.int(sum).text(scheme).text(id);
  }
  return message;
}
