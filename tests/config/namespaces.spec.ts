import { expect } from "chai";
import { loadConfig } from "../../config/index.ts";
import { handMadeSecrets, namespacesOf, wantedQuarters } from "../../config/namespaces.ts";

const cloud = { target: "cloud", context: "prod", registry: { push: "registry.example" } };
const load = (config: Record<string, unknown>) => loadConfig({ "millrace:cluster": cloud, ...config });

describe("the namespaces of a config", () => {
  it("are those of people's programs beside the platform's, where some service has pods there", () => {
    expect(wantedQuarters(load({}))).to.deep.equal([]);
    expect(wantedQuarters(load({ "millrace:profile": "studio" }))).to.deep.equal(["millrace-jobs", "millrace-users"]);
    expect(wantedQuarters(load({ "millrace:services": { spark: { executors: 1 } } }))).to.deep.equal(["millrace-jobs"]);
    expect(namespacesOf(load({}).cluster)).to.deep.equal(["millrace", "millrace-jobs", "millrace-users"]);
  });

  it("are one where the stack was given one", () => {
    const config = load({ "millrace:profile": "studio", "millrace:cluster": { ...cloud, existingNamespace: true } });
    expect(wantedQuarters(config)).to.deep.equal([]);
    expect(namespacesOf(config.cluster)).to.deep.equal(["millrace"]);
  });

  it("need the Secrets that people have made, each once", () => {
    const config = load({
      "millrace:images": { pullSecret: "regcred" },
      "millrace:services": {
        objectStore: {
          server: "existing",
          existing: { host: "s3.example", secretName: "s3-keys", caSecretName: "s3-ca" },
        },
        kafka: {
          existing: {
            bootstrapServers: "b1.example:9092",
            securityProtocol: "SASL_SSL",
            saslMechanism: "PLAIN",
            secretName: "kafka-login",
          },
          replicationFactor: 1,
        },
      },
    });
    expect(handMadeSecrets(config).sort()).to.deep.equal(["kafka-login", "regcred", "s3-ca", "s3-keys"]);
    expect(handMadeSecrets(load({}))).to.deep.equal([]);
  });

  it("have names that Kubernetes takes, or the config is refused", () => {
    const long = "n".repeat(58);
    expect(() => load({ "millrace:cluster": { ...cloud, namespace: long } })).to.throw(
      `millrace:cluster.namespace: received "${long}", and namespace "${long}-users" beside it is longer than the 63 characters`,
    );
    const given = { ...cloud, namespace: long, existingNamespace: true };
    expect(load({ "millrace:cluster": given }).cluster.namespace).to.equal(long);
    expect(() => load({ "millrace:cluster": { ...given, quotas: { jobs: { pods: 5 } } } })).to.throw(
      "millrace:cluster.quotas: with existingNamespace everything is in the one namespace",
    );
  });
});
