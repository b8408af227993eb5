"""Writes to Cassandra by Spark's connector, for the queries of all rooms.

Environment, with defaults:
  CASSANDRA_CONTACT_POINTS         host,host
  CASSANDRA_PORT=9042              CASSANDRA_DATACENTER=datacenter1
  CASSANDRA_USER                   CASSANDRA_PASSWORD
"""

import os
import sys
import threading
from typing import Callable

from pyspark.sql import DataFrame, SparkSession

from stream_lake import Sink
from stream_records import java, setting


def settings() -> dict[str, str]:
    """Of Spark's connector. Few cores write, and a node that does not answer must not hold the executor for long."""
    return {
        "spark.cassandra.connection.host": setting("CASSANDRA_CONTACT_POINTS"),
        "spark.cassandra.connection.port": setting("CASSANDRA_PORT", "9042"),
        "spark.cassandra.connection.localDC": setting("CASSANDRA_DATACENTER", "datacenter1"),
        "spark.cassandra.auth.username": setting("CASSANDRA_USER"),
        # Spark's pages and logs show settings whose name has `password` in it as (redacted).
        "spark.cassandra.auth.password": setting("CASSANDRA_PASSWORD"),
        "spark.cassandra.connection.timeoutMS": "5000",
        "spark.cassandra.read.timeoutMS": "5000",
        "spark.cassandra.query.retry.count": "1",
        # By default up to a minute, long after an outage is over.
        "spark.cassandra.connection.reconnectionDelayMS.max": "5000",
        # A session outlives the time between two batches: opening one costs more than a batch.
        "spark.cassandra.connection.keepAliveMS": "30000",
        # A write takes long on a busy node, most of it waiting: with 16 at a time 20,000 rows take about 15 round trips.
        "spark.cassandra.output.concurrent.writes": "16",
        "spark.cassandra.output.batch.size.bytes": "16384",
        # A deviation that is null writes nothing, where a null would leave a tombstone.
        "spark.cassandra.output.ignoreNulls": "true",
    }


#: Cassandra's driver can wait for ever, when its connection breaks while it reads the schema: a write ends long before.
HANGS_AFTER_SECONDS = 90


def start_anew(what: str) -> None:
    """Ends the driver, which goes on from its checkpoints when Kubernetes has started it again."""
    print(f"{what}: no end after {HANGS_AFTER_SECONDS} s; the driver starts anew", file=sys.stderr, flush=True)
    os._exit(1)


def unless_it_hangs(what: str, action: Callable[[], None]) -> None:
    watch = threading.Timer(HANGS_AFTER_SECONDS, start_anew, [what])
    watch.daemon = True
    watch.start()
    try:
        action()
    finally:
        watch.cancel()


def forget_sessions(spark: SparkSession) -> None:
    """Closes the driver's sessions with Cassandra: one that has lost its node may wait for ever when it is used again."""
    java(spark, "com.datastax.spark.connector.cql.CassandraConnector").evictCache()


def save(sink: Sink, keyspace: str, table: str, rows: DataFrame) -> None:
    """Writes rows until it works; a row with a key that is there replaces that one."""
    writer = rows.write.format("org.apache.spark.sql.cassandra").mode("append")
    what = f"{keyspace}.{table}"

    def attempt() -> None:
        try:
            unless_it_hangs(what, writer.options(keyspace=keyspace, table=table).save)
        except Exception:
            forget_sessions(sink.spark)
            raise

    sink.write(what, attempt)
