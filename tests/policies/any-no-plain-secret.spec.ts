import { expect } from "chai";
import { noPlainSecret } from "../../policies/rules/any-no-plain-secret.ts";
import { container, inDeployment, pod, violations } from "./fixtures.ts";

const configMap = (data: Record<string, string>) => violations(noPlainSecret, "kubernetes:core/v1:ConfigMap", { data });

describe("the policy kubernetes-any-no-plain-secret", () => {
  it("accepts references, empty values, and names that only speak of secrets", async () => {
    const env = [
      { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
      { name: "API_TOKEN", value: "" },
      { name: "PASSWORD_FILE", value: "/secrets/password" },
      { name: "ALLOW_READABLE_SECRETS", value: "true" },
      { name: "REGION", value: "garage" },
    ];
    expect(await inDeployment(noPlainSecret, pod({ containers: [container({ env })] }))).to.deep.equal([]);
  });

  it("refuses a secret's value in the environment, and does not repeat it", async () => {
    const env = [{ name: "DB_PASSWORD", value: "hunter2" }];
    expect(await inDeployment(noPlainSecret, pod({ containers: [container({ env })] }))).to.deep.equal([
      'Deployment "it": container "server" has the value of DB_PASSWORD in its env; take it from a Secret by secretKeyRef',
    ]);
  });

  it("accepts a ConfigMap with settings, references and programs", async () => {
    const data = {
      "config.properties": "http-server.port=8080\nhive.s3.aws-secret-key=${ENV:AWS_SECRET_ACCESS_KEY}\n",
      "core-site.xml": "<name>fs.s3a.aws.credentials.provider</name><value>org.example.Provider</value>",
      "job.py": 'token = os.environ["TOKEN"]\npassword = read()\n',
      "garage.toml": 'rpc_secret_file = "/secrets/rpc"\n',
    };
    expect(await configMap(data)).to.deep.equal([]);
  });

  it("refuses a ConfigMap with secrets as keys, in properties, TOML and XML, and does not repeat them", async () => {
    const data = {
      ADMIN_PASSWORD: "hunter2",
      "config.properties": "http-server.port=8080\nhive.s3.aws-secret-key=hunter2\n",
      "garage.toml": 'rpc_secret = "hunter2"\n',
      "core-site.xml": "<configuration>\n<name>fs.s3a.secret.key</name><value>hunter2</value>",
    };
    expect(await configMap(data)).to.deep.equal([
      'ConfigMap "it": key "ADMIN_PASSWORD" holds a secret\'s value; move it to a Secret',
      'ConfigMap "it": key "config.properties" sets hive.s3.aws-secret-key in line 2; move it to a Secret',
      'ConfigMap "it": key "garage.toml" sets rpc_secret in line 1; move it to a Secret',
      'ConfigMap "it": key "core-site.xml" sets fs.s3a.secret.key in line 2; move it to a Secret',
    ]);
  });

  it("accepts a ConfigMap without data", async () => {
    expect(await violations(noPlainSecret, "kubernetes:core/v1:ConfigMap", {})).to.deep.equal([]);
  });
});
