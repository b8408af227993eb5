"""The race's windows in Spark itself: the same samples give the rows that the definition in TypeScript gives.

Spark is not among what the tests need, and its reader of records is in the platform's image: without them these are skipped, and the proof
asks the same of a platform that runs.
"""

import base64
import importlib.util
import json
import os
import sys
import tempfile
import types
import unittest
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import support

CASES = json.loads((support.ROOT / "tests/components/race-windows/window-cases.json").read_text(encoding="utf-8"))
SOURCE = """topic string, key binary, value binary, headers array<struct<key string, value binary>>,
    partition int, offset bigint, timestamp timestamp"""
ENVIRONMENT = {
    "KAFKA_BOOTSTRAP": "kafka.example:9092",
    "CASSANDRA_CONTACT_POINTS": "cassandra.example",
    "CASSANDRA_USER": "spark",
    "CASSANDRA_PASSWORD": "hush",
    "RACE_WINDOW_SECONDS": str(CASES["length"]["windowSeconds"]),
    "RACE_LATENESS_SECONDS": str(CASES["length"]["latenessSeconds"]),
}
READER = Path("/opt/spark/jars/millrace.jar")
#: What is no sample, and why: raw text, bytes, or changes of a good sample.
TABLE = json.loads((support.ROOT / "tests/platform/records/record-cases.json").read_text(encoding="utf-8"))


def value_of(case: dict[str, Any], good: dict[str, Any]) -> bytes | None:
    if "with" in case:
        return json.dumps({**good, **case["with"]}).encode()
    if "base64" in case:
        return base64.b64decode(case["base64"])
    return None if case["raw"] is None else (case["raw"] * case.get("times", 1)).encode()


@unittest.skipUnless(importlib.util.find_spec("pyspark") and READER.exists(), "Spark is not installed, or has no reader of records")
class Windows(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        from pyspark.sql import SparkSession

        cls.enterClassContext(mock.patch.dict(os.environ, ENVIRONMENT))
        for topic, room in (("race", "race-car"), ("telemetry", "telemetry")):
            schema = types.ModuleType(f"{topic}_schema")
            schema.TEXT = support.schema(room, topic)  # type: ignore[attr-defined]
            sys.modules[schema.__name__] = schema
            cls.addClassCleanup(sys.modules.pop, schema.__name__)
        folders = [str(support.ROOT / f"components/{room}/programs") for room in ("spark", "race-windows")]
        cls.enterClassContext(mock.patch.object(sys, "path", [*folders, *sys.path]))
        cls.program = importlib.import_module("race_windows_sinks")
        settings = {
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.ui.enabled": "false",
            "spark.log.level": "ERROR",
        }
        cls.spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
        cls.addClassCleanup(cls.spark.stop)

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.offset = 0

    def record(self, value: bytes | None, at: datetime) -> tuple[Any, ...]:
        self.offset += 1
        return "race", None, None if value is None else bytearray(value), None, 0, self.offset - 1, at

    def sent(self, *samples: dict[str, Any]) -> list[tuple[Any, ...]]:
        found = []
        for sample in samples:
            text = json.dumps({**CASES["base"], **sample}).encode()
            found.append(self.record(text, datetime.fromisoformat(sample["ts"]) + timedelta(milliseconds=20)))
        return found

    def run_batches(self, *batches: list[tuple[Any, ...]]) -> tuple[list[dict[str, Any]], list[Any]]:
        """What comes out, and the progress of each batch."""
        source = str(self.folder / "source")
        for number, batch in enumerate(batches):
            self.spark.createDataFrame(batch, SOURCE).coalesce(1).write.mode("append").parquet(source)
            for file in Path(source).glob("*.parquet"):
                if file.stat().st_mtime > 2_000:  # in the order of the batches, whatever the clock is worth
                    os.utime(file, (1_000 + number, 1_000 + number))
        rows: list[dict[str, Any]] = []
        stream = self.spark.readStream.schema(SOURCE).option("maxFilesPerTrigger", 1).parquet(source)
        query = (
            self.program.plan(stream)
            .writeStream.foreachBatch(lambda batch, _: rows.extend(row.asDict() for row in batch.collect()))
            .option("checkpointLocation", str(self.folder / "checkpoint"))
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
        return rows, [json.loads(progress.json) for progress in query.recentProgress]

    def test_are_those_of_the_definition_in_typescript(self) -> None:
        rows, progress = self.run_batches(*(self.sent(*batch) for batch in CASES["batches"]))
        seen = [
            {**{name: row[name] for name in ("car", *self.program.FIGURES)}, "start": row["window_start"].isoformat()}
            for row in rows
        ]
        right = [{**window, "start": window["start"].removesuffix(".000Z")} for window in CASES["windows"]]
        key = lambda window: (window["car"], window["start"])  # noqa: E731
        self.assertEqual(sorted(seen, key=key), sorted(right, key=key))
        late, duplicates = 0, 0
        for batch in progress:
            for operator in batch["stateOperators"]:
                late += operator["numRowsDroppedByWatermark"]
                duplicates += operator["customMetrics"].get("numDroppedDuplicateRows", 0)
        self.assertEqual((late, duplicates), (CASES["late"], CASES["duplicates"]))

    def test_have_no_part_in_what_is_no_sample_which_is_told_with_its_place_and_reason(self) -> None:
        good = {**CASES["base"], **CASES["batches"][0][0]}
        at = datetime.fromisoformat(TABLE["kafkaTime"])
        rows, _ = self.run_batches([self.record(value_of(case, good), at) for case in TABLE["bad"]])
        letters = {row["key"]: json.loads(row["value"]) for row in rows if row["key"] is not None}
        self.assertEqual(len(letters), len(rows))
        found = {key: letter["reason"] for key, letter in letters.items()}
        self.assertEqual(found, {f"race-0-{number}": case["reason"] for number, case in enumerate(TABLE["bad"])})
        self.assertEqual(letters["race-0-2"]["base64"], "/w==")


if __name__ == "__main__":
    unittest.main()
