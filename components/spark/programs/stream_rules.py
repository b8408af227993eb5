"""Records of telemetry, and of each topic with the same schema: good ones are samples, all others dead letters.

Nothing that a sender can write raises here. `components/telemetry/programs/read-record.ts` is the reader in TypeScript.
"""

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import telemetry_schema
from stream_schema import RecordSchema

SCHEMA = RecordSchema(telemetry_schema.TEXT)
FIELDS = ("id", "run", "source", "node", "metric", "value")
DEAD_LETTER_CHARACTERS = 4096
# To the very end of the text: `$` would also do before a line's end.
RUN_PATTERN = r"^[A-Za-z0-9._:-]{1,64}(?![\s\S])"


def now() -> Column:
    """The time at which a record is worked on. Spark's own is a constant of a batch's code, which is compiled anew for each."""
    milliseconds = "java_method('java.lang.System', 'currentTimeMillis')"
    return F.expr(f"timestamp_millis(cast({milliseconds} as bigint))").cast("timestamp_ntz")


def read(source: DataFrame) -> DataFrame:
    """Kafka's records, parsed, each with `error`: null, or what is wrong with it."""
    return SCHEMA.read(source, FIELDS).select(*_read())


@cache
def _read() -> tuple[Column, ...]:
    """A batch keeps no more of its records than its sinks need; what a dead letter says, only of bad ones."""
    is_bad = F.col("error").isNotNull()
    # Cut as bytes first: text that is no UTF-8 can't be cut by characters, and a big one need not be looked through.
    text = F.make_valid_utf8(F.substring("value", 1, 4 * DEAD_LETTER_CHARACTERS).cast("string"))
    return (
        *(F.col(name) for name in ("topic", "kafka_partition", "kafka_offset", "r", "error")),
        F.col("ts").cast("timestamp_ntz").alias("ts"),
        now().alias("ingested_at"),
        F.when(is_bad, F.make_valid_utf8(F.col("key").cast("string"))).alias("key"),
        F.when(is_bad, F.substring(text, 1, DEAD_LETTER_CHARACTERS)).alias("text"),
        F.when(is_bad, header_run()).alias("header_run"),
    )


def header_run() -> Column:
    """The run by the first header of that name; null where it can be none."""
    first = F.expr("try_element_at(filter(headers, h -> h.key = 'millrace-run'), 1).value")
    text = F.try_validate_utf8(first.cast("string"))
    return F.when(text.rlike(RUN_PATTERN), text)


@cache
def _sample() -> tuple[Column, ...]:
    """Expressions that each batch uses are made once: each part of one is a call into the JVM."""
    fields = ("id", "run", "source", "node")
    return (
        *(F.col(f"r.{field}").alias(field) for field in fields),
        F.col("ts"),
        F.col("r.metric").alias("metric"),
        F.col("r.value").alias("value"),
        F.col("kafka_partition"),
        F.col("kafka_offset"),
        F.col("ingested_at"),
    )


def samples(records: DataFrame) -> DataFrame:
    return records.where("error is null").select(*_sample())


@cache
def _dead_letter() -> tuple[Column, ...]:
    """The run comes from the header, since the value may be unreadable."""
    run = F.coalesce(F.col("header_run"), F.col("r.run"))
    return (
        F.when(run.rlike(RUN_PATTERN), run).alias("run"),
        F.col("key"),
        F.col("text").alias("value"),
        *(F.col(name) for name in ("error", "kafka_partition", "kafka_offset", "ingested_at")),
    )


def dead_letters(records: DataFrame) -> DataFrame:
    return records.where("error is not null").select(*_dead_letter())
