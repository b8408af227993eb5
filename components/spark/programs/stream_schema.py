"""Whether a value is a record of a topic, by the topic's JSON Schema.

`millrace.ReadRecord` (`components/spark/image/java`) reads it: its reasons are in the words of `platform/records/read.ts`, which reads
the same schema for programs in TypeScript. Both are held to the same cases: `tests/platform/records/record-cases.json` and
`tests/components/telemetry/programs/record-cases.json`.
"""

import json
import uuid
from typing import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stream_records import java

READER = "millrace.ReadRecord"
TYPES = {"string": "string", "number": "double", "integer": "double"}


class RecordSchema:
    """The schema of a topic's records.

    Raises SystemExit where Spark's image has no reader of records.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.schema = json.loads(text)

    def read(self, source: DataFrame, fields: Sequence[str]) -> DataFrame:
        """Kafka's records, parsed, each with these fields in `r`, its time in `ts`, and `error`: null, or what is wrong with it."""
        function = f"read_{uuid.uuid4().hex}"
        self._register(source.sparkSession, function, fields)
        read = F.call_udf(function, F.col("value"), F.unix_micros("timestamp"))
        # A generator reads once for each record; a column would be read anew for each use of a field.
        given = source.select("*", F.explode(F.array(read)).alias("read"))
        return given.select(
            *("topic", "key", "value", "headers"),
            F.col("partition").alias("kafka_partition"),
            F.col("offset").alias("kafka_offset"),
            F.col("timestamp").alias("kafka_time"),
            F.col("read.fields").alias("r"),
            "read.error",
            F.timestamp_micros("read.time").alias("ts"),
        )

    def _register(self, spark: SparkSession, function: str, fields: Sequence[str]) -> None:
        typed = ", ".join(f"{name} {self._type(name)}" for name in fields)
        made = java(spark, "org.apache.spark.sql.types.DataType").fromDDL(f"error string, time bigint, fields struct<{typed}>")
        try:
            reader = java(spark, READER)(self.text, ",".join(fields))
        except TypeError:  # a class that is not there is taken for a package
            raise SystemExit(
                f"Spark's image has no class {READER}, which reads records: build it on the platform's own image "
                "(millrace:services.spark.image)"
            ) from None
        spark._jsparkSession.udf().register(function, reader, made)

    def _type(self, name: str) -> str:
        kind = self.schema["properties"][name].get("type", "string")
        return TYPES[kind if isinstance(kind, str) else kind[0]]
