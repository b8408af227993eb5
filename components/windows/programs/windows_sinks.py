"""What the streams make of random numbers, and of time windows of both topics, in the lake and in Cassandra.

A batch groups its records by stream, series (the run of marked records, else `pumps` or the node), metric and window, and
adds a part to each window: count, mean, deviation, minimum and maximum. Readers merge the parts of a window. So nothing is
kept between batches and no record is late. A part is named after the place of its first record in Kafka, so a batch that
is repeated names the same parts.

In the lake, exactly once:
  random_numbers.samples, random_numbers.dead_letter   random numbers; those that are wrong, with the reason
  streaming.windows                                    parts of both streams
In Cassandra, by a query of its own, each row as often as need be, for its key is always the same:
  streaming.windows, streaming.records, streaming.series
A write to Cassandra that neither ends nor fails ends the driver, which goes on from its checkpoints.

Environment, with defaults; those of Cassandra are in `stream_cassandra.py`:
  RANDOM_NUMBERS_TOPIC=random-numbers
  TOPIC=telemetry
  WINDOW_SECONDS=10
  CATALOG=lake
  COMPACT_WINDOWS_MINUTES=3        as COMPACT_MINUTES, for streaming.windows, which pages read every few seconds; 0: never
"""

from functools import cache
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import stream_cassandra as cassandra
import stream_rules as rules
import stream_tables as tables
from stream_lake import LakeTable, Query, Sink, Sinks
from stream_records import setting

RANDOM_NUMBERS = setting("RANDOM_NUMBERS_TOPIC", "random-numbers")
MONITORING = setting("TOPIC", "telemetry")
TOPICS = (RANDOM_NUMBERS, MONITORING)
CATALOG = setting("CATALOG", "lake")
KEYSPACE = "streaming"
#: Ran what is here, before there was one driver for all streams.
FORMER_DRIVER = "spark-windows-driver"
WINDOW_SECONDS = int(setting("WINDOW_SECONDS", "10"))
WINDOWS = """(
    stream string, series string, run string, metric string, window_start timestamp_ntz, window_seconds int,
    part string, count bigint, mean double, deviation double, minimum double, maximum double,
    last_ts timestamp_ntz, written_at timestamp_ntz
) USING iceberg PARTITIONED BY (days(window_start), stream, run)"""


def window_of(time: Column) -> Column:
    """The begin of the window that a time is in."""
    micros = F.unix_micros(time.cast("timestamp"))
    return F.timestamp_micros(micros - F.pmod(micros, F.lit(WINDOW_SECONDS * 1_000_000))).cast("timestamp_ntz")


@cache
def _with_series() -> tuple[Column, ...]:
    """Expressions that each batch uses are made once: each part of one is a call into the JVM."""
    is_random = F.col("topic") == RANDOM_NUMBERS
    return (
        F.when(is_random, F.lit("random-numbers")).otherwise(F.lit("monitoring")).alias("stream"),
        F.coalesce(F.col("r.run"), F.when(is_random, F.lit("pumps")).otherwise(F.col("r.node"))).alias("series"),
        *(F.col(f"r.{name}").alias(name) for name in ("run", "id", "node", "metric", "value")),
        *(F.col(name) for name in ("ts", "kafka_partition", "kafka_offset")),
        rules.now().alias("written_at"),
    )


def with_series(read: DataFrame) -> DataFrame:
    """Good records with the names of their stream and series."""
    return read.where("error is null").select(*_with_series())


@cache
def _part() -> tuple[tuple[Column, ...], tuple[Column, ...], tuple[Column, ...]]:
    """Keys, figures, and what is made of both."""
    value = F.col("value")
    keys = tuple(F.col(name) for name in ("stream", "series", "run", "metric"))
    figures = (
        F.min(F.struct("kafka_partition", "kafka_offset")).alias("first"),
        F.count(F.lit(1)).alias("count"),
        F.avg(value).alias("mean"),
        F.stddev_samp(value).alias("deviation"),
        F.min(value).alias("minimum"),
        F.max(value).alias("maximum"),
        F.max("ts").alias("last_ts"),
        F.max("written_at").alias("written_at"),
    )
    part = F.concat_ws("-", "first.kafka_partition", "first.kafka_offset").alias("part")
    made = (
        *(F.col(name) for name in ("stream", "series", "run", "metric", "window_start")),
        F.lit(WINDOW_SECONDS).alias("window_seconds"),
        part,
        *(F.col(name) for name in ("count", "mean", "deviation", "minimum", "maximum", "last_ts", "written_at")),
    )
    return (*keys, window_of(F.col("ts")).alias("window_start")), figures, made


def parts(good: DataFrame) -> DataFrame:
    """A part of each window that the records are in; see the head of this file."""
    keys, figures, made = _part()
    return good.groupBy(*keys).agg(*figures).select(*made)


def write_cassandra(sink: Sink, read: DataFrame, _epoch: int) -> None:
    good = with_series(read)
    rows = _rows()
    # What pages draw comes first.
    cassandra.save(sink, KEYSPACE, "windows", parts(good).select(*rows.windows))
    cassandra.save(sink, KEYSPACE, "records", good.select(*rows.records))
    cassandra.save(sink, KEYSPACE, "series", good.groupBy(*rows.series).agg(rows.last))


class Rows(NamedTuple):
    """What Cassandra's tables are made of."""

    windows: tuple[Column, ...]
    records: tuple[Column, ...]
    series: tuple[Column, ...]
    last: Column


@cache
def _rows() -> Rows:
    def named(*names: str) -> tuple[Column, ...]:
        return tuple(F.col(name) for name in names)

    def time(column: str) -> Column:
        return F.col(column).cast("timestamp").alias(column)

    minute = F.date_trunc("minute", time("ts")).alias("minute")
    hour = F.date_trunc("hour", time("window_start")).alias("hour")
    figures = named("part", "window_seconds", "count", "mean", "deviation", "minimum", "maximum")
    windows = (*named("stream", "series", "metric"), hour, *figures, *map(time, ("window_start", "last_ts", "written_at")))
    records = (*named("stream", "series"), minute, time("ts"), *named("id", "metric", "value", "node"), time("written_at"))
    return Rows(windows, records, named("stream", "series", "metric", "run"), F.max(time("ts")).alias("last_ts"))


def sinks() -> Sinks:
    numbers = f"{CATALOG}.random_numbers"
    before = {"before": "windows/lake", "former_driver": FORMER_DRIVER}
    # Pages ask for its newest rows every few seconds, and each file costs Presto some ten milliseconds.
    often = tables.Upkeep("written_at", float(setting("COMPACT_WINDOWS_MINUTES", "3")), age_minutes=1, least_files=8)
    return Sinks(
        lake=(
            LakeTable(f"{numbers}.samples", tables.SAMPLES, (RANDOM_NUMBERS,), rules.samples, **before),
            LakeTable(
                f"{numbers}.dead_letter",
                tables.DEAD_LETTER,
                (RANDOM_NUMBERS,),
                rules.dead_letters,
                of_good=False,
                **before,
            ),
            LakeTable(
                f"{CATALOG}.streaming.windows",
                WINDOWS,
                TOPICS,
                lambda batch: parts(with_series(batch)),
                names_offsets=False,
                upkeep=often,
                **before,
            ),
        ),
        queries=(
            Query(
                "cassandra",
                "spark-windows-cassandra",
                TOPICS,
                "windows/cassandra",
                write_cassandra,
                former_driver=FORMER_DRIVER,
            ),
        ),
        settings=cassandra.settings(),
        former_groups=("spark-windows-lake",),
    )
