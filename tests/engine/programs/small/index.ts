/** A small program for the engine's specs: what it makes is decided by its configuration `small:wanted`. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

interface Wanted {
  readonly kubeconfig: string;
  readonly value: string;
  readonly extra: boolean;
  readonly brokenName?: string;
  readonly jobImage: string;
}

const wanted = new pulumi.Config().requireObject<Wanted>("wanted");

class Box extends pulumi.ComponentResource {
  readonly secretName: pulumi.Output<string>;
  readonly password: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("test:index:Box", name, {}, opts);
    const password = new random.RandomPassword(`${name}-password`, { length: 24, special: false }, { parent: this });
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      { metadata: { name: `${name}-secret`, namespace: "box" }, stringData: { password: password.result } },
      { parent: this, dependsOn: [namespace] },
    );
    this.password = password.result;
    this.secretName = secret.metadata.name;
    this.registerOutputs({ secretName: this.secretName });
  }
}

const provider = new k8s.Provider("cluster", { kubeconfig: wanted.kubeconfig, enableConfigMapMutable: true });
const opts = { provider };
const namespace = new k8s.core.v1.Namespace("box", { metadata: { name: "box" } }, opts);
const box = new Box("box", { providers: [provider] });
new k8s.core.v1.ConfigMap(
  "settings",
  { metadata: { name: wanted.brokenName ?? "settings", namespace: "box" }, data: { value: wanted.value } },
  { ...opts, dependsOn: [namespace] },
);
if (wanted.extra) {
  new k8s.core.v1.ConfigMap(
    "extra",
    { metadata: { name: "extra", namespace: "box" }, data: {} },
    { ...opts, dependsOn: [namespace] },
  );
}
const job = new k8s.batch.v1.Job(
  "job",
  {
    metadata: { name: "job", namespace: "box", annotations: { "pulumi.com/skipAwait": "true" } },
    spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: wanted.jobImage }] } } },
  },
  { ...opts, dependsOn: [namespace] },
);

export const secretName = box.secretName;
export const password = box.password;
export const jobName = job.metadata.name;
/** What the program is told of the engine that runs it. */
export const engine = process.env["MILLRACE_ENGINE"];
