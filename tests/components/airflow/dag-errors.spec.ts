import { expect } from "chai";

import type { Kube } from "../../../cli/kube.ts";
import { runningPlatform } from "../../../cli/running.ts";
import { KubeError, type RequestExtras } from "../../../clusters/kubernetes-client.ts";
import { causeIn, dagErrors, dagErrorStatus } from "../../../components/airflow/dag-errors.ts";

const airflow = "/api/v1/namespaces/data/services/airflow:8080/proxy";
const trace = `Traceback (most recent call last):
  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
  File "/opt/airflow/dags/broken.py", line 3
    with DAG("x"
            ^
SyntaxError: '(' was never closed
`;

/** An API server in front of an Airflow that answers with these; notes what it was asked. */
function kube(
  answers: Readonly<Record<string, unknown>>,
  asked: (readonly [string, string, RequestExtras])[] = [],
): Pick<Kube, "get" | "ask"> {
  return {
    get<T>(): Promise<T> {
      const data = { admin: "", proof: Buffer.from("word").toString("base64") };
      return Promise.resolve({ data } as T);
    },
    ask<T>(method: string, path: string, extras: RequestExtras = {}): Promise<T> {
      asked.push([method, path, extras]);
      const answer = answers[`${method} ${path.replace(airflow, "")}`];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as T);
    },
  };
}

const platform = (api: Pick<Kube, "get" | "ask">) =>
  runningPlatform(
    { ...api, text: () => Promise.reject(new Error("nobody")) },
    { namespace: "data", exposure: { kind: "none" }, addresses: [] },
  );

const login = { "POST /auth/token": { access_token: "t1" } };
const errorsPath = "GET /api/v2/importErrors?limit=100";

describe("the DAG files that Airflow can't read", () => {
  it("are asked for as the robot, through the API server, and named with their cause", async () => {
    const asked: (readonly [string, string, RequestExtras])[] = [];
    const page = { import_errors: [{ filename: "broken.py", stack_trace: trace }], total_entries: 1 };
    const found = await dagErrors(platform(kube({ ...login, [errorsPath]: page }, asked)));
    expect(found).to.deep.equal([{ file: "broken.py", message: "SyntaxError: '(' was never closed (line 3)" }]);
    expect(asked.map(([method, path]) => `${method} ${path}`)).to.deep.equal([
      `POST ${airflow}/auth/token`,
      `GET ${airflow}/api/v2/importErrors?limit=100`,
    ]);
    expect(asked[0]?.[2].body).to.deep.equal({ username: "proof", password: "word" });
    expect(asked[1]?.[2].headers).to.deep.equal({ cookie: "_token=t1" });
    for (const [, , extras] of asked) expect(extras.timeoutMs).to.equal(8000);
  });

  it("are none for an Airflow that reads them all, and unknown without Airflow", async () => {
    expect(await dagErrors(platform(kube({ ...login, [errorsPath]: { import_errors: [] } })))).to.deep.equal([]);
    const none = { ...kube({}), get: () => Promise.reject(new KubeError(404, "not found")) };
    expect(await dagErrorStatus(platform(none))).to.equal(undefined);
  });

  const silent: readonly (readonly [string, KubeError, string])[] = [
    [
      "has no pod that is ready",
      new KubeError(503, 'no endpoints available for service "airflow"'),
      'Airflow does not answer (HTTP 503, no endpoints available for service "airflow"), so nothing is known of its DAGs',
    ],
    [
      "takes too long",
      new KubeError(0, "the API server at https://127.0.0.1:16443 does not answer (no answer within 8 s)"),
      "Airflow does not answer (no answer within 8 s), so nothing is known of its DAGs",
    ],
  ];
  for (const [what, answer, expected] of silent) {
    it(`are unknown while Airflow ${what}, and the message says so`, async () => {
      const error: unknown = await dagErrors(platform(kube({ "POST /auth/token": answer }))).catch((e: unknown) => e);
      expect(error).to.have.property("message", expected);
    });
  }
});

describe("the cause in a traceback", () => {
  it("is the last exception's own line, whatever came before it", () => {
    const chained = `Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 7, in <module>
    raise ValueError("no schedule\\nfor this DAG")
ValueError: no schedule
for this DAG
`;
    expect(causeIn(chained)).to.equal("ValueError: no schedule (line 7)");
  });

  it("is the text itself when it is no traceback", () => {
    expect(causeIn("Timeout of 30 s while importing\n")).to.equal("Timeout of 30 s while importing");
    expect(causeIn("")).to.equal("no message");
  });
});
