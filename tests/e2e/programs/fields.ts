/** Objects whose keys, variables, users and ports are those of the configuration `bench:keys`. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config("bench");
const keys = config.require("keys").split(",");
const provider = new k8s.Provider("cluster", {
  kubeconfig: config.require("kubeconfig"),
  enableConfigMapMutable: true,
  enableSecretMutable: true,
});
// There is nobody here who would start a pod.
const metadata = { name: "fields", namespace: "default", annotations: { "pulumi.com/skipAwait": "true" } };
const each = (text: (key: string) => string) => Object.fromEntries(keys.map((key) => [key, text(key)]));
const labels = { app: "fields" };
const ports = keys.map((name, index) => ({ name, port: 80 + index }));
const env = keys.map((key) => ({ name: key.toUpperCase(), value: key }));
const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "example.com/a:1", env }] } };

new k8s.core.v1.ConfigMap("settings", { metadata, data: each((key) => `value of ${key}`) }, { provider });
new k8s.core.v1.Secret("users", { metadata, stringData: each((key) => `password of ${key}`) }, { provider });
new k8s.core.v1.Service("ports", { metadata, spec: { selector: labels, ports } }, { provider });
new k8s.apps.v1.Deployment("app", { metadata, spec: { selector: { matchLabels: labels }, template } }, { provider });
