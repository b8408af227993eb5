"""Runs a coordinator until queries of several kinds have been answered. When it ends, Java writes the classes that it used to
$CLASS_ARCHIVE. Cassandra, Kafka, a metastore and S3 are not there: a query that needs one must fail, and is made for
the classes that it takes."""

import json
import os
import pathlib
import urllib.request

from training import Untrained, train

URL = "http://127.0.0.1:8080"
ETC = pathlib.Path("/tmp/etc")
ARCHIVE = os.environ["CLASS_ARCHIVE"]
CONFIG = {
    "coordinator": "true",
    "node-scheduler.include-coordinator": "true",
    "discovery-server.enabled": "true",
    "http-server.http.port": "8080",
    "discovery.uri": URL,
    "deprecated.legacy-timestamp": "false",
}
NODE = {"node.environment": "training", "node.data-dir": "/tmp/data", "node.internal-address": "127.0.0.1"}
S3 = {"hive.s3.endpoint": "http://127.0.0.1:9", "hive.s3.path-style-access": "true", "hive.s3.ssl.enabled": "false"}
CATALOGS = {
    "lake": {
        "connector.name": "iceberg",
        "iceberg.catalog.type": "HADOOP",
        "iceberg.catalog.warehouse": "file:/tmp/warehouse",
    },
    "store": {
        **S3,
        "connector.name": "iceberg",
        "iceberg.catalog.type": "HIVE",
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "file:/tmp/metastore",
        "hive.s3.max-client-retries": "0",
        "hive.s3.max-error-retries": "0",
    },
    "remote": {
        **S3,
        "connector.name": "iceberg",
        "iceberg.catalog.type": "HIVE",
        "hive.metastore.uri": "thrift://127.0.0.1:9",
        "hive.metastore-timeout": "1s",
    },
    "cassandra": {
        "connector.name": "cassandra",
        "cassandra.contact-points": "127.0.0.1",
        "cassandra.native-protocol-port": "9",
        "cassandra.load-policy.use-dc-aware": "true",
        "cassandra.load-policy.dc-aware.local-dc": "dc1",
        "cassandra.no-host-available-retry-timeout": "1s",
        "cassandra.username": "training",
        "cassandra.password": "training",
    },
    "kafka": {
        "connector.name": "kafka",
        "kafka.nodes": "127.0.0.1:9",
        "kafka.table-names": "training",
        "kafka.hide-internal-columns": "false",
    },
}
COLUMNS = "id varchar, node varchar, metric varchar, value double, ts timestamp, day date, big bigint, good boolean"
QUERIES = [
    "SHOW CATALOGS",
    "SELECT node_id, state FROM system.runtime.nodes",
    "CREATE SCHEMA lake.training",
    "CREATE SCHEMA store.training",
    f"CREATE TABLE lake.training.samples ({COLUMNS}) WITH (partitioning = ARRAY['node'])",
    "INSERT INTO lake.training.samples VALUES ('a', 'n', 'm', 1.5, TIMESTAMP '2020-01-01 00:00:00', DATE '2020-01-01', 1, true), "
    "('b', 'n', 'm', 2.5, TIMESTAMP '2020-01-02 00:00:00', DATE '2020-01-02', 2, false)",
    "SELECT node, metric, count(*), avg(value), max(ts), approx_percentile(value, 0.5), max_by(id, ts), count(DISTINCT id) "
    "FROM lake.training.samples WHERE ts > TIMESTAMP '2019-01-01 00:00:00' AND value > 0.5 GROUP BY 1, 2 ORDER BY 1 LIMIT 5",
    "SELECT a.id, b.id, row_number() OVER (PARTITION BY a.node ORDER BY a.ts) FROM lake.training.samples a "
    "JOIN lake.training.samples b ON a.id = b.id WHERE a.metric LIKE 'm%' AND json_extract_scalar('{\"a\":1}', '$.a') = '1'",
    "SELECT date_trunc('hour', ts), cast(value AS varchar), coalesce(id, node), regexp_like(id, 'a') FROM lake.training.samples "
    "UNION ALL SELECT current_timestamp, 'x', 'y', true",
    'SELECT * FROM lake.training."samples$snapshots"',
    "SELECT table_name, column_name, data_type FROM lake.information_schema.columns WHERE table_schema = 'training'",
    "SHOW SCHEMAS FROM lake",
    "SHOW TABLES FROM lake.training",
    "EXPLAIN SELECT * FROM lake.training.samples",
    "DESCRIBE kafka.default.training",
    "DROP TABLE lake.training.samples",
]
# Each must fail.
WITHOUT_SERVICE = [
    "CREATE TABLE store.training.samples (id varchar) WITH (location = 's3a://training/samples')",
    "SELECT count(*) FROM remote.training.samples",
    "SELECT * FROM cassandra.training.samples",
]


def write(path: pathlib.Path, settings: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


def ask(url: str, sql: str | None = None) -> dict:
    headers = {"X-Presto-User": "training", "X-Presto-Time-Zone": "UTC"}
    with urllib.request.urlopen(urllib.request.Request(url, sql and sql.encode(), headers), timeout=600) as answer:
        return json.load(answer)


def run(sql: str) -> str | None:
    """Gives what was wrong, if anything."""
    answer = ask(f"{URL}/v1/statement", sql)
    while "nextUri" in answer:
        answer = ask(answer["nextUri"])
    return answer.get("error", {}).get("message")


def is_started() -> bool | None:
    try:
        return None if ask(f"{URL}/v1/info")["starting"] else True
    except OSError:
        return None


def work(_: bool) -> None:
    for sql in QUERIES:
        error = run(sql)
        if error is not None:
            raise Untrained(f"{sql}: {error}")
    for sql in WITHOUT_SERVICE:
        print(f"{sql}: {run(sql)}", flush=True)


if __name__ == "__main__":
    pathlib.Path("/tmp/warehouse").mkdir()
    write(ETC / "config.properties", CONFIG)
    write(ETC / "node.properties", NODE)
    write(ETC / "log.properties", {"com.facebook.presto": "INFO"})
    for name, settings in CATALOGS.items():
        write(ETC / "catalog" / f"{name}.properties", settings)
    options = ["-server", "-Xmx1G", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-XX:ArchiveClassesAtExit={ARCHIVE}", "-Xlog:disable"]
    (ETC / "jvm.config").write_text("\n".join([*options, "-Djava.io.tmpdir=/tmp", "-Duser.timezone=UTC", ""]))
    keys = {"AWS_ACCESS_KEY_ID": "training", "AWS_SECRET_ACCESS_KEY": "training"}
    train(["/opt/entrypoint.sh", "--etc-dir", str(ETC)], keys, is_started, work)
