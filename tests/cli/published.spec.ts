import { expect } from "chai";
import { robotAccount } from "../../cli/published.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";

const kube = (data: Record<string, string> | undefined) => ({
  get<T>(path: string): Promise<T> {
    if (!path.endsWith("/namespaces/data/secrets/auth-proxy-users")) throw new Error(path);
    return data === undefined ? Promise.reject(new KubeError(404, "not found")) : Promise.resolve({ data } as T);
  },
});

describe("the proof's account at published pages", () => {
  it("is read from the proxy's Secret, and there is none without the proxy", async () => {
    const word = Buffer.from("word").toString("base64");
    expect(await robotAccount(kube({ admin: "eA==", proof: word }), "data")).to.deep.equal({
      user: "proof",
      password: "word",
    });
    expect(await robotAccount(kube(undefined), "data")).to.equal(undefined);
    expect(await robotAccount(kube({ admin: "eA==" }), "data")).to.equal(undefined);
  });
});
