/** What the page of metrics lets through: reading. Figures come by being read from pods alone, so that nobody fills the store with series. */

/** Paths of VictoriaMetrics that read, and of vmalert behind it. Each is a whole path, as a regular expression. */
const READING = [
  "/?",
  "/health",
  "/(prometheus/)?(vmui|graph)(/.*)?",
  "/(prometheus/)?api/v1/(query|query_range|query_exemplars|series|labels|label/[^/]+/values|metadata|export|export/csv)",
  "/(prometheus/)?api/v1/(status/(tsdb|active_queries|top_queries|metric_names_stats|buildinfo)|targets|rules|alerts)",
  "/(prometheus/)?(federate|targets|service-discovery|expand-with-exprs|prettify-query|metric-relabel-debug)",
  "/vmalert",
  "/vmalert/(home|groups|rule|alert|alerts|notifiers|static/.*|api/v1/(rules|alerts|rule|alert|group|notifiers))",
  "/favicon.ico",
];

/** Configuration of vmauth. JSON is YAML. @param store `http://host:port` */
export function proxyConfig(store: string): object {
  return { unauthorized_user: { url_map: [{ src_paths: READING, url_prefix: `${store}/` }] } };
}
