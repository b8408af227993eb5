import { expect } from "chai";
import { askFigures, figuresOf } from "../../platform/ask-figures.ts";
import { FakeServer } from "../support/fake-server.ts";

const page = `# HELP a what it is
# TYPE a counter
a 3
b{x="1",y="a \\"b\\" \\\\ c\\n"} 1.5e+3 1700000000000
c{} +Inf
d NaN
not a figure
e{x="}"} 2
`;

describe("a page of figures", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  it("is read with its labels, without comments and what is no figure", () => {
    expect(figuresOf(page)).to.deep.equal([
      { name: "a", value: 3 },
      { name: "b", value: 1500, labels: { x: "1", y: 'a "b" \\ c\n' } },
      { name: "c", value: Infinity },
      { name: "d", value: Number.NaN },
      { name: "e", value: 2, labels: { x: "}" } },
    ]);
  });

  it("is asked for with a login, and a refusal is told", async () => {
    server.reset({
      "GET /figures": ({ headers }) =>
        headers["authorization"] === "token t" ? { body: "a 1\n" } : { status: 403, body: "no" },
    });
    const url = `${server.url}/figures`;
    const signal = AbortSignal.timeout(5000);
    expect(await askFigures(url, signal, { authorization: "token t" })).to.deep.equal([{ name: "a", value: 1 }]);
    const words = await askFigures(url, signal).catch(String);
    expect(words).to.equal(`Error: ${url} answers 403: no`);
    expect(await askFigures("http://127.0.0.1:1/", signal).catch(String)).to.match(/can't be reached/);
  });
});
