import { expect } from "chai";
import type { Bucket } from "../../../../components/postgres/programs/bucket.ts";
import { untilItAnswers } from "../../../../components/postgres/programs/bucket.ts";

/** A bucket of which only the listing matters: it fails with each of the errors, and then answers. */
function failing(errors: Error[]): { readonly bucket: Bucket; readonly asked: string[] } {
  const asked: string[] = [];
  const list = (prefix: string): Promise<string[]> => {
    asked.push(prefix);
    const error = errors.shift();
    return error === undefined ? Promise.resolve([]) : Promise.reject(error);
  };
  return { bucket: { list } as unknown as Bucket, asked };
}

const refused = (): Error => {
  const cause = Object.assign(new Error("connect ECONNREFUSED 10.96.0.7:7070"), { code: "ECONNREFUSED" });
  return new Error("http://s3.example/backups: can't list", { cause });
};

describe("waiting for a bucket", () => {
  it("asks again while connections are refused, as they are to a new pod that the network does not know yet", async () => {
    const { bucket, asked } = failing([refused()]);
    await untilItAnswers(bucket, "postgres/", 5000);
    expect(asked).to.deep.equal(["postgres/", "postgres/"]);
  });

  it("ends with the refusal when the time is over, and at once with any other answer", async () => {
    const seen = async (errors: Error[], waitMs: number): Promise<string> => {
      const { bucket } = failing(errors);
      return await untilItAnswers(bucket, "", waitMs).then(
        () => "answered",
        (error: unknown) => String(error),
      );
    };
    expect(await seen([refused()], 0)).to.equal("Error: http://s3.example/backups: can't list");
    expect(await seen([new Error("Access Denied.")], 5000)).to.equal("Error: Access Denied.");
  });
});
