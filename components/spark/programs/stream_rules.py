"""What makes a record of a stream valid, as Spark's expressions: nothing that a sender can write makes one of them raise.

`components/telemetry/programs/read-record.ts` has the same rules for the readers in TypeScript. Both are held to one table of cases:
`tests/components/telemetry/programs/record-cases.json`.
"""

import uuid
from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SCHEMA = "millrace.telemetry/1"
MAX_VALUE_BYTES = 65536
DEAD_LETTER_CHARACTERS = 4096
MAX_NAME_CHARACTERS = 256
#: Sums and squares of greater ones would be no numbers any more.
GREATEST_VALUE = 1e100
#: A record is made before it is sent. Kafka's time of it, and not the reader's, so that every reader says the same.
AHEAD = "interval 5 minutes"
NAMES = ("id", "source", "node", "metric")
FIELDS = "struct<schema string, ts string, run string, id string, source string, node string, metric string, value double, is_run boolean>"
#: What Spark says of a value that has these fields, each of its type, and no other: it names them in their order.
USUAL = (
    "^OBJECT<id: STRING, metric: STRING, node: STRING, (run: (STRING|VOID), )?schema: STRING, source: STRING, ts: STRING, "
    r"value: (BIGINT|DOUBLE|DECIMAL\(\d+,\d+\))>$"
)
# To the very end of the text: `$` would also do before a line's end.
RUN_PATTERN = r"^[A-Za-z0-9._:-]{1,64}(?![\s\S])"
TIME_PATTERN = (
    r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)(?![\s\S])"
)


def now() -> Column:
    """The time at which a record is worked on. Spark's own is a constant of a batch's code, which is compiled anew for each."""
    milliseconds = "java_method('java.lang.System', 'currentTimeMillis')"
    return F.expr(f"timestamp_millis(cast({milliseconds} as bigint))").cast("timestamp_ntz")


def read(source: DataFrame) -> DataFrame:
    """Kafka's records, parsed, each with `error`: null, or what is wrong with it."""
    # A generator reads once for each record; a column would be read anew for each use of a field.
    parsed = source.select("*", F.explode_outer(F.array(_parsed(F.col("value")))).alias("json"))
    fields = parsed.select(
        *("topic", "key", "value", "headers"),
        F.octet_length("value").alias("bytes"),
        F.is_valid_utf8(F.col("value").cast("string")).alias("is_text"),
        F.col("json").isNotNull().alias("is_json"),
        F.col("timestamp").cast("timestamp_ntz").alias("kafka_time"),
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        now().alias("ingested_at"),
        F.explode_outer(F.array(_fields(F.col("json")))).alias("r"),
    )
    is_time = F.col("r.ts").rlike(TIME_PATTERN)
    time = F.try_to_timestamp(F.when(is_time, F.col("r.ts"))).cast("timestamp_ntz")
    return fields.withColumn("ts", time).withColumn("error", problem()).select(*_read())


@cache
def _read() -> tuple[Column, ...]:
    """A batch keeps no more of its records than its sinks need; what a dead letter says, only of bad ones."""
    is_bad = F.col("error").isNotNull()
    # Cut as bytes first: text that is no UTF-8 can't be cut by characters, and a big one need not be looked through.
    text = F.make_valid_utf8(F.substring("value", 1, 4 * DEAD_LETTER_CHARACTERS).cast("string"))
    return (
        *(F.col(name) for name in ("topic", "kafka_partition", "kafka_offset", "ingested_at", "r", "ts", "error")),
        F.when(is_bad, F.make_valid_utf8(F.col("key").cast("string"))).alias("key"),
        F.when(is_bad, F.substring(text, 1, DEAD_LETTER_CHARACTERS)).alias("text"),
        F.when(is_bad, _header_run()).alias("header_run"),
    )


def _parsed(value: Column) -> Column:
    """The value as the first of a list; null when it is no JSON.

    Spark's reader stops at the end of the first value. The second one of the list, which no sender knows, tells whether
    that was the end of the text.
    """
    mark = uuid.uuid4().hex
    is_small = F.octet_length(value) <= MAX_VALUE_BYTES
    text = F.try_validate_utf8(F.when(is_small, value.cast("string")))
    both = F.try_parse_json(F.concat(F.lit("["), text, F.lit(f',"{mark}"]')))
    return F.when(F.try_variant_get(both, "$[1]", "string") == mark, both)


def _fields(json: Column) -> Column:
    """The record's fields, each null unless it is of its type.

    Nearly all records are of the usual types: one look tells it, where one for each field takes most of the time of reading.
    """
    is_usual = F.schema_of_variant(F.try_variant_get(json, "$[0]", "variant")).rlike(USUAL)
    return F.when(is_usual, F.try_variant_get(json, "$[0]", FIELDS)).otherwise(_each_field(json))


def _each_field(json: Column) -> Column:
    """The same of any record, for Spark would make text of a number and the reverse."""

    def kind(name: str) -> Column:
        return F.schema_of_variant(F.try_variant_get(json, f"$[0].{name}", "variant"))

    def text(name: str) -> Column:
        return F.when(kind(name) == "STRING", F.try_variant_get(json, f"$[0].{name}", "string")).alias(name)

    is_number = kind("value").rlike("^(BIGINT|DOUBLE|DECIMAL)")
    value = F.when(is_number, F.try_variant_get(json, "$[0].value", "double")).alias("value")
    is_run = F.coalesce(kind("run").isin("STRING", "VOID"), F.lit(True)).alias("is_run")
    return F.struct(*(text(name) for name in ("schema", "ts", "run", *NAMES)), value, is_run)


def _header_run() -> Column:
    """The run by the first header of that name; null where it can be none."""
    first = F.expr("try_element_at(filter(headers, h -> h.key = 'millrace-run'), 1).value")
    text = F.try_validate_utf8(first.cast("string"))
    return F.when(text.rlike(RUN_PATTERN), text)


def shown(column: str) -> Column:
    return F.substring(F.coalesce(F.col(column), F.lit("null")), 1, 80)


def problem() -> Column:
    """The first thing that is wrong with a record; null for a good one."""
    checks = F.when(F.col("bytes").isNull(), F.lit("null value"))
    checks = checks.when(
        F.col("bytes") > MAX_VALUE_BYTES,
        F.concat(F.lit("value too big: "), F.col("bytes").cast("string"), F.lit(f" bytes, allowed {MAX_VALUE_BYTES}")),
    )
    checks = checks.when(~F.col("is_text"), F.lit("not UTF-8"))
    checks = checks.when(~F.col("is_json"), F.lit("not JSON"))
    checks = checks.when(
        F.col("r.schema").isNull() | (F.col("r.schema") != SCHEMA),
        F.concat(F.lit("unknown schema: "), shown("r.schema")),
    )
    for field in ("id", "source", "node", "ts", "metric", "value"):
        checks = checks.when(F.col(f"r.{field}").isNull(), F.lit(f"field missing or of a wrong type: {field}"))
    checks = checks.when(~F.col("r.is_run"), F.lit("field missing or of a wrong type: run"))
    for field in NAMES:
        length = F.char_length(F.col(f"r.{field}"))
        checks = checks.when(
            (length < 1) | (length > MAX_NAME_CHARACTERS),
            F.lit(f"{field} must have 1 to {MAX_NAME_CHARACTERS} characters"),
        )
    checks = checks.when(F.col("ts").isNull(), F.concat(F.lit("bad time: "), shown("r.ts")))
    # A far-off time would make a partition of its own for each day.
    too_early = F.col("ts") < F.lit("2000-01-01").cast("timestamp_ntz")
    checks = checks.when(
        too_early | (F.col("ts") > F.col("kafka_time") + F.expr(AHEAD)),
        F.concat(F.lit("time out of range: "), shown("r.ts")),
    )
    checks = checks.when(
        F.abs(F.col("r.value")) > GREATEST_VALUE,
        F.lit(f"value out of range: allowed up to {GREATEST_VALUE:g} either way"),
    )
    return checks.when(
        F.col("r.run").isNotNull() & ~F.col("r.run").rlike(RUN_PATTERN), F.concat(F.lit("bad run: "), shown("r.run"))
    )


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
