import { expect } from "chai";
import { NotebookLibrary, notebookLibraryProblems } from "../../../components/notebooks/notebook-library.ts";
import { envOf, resources, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf } from "../../support/mocks.ts";

describe("NotebookLibrary", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const notebook = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}';
  const make = (notebooks: Record<string, string>) =>
    new NotebookLibrary("notebooks-setup", {
      namespace: "data",
      toolsImage: "tools:1",
      resources,
      objectStore: s3("notebooks"),
      bucket: "published",
      notebooks,
    });

  it("hands the notebooks to one Job, with the set-up's own key", async () => {
    const library = make({ "welcome.ipynb": notebook });
    const files = await mocked.get("kubernetes:core/v1:ConfigMap", "notebooks-setup");
    expect(files.inputs.data).to.deep.equal({ "welcome.ipynb": notebook });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "notebooks-setup");
    expect(envOf(inputs)).to.deep.equal({
      S3_URL: "http://s3.example:9000",
      S3_PATH_STYLE: "true",
      BUCKET: "published",
      NOTEBOOKS_DIR: "/notebooks",
      AWS_ACCESS_KEY_ID: "key-notebooks/accessKey",
      AWS_SECRET_ACCESS_KEY: "key-notebooks/secretKey",
      AWS_REGION: "eu-1",
    });
    const [container] = inputs.spec.template.spec.containers;
    expect(container.command).to.deep.equal(["node", "/opt/millrace/components/notebooks/programs/notebooks-setup.ts"]);
    expect(container.volumeMounts[0]).to.deep.equal({ name: "notebooks", mountPath: "/notebooks", readOnly: true });
    expect(await namesOf(library.ready)).to.deep.equal(["notebooks-setup"]);
  });

  it("runs again when a notebook has changed", async () => {
    const hash = async (text: string): Promise<string | undefined> => {
      const fresh = await mock();
      make({ "welcome.ipynb": text });
      const { inputs } = await fresh.get("kubernetes:batch/v1:Job", "notebooks-setup");
      return inputs.spec.template.metadata.annotations["millrace/config-hash"];
    };
    expect(await hash(notebook)).not.to.equal(await hash(notebook.replace("5", "4")));
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    ["a name that is none of a notebook", { "runs/x.txt": notebook }, /notebook "runs\/x\.txt": use letters/],
    ["a text that is no notebook", { "a.ipynb": "[]" }, /"a\.ipynb" is not JSON with cells/],
    ["more than a ConfigMap takes", { "a.ipynb": `{"cells": ["${"x".repeat(1_000_000)}"]}` }, /1000015 bytes.*1000000/],
  ];
  for (const [what, notebooks, message] of wrong) {
    it(`refuses ${what}`, () => {
      expect(notebookLibraryProblems({ notebooks }).join()).to.match(message);
      expect(() => make(notebooks)).to.throw(message);
    });
  }
});
