"""The rules of records in Spark itself, held to the table that the readers in TypeScript are held to.

Spark is not among what the tests need, and its reader of records is in the platform's image: without them these are skipped, and the
end-to-end test sends the same table through the platform.
"""

import base64
import importlib.util
import json
import os
import sys
import types
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import support

KAFKA_TIME = datetime(2025, 3, 2, 12, 0, 8, tzinfo=timezone.utc)
TABLE = json.loads((support.ROOT / "tests/components/telemetry/programs/record-cases.json").read_text(encoding="utf-8"))
SOURCE = """topic string, key binary, value binary, headers array<struct<key string, value binary>>,
    partition int, offset bigint, timestamp timestamp"""
READER = Path("/opt/spark/jars/millrace.jar")
FIELDS = ("id", "run", "source", "node", "ts", "metric", "value")


def repeated(text: Any) -> str:
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in text)


def object_of(fields: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


class Case:
    """A case of the table; `tests/support/record-cases.ts` describes its parts."""

    def __init__(self, number: int, case: dict[str, Any]) -> None:
        self.name, self._case, self._id = case["name"], case, f"id-{number}"
        ahead = KAFKA_TIME + timedelta(milliseconds=case.get("aheadMs", 0))
        self._time = ahead.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        record = {**TABLE["record"], **({"ts": '"$TIME"'} if "aheadMs" in case else {})}
        self._ordinary = {**json.loads(self._filled(object_of(record))), "ts": "2025-03-02T12:00:00.123000"}
        if "aheadMs" in case:
            self._ordinary["ts"] = f"{self._time}000"
        self.value = self._value(record)
        self.key = base64.b64decode(case["key"]) if "key" in case else self.name.encode()
        self.headers = [
            (name, b"run-1" if value == "$RUN" else base64.b64decode(value))
            for name, value in case.get("headers", [("millrace-run", "$RUN")])
        ]

    def _filled(self, text: str) -> str:
        return text.replace("$RUN", "run-1").replace("$ID", self._id).replace("$TIME", f"{self._time}Z")

    def _value(self, record: dict[str, str]) -> bytes | None:
        case = self._case
        if case.get("raw", "") is None:
            return None
        if "base64" in case:
            return base64.b64decode(case["base64"])
        changed = {**record, **{name: repeated(text) for name, text in case.get("with", {}).items() if text is not None}}
        for name in (name for name, text in case.get("with", {}).items() if text is None):
            changed.pop(name, None)
        if "longKey" in case:
            changed["k" * case["longKey"]] = "1"
        good = object_of(changed)
        text = self._filled(repeated(case["raw"]).replace("$GOOD", good) if "raw" in case else good).encode()
        if "padTo" not in case:
            return text
        return text[:-1] + b',"pad":"' + b"p" * (case["padTo"] - len(text) - len(b',"pad":""')) + b'"}'

    @property
    def expected(self) -> dict[str, Any]:
        if "error" in self._case:
            run = self._case.get("run", "$RUN")
            return {"error": self._filled(self._case["error"]), "run": "run-1" if run == "$RUN" else run}
        return {name: self._case["valid"].get(name, self._ordinary[name]) for name in FIELDS}


@unittest.skipUnless(importlib.util.find_spec("pyspark") and READER.exists(), "Spark is not installed, or has no reader of records")
class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(mock.patch.dict(os.environ, {"KAFKA_BOOTSTRAP": "kafka.example:9092", "TZ": "Asia/Kolkata"}))
        schema = types.ModuleType("telemetry_schema")
        schema.TEXT = support.schema("telemetry", "telemetry")  # type: ignore[attr-defined]
        sys.modules["telemetry_schema"] = schema
        cls.addClassCleanup(sys.modules.pop, "telemetry_schema")
        cls.enterClassContext(mock.patch.object(sys, "path", [str(support.ROOT / "components/spark/programs"), *sys.path]))
        cls.rules = importlib.import_module("stream_rules")
        alone = {"spark.master": "local[1]", "spark.ui.enabled": "false", "spark.log.level": "ERROR"}
        cls.spark = importlib.import_module("stream_records").session("rules", alone)
        cls.addClassCleanup(cls.spark.stop)
        cls.cases = [Case(number, case) for number, case in enumerate(TABLE["cases"])]
        rows = [
            ("telemetry", case.key, case.value, case.headers or None, 0, offset, KAFKA_TIME)
            for offset, case in enumerate(cls.cases)
        ]
        cls.read = cls.rules.read(cls.spark.createDataFrame(rows, SOURCE)).persist()

    def test_take_what_is_valid_with_its_fields(self) -> None:
        from pyspark.sql import functions as F

        found = self.rules.samples(self.read).withColumn("ts", F.date_format("ts", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"))
        by_offset = {row["kafka_offset"]: row for row in found.collect()}
        for offset, case in enumerate(self.cases):
            with self.subTest(case.name):
                row = by_offset.get(offset)
                if "error" in case.expected:
                    self.assertIsNone(row)
                else:
                    self.assertIsNotNone(row)
                    self.assertEqual({name: row[name] for name in FIELDS}, case.expected)

    def test_make_dead_letters_of_the_rest_and_say_why(self) -> None:
        by_offset = {row["kafka_offset"]: row for row in self.rules.dead_letters(self.read).collect()}
        for offset, case in enumerate(self.cases):
            with self.subTest(case.name):
                row = by_offset.get(offset)
                if "error" not in case.expected:
                    self.assertIsNone(row)
                    continue
                self.assertIsNotNone(row)
                self.assertEqual({"error": row["error"], "run": row["run"]}, case.expected)
                self.assertEqual(row["key"], case.key.decode(errors="replace"))
                text = None if case.value is None else case.value.decode(errors="replace")[:4096]
                self.assertEqual(row["value"], text)


if __name__ == "__main__":
    unittest.main()
