/** The program that the engines run: the objects of its configuration `bench:wanted`, in the cluster of its kubeconfig. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { objectsOf, type WantedObjects } from "./objects.ts";

const config = new pulumi.Config("bench");
const provider = new k8s.Provider("cluster", {
  kubeconfig: config.require("kubeconfig"),
  enableConfigMapMutable: true,
  enableSecretMutable: true,
});
const make = { ConfigMap: k8s.core.v1.ConfigMap, Service: k8s.core.v1.Service };
for (const { kind, ...args } of objectsOf(config.requireObject<WantedObjects>("wanted"))) {
  new make[kind](args.metadata.name, args as k8s.types.input.core.v1.ConfigMap & k8s.types.input.core.v1.Service, {
    provider,
  });
}
