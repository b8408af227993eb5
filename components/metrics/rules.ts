/** The alerts of all services as rules of vmalert, and their panels as dashboards of vmui and of Grafana. */
import type { Panel, Watched } from "../../platform/watching.ts";

/** What is watched of a service. */
export interface WatchedService extends Watched {
  readonly service: string;
  /** In words: "Kafka". */
  readonly title: string;
}

/** Rules in groups, one for each service. */
export function alertRules(services: readonly WatchedService[]): object {
  return {
    groups: services
      .filter(({ alerts }) => alerts.length > 0)
      .map(({ service, alerts }) => ({
        name: service,
        interval: "15s",
        rules: alerts.map(({ name, expr, forMinutes, severity, summary, runbook }) => ({
          alert: name,
          expr,
          for: `${forMinutes}m`,
          labels: { severity, room: service },
          annotations: { summary, runbook },
        })),
      })),
  };
}

const UNITS: Readonly<Record<NonNullable<Panel["unit"]>, { readonly vmui: string; readonly grafana: string }>> = {
  bytes: { vmui: "B", grafana: "bytes" },
  "bytes/s": { vmui: "B/s", grafana: "binBps" },
  seconds: { vmui: "s", grafana: "s" },
  cores: { vmui: "cores", grafana: "none" },
  "/s": { vmui: "/s", grafana: "ops" },
  "%": { vmui: "%", grafana: "percent" },
};

/** A dashboard of vmui. */
export function vmuiDashboard({ title, panels }: WatchedService): object {
  return {
    title,
    rows: [
      {
        title,
        panels: panels.map(({ title: name, lines, unit }) => ({
          title: name,
          ...(unit !== undefined && { unit: UNITS[unit].vmui }),
          expr: Object.values(lines),
          alias: Object.keys(lines),
          width: 6,
          showLegend: true,
        })),
      },
    ],
  };
}

/** The same of Grafana, with a data source of kind Prometheus that is chosen there. */
export function grafanaDashboard({ service, title, panels }: WatchedService): object {
  return {
    uid: `millrace-${service}`,
    title: `Millrace: ${title}`,
    tags: ["millrace"],
    schemaVersion: 39,
    time: { from: "now-1h", to: "now" },
    refresh: "30s",
    templating: { list: [{ name: "source", type: "datasource", query: "prometheus" }] },
    panels: panels.map(({ title: name, lines, unit }, index) => ({
      id: index + 1,
      type: "timeseries",
      title: name,
      datasource: { type: "prometheus", uid: "${source}" },
      gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
      fieldConfig: { defaults: { unit: unit === undefined ? "short" : UNITS[unit].grafana }, overrides: [] },
      targets: Object.entries(lines).map(([legendFormat, expr], line) => ({
        refId: String.fromCharCode(65 + line),
        expr,
        legendFormat,
      })),
    })),
  };
}
