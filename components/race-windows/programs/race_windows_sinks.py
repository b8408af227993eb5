"""What the streams make of the race cars' samples: figures of each car in windows of time, as rows of Cassandra.

Spark keeps the open windows, and the ids in them. A window closes when a sample comes whose time is LATENESS_SECONDS after its
end; then its row is written, once and for all. A sample of a closed window is late: it is dropped and counted, as is one whose id its
window has. `reference.ts` says the same for the proof.

A batch that is repeated after a crash gives the same rows, which replace those that are there. So does a query without its checkpoint,
which begins with the oldest sample that Kafka has.

What is no sample goes to the topic of dead letters with its reason. It is read by a branch of its own in the same query: Spark's
stateful operators let nothing pass but what they make.

Environment, with defaults; those of Cassandra are in `stream_cassandra.py`:
  RACE_TOPIC=race
  RACE_DEAD_LETTER_TOPIC=race-dead-letter
  RACE_WINDOW_SECONDS=10           RACE_LATENESS_SECONDS=5
"""

from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import race_schema
import stream_cassandra as cassandra
import stream_rules as rules
from stream_lake import Query, Sink, Sinks
from stream_records import kafka_settings, setting
from stream_schema import RecordSchema

TOPIC = setting("RACE_TOPIC", "race")
DEAD_LETTERS = setting("RACE_DEAD_LETTER_TOPIC", "race-dead-letter")
WINDOW_SECONDS = int(setting("RACE_WINDOW_SECONDS", "10"))
LATENESS_SECONDS = int(setting("RACE_LATENESS_SECONDS", "5"))
KEYSPACE, TABLE = "race", "windows"
ENGINE = "spark"
SCHEMA = RecordSchema(race_schema.TEXT)
TYRES = ("tyreTempFl", "tyreTempFr", "tyreTempRl", "tyreTempRr")
#: What windows are made of.
FIELDS = ("id", "car", "speed", "battery", "engineTemp", *TYRES, "distance", "lap")
FIGURES = (
    *("count", "speed_mean", "speed_min", "speed_max", "battery_min", "engine_temp_max", "tyre_temp_max"),
    *("distance_max", "lap_max"),
)
#: As the ingest writes them.
LETTER_VERSION = 1


class Figures(NamedTuple):
    """Of a window."""

    sums: tuple[Column, ...]
    made: tuple[Column, ...]


def figures() -> Figures:
    speed = F.col("speed")
    sums = (
        F.count(F.lit(1)).alias("count"),
        # Exact, so that the mean is the same in whichever order samples come, and in every engine.
        F.sum(speed.cast("decimal(12,3)")).alias("speed_sum"),
        F.min(speed).alias("speed_min"),
        F.max(speed).alias("speed_max"),
        F.min("battery").alias("battery_min"),
        F.max("engineTemp").alias("engine_temp_max"),
        F.max(F.greatest(*TYRES)).alias("tyre_temp_max"),
        F.max("distance").alias("distance_max"),
        F.max("lap").cast("int").alias("lap_max"),
    )
    mean = (F.col("speed_sum").cast("double") / F.col("count")).alias("speed_mean")
    return Figures(sums, tuple(mean if name == "speed_mean" else F.col(name) for name in FIGURES))


def windows(read: DataFrame) -> DataFrame:
    """The windows that have closed, of a stream of samples."""
    good = read.where("error is null").select("ts", "r.*")
    in_windows = good.withWatermark("ts", f"{LATENESS_SECONDS} seconds").withColumn(
        "window", F.window("ts", f"{WINDOW_SECONDS} seconds")
    )
    sums, made = figures()
    once = in_windows.dropDuplicates(["car", "id", "window"])
    return once.groupBy("car", "window").agg(*sums).select("car", F.col("window.start").alias("window_start"), *made)


def letters(read: DataFrame) -> DataFrame:
    """What is no sample, as the ingest writes it for clients."""
    run = F.coalesce(rules.header_run(), F.when(F.col("r.run").rlike(rules.RUN_PATTERN), F.col("r.run")))
    place = F.concat_ws("-", F.col("topic"), F.col("kafka_partition"), F.col("kafka_offset"))
    kept = F.substring("value", 1, SCHEMA.schema["x-most-bytes"])
    letter = F.struct(
        F.lit(LETTER_VERSION).alias("v"),
        F.col("topic"),
        F.col("error").alias("reason"),
        run.alias("run"),
        place.alias("client"),
        F.lit("kafka").alias("way"),
        F.date_format("kafka_time", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX").alias("at"),
        F.coalesce(F.octet_length("value"), F.lit(0)).alias("bytes"),
        F.translate(F.base64(kept), "\r\n", "").alias("base64"),
    )
    return read.where("error is not null").select(
        place.alias("key"), F.to_json(letter, {"ignoreNullFields": "false"}).alias("value"), run.alias("run")
    )


def plan(source: DataFrame) -> DataFrame:
    """Windows that have closed and letters, told apart by what they lack."""
    # One task: at these rates a second one only costs.
    records = source.coalesce(1)
    made = windows(SCHEMA.read(records, FIELDS))
    return made.unionByName(letters(SCHEMA.read(records, ("run",))), allowMissingColumns=True)


def write(sink: Sink, batch: DataFrame, _epoch: int) -> None:
    """A batch is made once: each look at it would move the windows anew."""
    kept = batch.persist()
    try:
        has_letters = {row["is_letter"] for row in kept.select(F.col("key").isNotNull().alias("is_letter")).distinct().collect()}
        if False in has_letters:
            cassandra.save(sink, KEYSPACE, TABLE, rows(kept.where("key is null")))
        if True in has_letters:
            sink.write(DEAD_LETTERS, lambda: send(kept.where("key is not null")))
    finally:
        kept.unpersist()


def rows(closed: DataFrame) -> DataFrame:
    return closed.select(
        F.lit(ENGINE).alias("engine"),
        F.col("car"),
        F.date_trunc("hour", "window_start").alias("hour"),
        F.col("window_start"),
        F.lit(WINDOW_SECONDS).alias("window_seconds"),
        *(F.col(name) for name in FIGURES),
        rules.now().cast("timestamp").alias("written_at"),
    )


def send(bad: DataFrame) -> None:
    """A batch that is repeated sends them again, under the same keys: the place of each in Kafka."""
    header = F.struct(F.lit("millrace-run").alias("key"), F.col("run").cast("binary").alias("value"))
    headers = F.when(F.col("run").isNotNull(), F.array(header)).alias("headers")
    writer = bad.select("key", "value", headers).write.format("kafka").option("includeHeaders", "true")
    writer.options(**{f"kafka.{name}": value for name, value in kafka_settings().items()}).option("topic", DEAD_LETTERS).save()


def sinks() -> Sinks:
    return Sinks(
        lake=(),
        queries=(
            Query(
                "race",
                "spark-race-windows",
                (TOPIC,),
                # What is kept of open windows is of no use to windows of another length.
                f"race/windows-{WINDOW_SECONDS}s-{LATENESS_SECONDS}s",
                write,
                plan=plan,
            ),
        ),
        settings=cassandra.settings(),
    )
