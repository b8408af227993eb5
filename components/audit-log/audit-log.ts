/** The audit log: one program that asks services and logs what people did. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { Ready } from "../../platform/endpoints.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, podsAt } from "../../platform/network.ts";
import { toldEnv, type Watchable } from "../../platform/watchable.ts";
import { deployment, httpProbes, type Resources, service } from "../../platform/workload.ts";
import type { LogsEndpoint } from "../logs/endpoint.ts";
import type { PrestoEndpoint } from "../presto/endpoint.ts";
import { AUDIT_PORT, AUDITOR } from "./names.ts";

const ROLE = "clerk";
/** Time in which it writes what it knows when it is told to stop, in seconds. */
const STOP_SECONDS = 30;

export interface AuditLogArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly resources: Resources;
  readonly logs: LogsEndpoint;
  /** By what the table is written. @default - there is none: the log alone has it */
  readonly presto?: PrestoEndpoint | undefined;
  readonly keepDays: number;
  readonly writeMinutes: number;
  /** Services that are asked. */
  readonly audits: readonly Watchable[];
}

export class AuditLog extends Component {
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: pulumi.Output<string>;
  /** Made when it asks. */
  readonly ready: Ready;

  constructor(name: string, args: AuditLogArgs, opts?: ComponentOptions) {
    const { namespace, logs, presto, keepDays, writeMinutes, audits } = args;
    super("AuditLog", name, { keepDays, writeMinutes }, opts);
    const childOptions = { parent: this };
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    service(name, { ...meta, ports: { http: AUDIT_PORT } }, childOptions);
    const clerk: k8s.apps.v1.Deployment = deployment(
      {
        name,
        namespace,
        replicas: 1,
        // Two would each write what the other one does.
        strategy: "Recreate",
        pod: {
          service: name,
          component: ROLE,
          reaches: [logs.at, ...(presto ? [presto.at] : []), ...audits.flatMap(({ reaches }) => reaches)],
          image: args.toolsImage,
          command: ["node", "--max-old-space-size=64", "/opt/millrace/components/audit-log/programs/audit-log.ts"],
          env: [
            ...toldEnv("AUDIT_CONFIG", audits),
            { name: "LOGS_URL", value: logs.url },
            ...(presto === undefined ? [] : [{ name: "PRESTO_URL", value: presto.url }]),
            { name: "PRESTO_USER", value: AUDITOR },
            { name: "KEEP_DAYS", value: String(keepDays) },
            { name: "WRITE_SECONDS", value: String(writeMinutes * 60) },
            { name: "PORT", value: String(AUDIT_PORT) },
          ],
          ports: { http: AUDIT_PORT },
          resources: args.resources,
          probes: httpProbes(AUDIT_PORT, "/healthz"),
          metrics: { port: AUDIT_PORT },
          scratch: ["/tmp"],
          terminationGracePeriodSeconds: STOP_SECONDS,
        },
      },
      childOptions,
    );
    this.at = podsAt({ service: name, component: ROLE }, [AUDIT_PORT], "the audit log");
    this.url = pulumi.output(namespace).apply((known) => `http://${serviceHost(name, known)}:${AUDIT_PORT}`);
    this.ready = [clerk];
    this.registerOutputs({ url: this.url });
  }
}
