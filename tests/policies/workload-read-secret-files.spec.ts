import { expect } from "chai";
import { readSecretFiles } from "../../policies/rules/workload-read-secret-files.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-read-secret-files", () => {
  it("accepts files, plain values, and secrets of programs that take no file", async () => {
    expect(
      await inDeployment(
        readSecretFiles,
        pod({
          containers: [
            container({
              env: [
                { name: "POSTGRES_PASSWORD_FILE", value: "/run/superuser/password" },
                { name: "PGPASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
              ],
            }),
          ],
        }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses a variable where the program takes a file", async () => {
    expect(
      await inDeployment(
        readSecretFiles,
        pod({
          containers: [
            container({
              env: [{ name: "POSTGRES_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
            }),
          ],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": container "server" takes POSTGRES_PASSWORD from a Secret as a variable; mount the Secret, and name its file in POSTGRES_PASSWORD_FILE',
    ]);
  });
});
