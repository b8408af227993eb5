/** The resource monitor: Pulumi's gRPC service that a program registers its resources with. */

import * as grpc from "@grpc/grpc-js";
import resource from "@pulumi/pulumi/proto/resource_pb.js";
import type { Program } from "./config.ts";
import type { Deployment } from "./deployment.ts";
import type { Goal } from "./goal.ts";
import { flattenOutputs, type Props } from "./values.ts";
import { Empty, fromStruct, toStruct, unary } from "./wire.ts";

const features = ["secrets", "resourceReferences", "outputValues", "deletedWith"];

export function monitorHandlers(
  program: Program,
  deployment: Deployment,
  stop: AbortSignal,
): grpc.UntypedServiceImplementation {
  // UNAVAILABLE makes the program end quietly: the engine has said, or will say, why.
  const code = () => (stop.aborted ? grpc.status.UNAVAILABLE : grpc.status.UNKNOWN);
  const refuse = (what: string) =>
    unary(() => {
      throw new Error(`the local engine has no ${what}; use the official pulumi CLI for this program`);
    }, code);
  return {
    supportsFeature: unary((request: resource.SupportsFeatureRequest) => {
      const response = new resource.SupportsFeatureResponse();
      response.setHassupport(features.includes(request.getId()));
      return response;
    }, code),
    getDeploymentInfo: unary(() => {
      const response = new resource.DeploymentInfo();
      response.setProject(program.project.name);
      response.setStack(program.stack);
      response.setOrganization("organization");
      response.setDryrun(program.preview);
      response.setParallel(program.parallel);
      const known = resource.ResourceMonitorFeature;
      response.setSupportedfeaturesList([
        known.RESOURCE_MONITOR_FEATURE_SECRETS,
        known.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
        known.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
        known.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
      ]);
      return response;
    }, code),
    registerResource: unary(async (request: resource.RegisterResourceRequest) => {
      if (stop.aborted) {
        throw new Error("the run was stopped");
      }
      if (request.getRemote() || request.getImportid() !== "") {
        throw new Error(
          `the local engine has no ${request.getRemote() ? "remote components" : "imports"}; use the official pulumi CLI`,
        );
      }
      const registered = await deployment.register(goalOf(request));
      const response = new resource.RegisterResourceResponse();
      response.setUrn(registered.urn);
      response.setId(registered.id);
      response.setObject(toStruct(registered.outputs));
      response.setResult(registered.failed === true ? resource.Result.FAIL : resource.Result.SUCCESS);
      return response;
    }, code),
    registerResourceOutputs: unary(async (request: resource.RegisterResourceOutputsRequest) => {
      await deployment.registerOutputs(request.getUrn(), flattenOutputs(fromStruct(request.getOutputs())) as Props);
      return new Empty();
    }, code),
    readResource: unary(async (request: resource.ReadResourceRequest) => {
      const read = await deployment.read({
        type: request.getType(),
        name: request.getName(),
        parent: request.getParent(),
        id: request.getId(),
        provider: request.getProvider(),
        version: request.getVersion(),
        dependencies: request.getDependenciesList(),
        inputs: flattenOutputs(fromStruct(request.getProperties())) as Props,
      });
      const response = new resource.ReadResourceResponse();
      response.setUrn(read.urn);
      response.setProperties(toStruct(read.outputs));
      return response;
    }, code),
    signalAndWaitForShutdown: unary(() => new Empty(), code),
    registerPackage: refuse("parameterized packages"),
    invoke: refuse("provider functions (invoke)"),
    call: refuse("method calls on resources"),
    existsResource: refuse("existence checks"),
    registerStackTransform: refuse("transforms"),
    registerStackInvokeTransform: refuse("transforms"),
    registerResourceHook: refuse("resource hooks"),
    registerErrorHook: refuse("error hooks"),
  };
}

function goalOf(request: resource.RegisterResourceRequest): Goal {
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((dependencies, key) => {
    propertyDependencies[key] = dependencies.getUrnsList();
  });
  const timeouts = request.getCustomtimeouts();
  return {
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
    custom: request.getCustom(),
    inputs: flattenOutputs(fromStruct(request.getObject())) as Props,
    provider: request.getProvider(),
    version: request.getVersion(),
    dependencies: request.getDependenciesList(),
    propertyDependencies,
    aliases: request.getAliasurnsList(),
    protect: request.getProtect() === true,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    deletedWith: request.getDeletedwith(),
    timeouts: {
      ...seconds("create", timeouts?.getCreate()),
      ...seconds("update", timeouts?.getUpdate()),
      ...seconds("delete", timeouts?.getDelete()),
    },
  };
}

/** A Go duration such as `1h2m3.5s` as seconds. */
function seconds<K extends string>(key: K, duration: string | undefined): { [P in K]?: number } {
  if (duration === undefined || duration === "") {
    return {};
  }
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  let total = 0;
  for (const [, amount, unit] of duration.matchAll(/([\d.]+)(h|ms|m|s)/g)) {
    total += Number(amount) * (units[unit ?? ""] ?? 0);
  }
  return { [key]: total } as { [P in K]?: number };
}
