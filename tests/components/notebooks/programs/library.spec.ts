import { expect } from "chai";
import {
  fingerprint,
  nextStep,
  type NotebookBucket,
  type PresentNotebook,
  putNotebooks,
} from "../../../../components/notebooks/programs/library.ts";

const first = Buffer.from("first");
const second = Buffer.from("second");
const edited = Buffer.from("edited by a person");

describe("the platform's notebooks in a bucket", () => {
  const steps: [string, PresentNotebook | undefined, Buffer, string][] = [
    ["puts one that is not there", undefined, first, "create"],
    ["does nothing where it is there", { content: first, putByUs: fingerprint(first) }, first, "same"],
    ["replaces what it has put itself", { content: first, putByUs: fingerprint(first) }, second, "replace"],
    ["leaves one that was changed since", { content: edited, putByUs: fingerprint(first) }, second, "leave"],
    ["leaves one that others saved", { content: edited, putByUs: undefined }, second, "leave"],
    ["leaves an old version that a person saved again", { content: first, putByUs: undefined }, second, "leave"],
    ["takes one that others put with the same content", { content: second, putByUs: undefined }, second, "same"],
  ];
  for (const [what, present, wanted, step] of steps) {
    it(what, () => {
      expect(nextStep(present, wanted)).to.equal(step);
    });
  }

  it("writes only what is to be written, says what it did, and the second time does nothing", async () => {
    const objects = new Map<string, PresentNotebook>([
      ["old.ipynb", { content: first, putByUs: fingerprint(first) }],
      ["theirs.ipynb", { content: edited, putByUs: fingerprint(first) }],
    ]);
    const written: string[] = [];
    const bucket: NotebookBucket = {
      get: (name) => Promise.resolve(objects.get(name)),
      put: (name, content, putByUs) => {
        written.push(name);
        objects.set(name, { content, putByUs });
        return Promise.resolve();
      },
    };
    const wanted = { "new.ipynb": second, "old.ipynb": second, "theirs.ipynb": second };
    expect(await putNotebooks(bucket, wanted)).to.deep.equal([
      "new.ipynb: put",
      "old.ipynb: replaced by its new version",
      "theirs.ipynb: left alone: a person has changed it; remove it, and the next set-up puts the platform's own again",
    ]);
    expect(written).to.deep.equal(["new.ipynb", "old.ipynb"]);
    expect((await putNotebooks(bucket, wanted)).slice(0, 2)).to.deep.equal([
      "new.ipynb: is there",
      "old.ipynb: is there",
    ]);
    expect(written).to.have.length(2);
    expect(objects.get("theirs.ipynb")?.content).to.equal(edited);
  });
});
