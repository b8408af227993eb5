import { errors } from "cassandra-driver";
import { expect } from "chai";
import {
  type Credentials,
  logIn,
  onceConnected,
  type OpenSession,
  RefusedError,
} from "../../../../components/cassandra/programs/login.ts";
import { FakeSession } from "./fake-session.ts";

/** A cluster that takes these passwords, after it has answered some times in another way. */
class FakeCluster {
  readonly passwords: Map<string, string>;
  readonly statements: string[] = [];
  readonly log: string[] = [];
  closed = 0;
  #answers: (Error | undefined)[];
  #roles: string[];

  constructor(passwords: Record<string, string>, answers: (Error | undefined)[] = [], roles: string[] = []) {
    this.passwords = new Map(Object.entries(passwords));
    this.#answers = answers;
    this.#roles = roles;
  }

  connect = ({ user, password }: Credentials): Promise<OpenSession> => {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.reject(answer);
    if (this.passwords.get(user) !== password) return Promise.reject(new RefusedError(`${user}: incorrect`));
    const session = new FakeSession({ "system_auth.roles": this.#roles.map((role) => ({ role })) });
    return Promise.resolve({
      execute: (cql: string, params?: readonly unknown[]) => {
        const made = /^(?:CREATE|ALTER) ROLE.*"(\w+)" WITH PASSWORD = '(\w+)'/.exec(cql);
        if (made !== null) {
          this.passwords.set(made[1] ?? "", made[2] ?? "");
          this.statements.push(cql);
        }
        return session.execute(cql, params);
      },
      readOnAll: (cql: string) => session.readOnAll(cql),
      close: () => {
        this.closed += 1;
        return Promise.resolve();
      },
    });
  };

  logIn(limits: { timeoutSeconds?: number; refusedSeconds?: number } = {}): Promise<OpenSession> {
    return logIn({
      connect: this.connect,
      superuser: { user: "admin", password: "secret" },
      timeoutSeconds: 60,
      refusedSeconds: 60,
      ...limits,
      log: (line) => this.log.push(line),
      prepare: () => {
        this.statements.push("prepared");
        return Promise.resolve();
      },
      pauseMilliseconds: 0,
    });
  }
}

describe("cassandra/login", () => {
  it("is in at once where the superuser is known", async () => {
    const cluster = new FakeCluster({ admin: "secret" });
    await cluster.logIn();
    expect(cluster.statements).to.deep.equal([]);
  });

  it("makes the superuser on a new cluster, with the password that everybody knows, and goes on as it", async () => {
    const cluster = new FakeCluster({ cassandra: "cassandra" });
    await cluster.logIn();
    expect(cluster.statements).to.deep.equal([
      "prepared",
      `CREATE ROLE IF NOT EXISTS "admin" WITH PASSWORD = 'secret' AND LOGIN = true AND SUPERUSER = true`,
    ]);
    expect(cluster.log).to.deep.equal(["role admin: made the superuser"]);
    expect(cluster.closed).to.equal(1);
  });

  it("gives a superuser that a broken-off setup has left the password of now", async () => {
    const cluster = new FakeCluster({ cassandra: "cassandra", admin: "other" }, [], ["admin"]);
    await cluster.logIn();
    expect(cluster.statements[1]).to.match(/^ALTER ROLE "admin" WITH PASSWORD = 'secret'/);
  });

  it("waits while the cluster starts, and tells each new reason once", async () => {
    const starting = [new Error("connection refused"), new Error("connection refused"), new Error("no quorum")];
    const cluster = new FakeCluster({ admin: "secret" }, starting);
    await cluster.logIn();
    expect(cluster.log).to.deep.equal([
      "waiting for Cassandra: connection refused",
      "waiting for Cassandra: no quorum",
    ]);
  });

  it("waits for the role that a cluster makes when it has just started", async () => {
    const refused = new RefusedError("incorrect");
    const cluster = new FakeCluster({ cassandra: "cassandra" }, [refused, refused, refused, refused]);
    await cluster.logIn();
    expect(cluster.passwords.get("admin")).to.equal("secret");
  });

  it("gives up on a cluster that takes neither password, and says whose Secret to put back", async () => {
    const error = await new FakeCluster({ admin: "other" })
      .logIn({ refusedSeconds: 0 })
      .catch((reason: unknown) => reason);
    expect(String(error))
      .to.contain('takes neither the password of its superuser "admin" nor the one that new clusters have')
      .and.to.contain("cassandra-role-admin");
  });

  it("gives up on a cluster that does not answer, with the last reason", async () => {
    const cluster = new FakeCluster({}, [new Error("connection refused")]);
    const error = await cluster.logIn({ timeoutSeconds: 0 }).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("did not let the setup in within 0 s: connection refused");
  });
});

describe("A statement of the setup", () => {
  const unsent = new Error("No connection available");
  const attempts = async (...failures: readonly Error[]): Promise<string> => {
    const left = [...failures];
    let tries = 0;
    const attempt = (): Promise<string> => {
      tries += 1;
      const failure = left.shift();
      return failure === undefined ? Promise.resolve("done") : Promise.reject(failure);
    };
    const end = await onceConnected(attempt, 1).catch((error: unknown) => (error as Error).message);
    return `${end} after ${tries}`;
  };

  it("is tried again while the driver has no connection to a node that it takes for up", async () => {
    expect(await attempts(unsent, unsent)).to.equal("done after 3");
    expect(await attempts(new errors.NoHostAvailableError({ "10.0.0.1:9042": unsent }))).to.equal("done after 2");
  });

  it("is not tried again when it may have been carried out, or when a node gave another answer", async () => {
    expect(await attempts(new Error("socket hang up"))).to.equal("socket hang up after 1");
    const others = { "10.0.0.1:9042": unsent, "10.0.0.2:9042": new Error("read timed out") };
    expect(await attempts(new errors.NoHostAvailableError(others))).to.match(/ after 1$/);
  });
});
