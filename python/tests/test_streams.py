"""The program of the streams, and the windows of `windows_sinks.py`, with rows in memory instead of Spark."""

import contextlib
import io
import json
import os
import statistics
import tempfile
import threading
import types
import unittest
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import rows_as_spark
import support
from millrace import _maintenance

NOW = datetime(2026, 11, 21, 12, 0, 8)
ENVIRONMENT = {
    "KAFKA_BOOTSTRAP": "kafka.example:9092",
    "CHECKPOINTS": "s3a://checkpoints/",
    "CASSANDRA_CONTACT_POINTS": "cassandra.example",
    "CASSANDRA_USER": "spark",
    "CASSANDRA_PASSWORD": "hush",
    "QUIET_SECONDS": "10",
}


class StreamCase(unittest.TestCase):
    """A test with the modules of the streams, a folder, and what they printed."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, ENVIRONMENT, clear=True))
        self.enterContext(rows_as_spark.modules())
        schema = types.ModuleType("telemetry_schema")
        schema.TEXT = support.schema("telemetry", "telemetry")  # type: ignore[attr-defined]
        self.enterContext(mock.patch.dict("sys.modules", {"telemetry_schema": schema}))
        self.records, _, self.rules = [self.module(f"stream_{name}") for name in ("records", "schema", "rules")]
        self.report, self.tables, self.gaps, self.progress, self.lake = [
            self.module(f"stream_{name}") for name in ("report", "tables", "gaps", "progress", "lake")
        ]
        self.slept: list[float] = []
        self.enterContext(mock.patch("time.sleep", self.slept.append))
        self.said = self.enterContext(contextlib.redirect_stderr(io.StringIO()))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def module(self, name: str) -> Any:
        loaded = support.load(f"components/spark/programs/{name}.py", name)
        self.enterContext(mock.patch.dict("sys.modules", {name: loaded}))
        return loaded

    def ends(self, *words: str) -> Any:
        return self.assertRaisesRegex(SystemExit, "(?s)" + ".*".join(words))


class Reader(StreamCase):
    def test_says_what_an_image_without_it_lacks(self) -> None:
        spark = mock.MagicMock()
        # As py4j takes a class that is not there.
        setattr(spark._jvm, self.module("stream_schema").READER, "a package")
        with self.ends("Spark's image has no class millrace.ReadRecord", "millrace:services.spark.image"):
            self.rules.SCHEMA._register(spark, "read", ("id",))


class Security(StreamCase):
    def test_is_plain_where_nothing_is_said(self) -> None:
        plain = {"bootstrap.servers": "kafka.example:9092", "security.protocol": "PLAINTEXT"}
        self.assertEqual(self.records.kafka_settings(), plain)

    def test_is_a_login_and_an_authority_in_the_words_of_kafkas_client(self) -> None:
        os.environ |= {
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_USERNAME": "millrace",
            "KAFKA_PASSWORD": 'pass "word\\',
            "KAFKA_CA": "-----BEGIN",
        }
        self.assertEqual(
            self.records.kafka_settings(),
            {
                "bootstrap.servers": "kafka.example:9092",
                "security.protocol": "SASL_SSL",
                "ssl.truststore.type": "PEM",
                "ssl.truststore.certificates": "-----BEGIN",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
                'username="millrace" password="pass \\"word\\\\";',
            },
        )

    def test_reaches_readers_and_the_client_for_administration_alike(self) -> None:
        os.environ |= {
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": "PLAIN",
            "KAFKA_USERNAME": "millrace",
            "KAFKA_PASSWORD": "word",
        }
        settings = self.records.kafka_settings()
        reader, spark = mock.MagicMock(), mock.MagicMock()
        reader.option.return_value = reader
        self.records.kafka_options(reader)
        given = dict(call.args for call in reader.option.call_args_list)
        self.assertEqual({name: given.get(f"kafka.{name}") for name in settings}, settings)
        self.assertEqual(given["kafka.isolation.level"], "read_committed")
        self.records.kafka_admin(spark)
        put = getattr(spark._jvm, "java.util.Properties").return_value.put.call_args_list
        self.assertEqual({name: value for name, value in (call.args for call in put) if name in settings}, settings)


class Checkpoint:
    """A Spark session that only knows whether a file exists."""

    def __init__(self, exists: bool) -> None:
        files = types.SimpleNamespace(exists=lambda path: exists)
        path = types.SimpleNamespace(getFileSystem=lambda _: files)
        self._jvm = types.SimpleNamespace(**{"org.apache.hadoop.fs.Path": lambda name: path})
        self._jsc = types.SimpleNamespace(hadoopConfiguration=lambda: None)


class Beginning(StreamCase):
    def start(self, exists: bool, known: dict[str, dict[int, int]]) -> str:
        ways = self.records.Ways(resume="after the highest offset in the table", start_over="drop the table")
        with mock.patch.object(self.records, "topic_partitions", return_value={"telemetry": 3}):
            return self.records.starting_offsets(
                Checkpoint(exists), ["telemetry"], "s3a://c/samples", lambda: known, "lake.t.samples", ways
            )

    def test_is_where_the_checkpoint_says(self) -> None:
        self.assertEqual(self.start(True, {"telemetry": {0: 5}}), "earliest")

    def test_without_checkpoint_and_rows_is_a_setting(self) -> None:
        self.assertEqual(self.start(False, {}), "earliest")
        os.environ["STARTING_OFFSETS"] = "latest"
        self.assertEqual(self.start(False, {}), "latest")

    def test_with_rows_but_no_checkpoint_ends_the_driver_and_tells_the_ways_out(self) -> None:
        words = "lake.t.samples has rows, but s3a://c/samples is not there", "=resume to go on after the highest offset"
        with self.ends(*words, "in the table; or drop the table."):
            self.start(False, {"telemetry": {0: 5}})

    def test_resumes_after_the_rows_and_at_the_earliest_record_of_other_partitions(self) -> None:
        os.environ["ON_MISSING_CHECKPOINT"] = "resume"
        self.assertEqual(
            json.loads(self.start(False, {"telemetry": {0: 5, 2: 7}})), {"telemetry": {"0": 5, "1": -2, "2": 7}}
        )


class Driver(StreamCase):
    def test_asks_once_for_a_class_of_java_and_by_its_whole_name(self) -> None:
        asked = mock.Mock(side_effect=lambda name: f"class {name}")
        jvm = type("Jvm", (), {"__getattr__": lambda _, name: asked(name)})()
        spark = mock.Mock(_jvm=jvm)
        for _ in range(2):
            self.assertEqual(self.records.java(spark, "java.util.HashMap"), "class java.util.HashMap")
        asked.assert_called_once_with("java.util.HashMap")

    def test_tries_until_it_works_and_tells_each_reason_in_a_line(self) -> None:
        action = mock.Mock(side_effect=[OSError("An error occurred while calling o1.\n: no node\n at x"), "done"])
        self.assertEqual(self.records.patiently("tables", action), "done")
        self.assertEqual(self.said.getvalue(), "tables: no node; again in 1 s\n")
        self.assertEqual(self.slept, [1])

    def test_is_ready_while_queries_run_and_none_waits_for_its_sink(self) -> None:
        file = self.folder / "ready"
        file.touch()
        ready = self.records.ReadyFile(str(file))
        self.assertFalse(file.exists(), "what a killed container left is gone")
        steps = [
            (lambda: ready.waits("lake", False), False),
            (ready.opened, True),
            (lambda: ready.waits("lake", True), False),
            (lambda: ready.waits("cassandra", True), False),
            (lambda: ready.waits("lake", False), False),
            (lambda: ready.waits("cassandra", False), True),
            (ready.closed, False),
            (lambda: ready.waits("lake", False), False),
        ]
        for number, (step, exists) in enumerate(steps):
            step()
            self.assertEqual(file.exists(), exists, f"after step {number}")

    def test_starts_a_query_anew_that_has_ended_and_is_not_ready_until_it_has_done_a_batch(self) -> None:
        file = self.folder / "ready"
        ready = self.records.ReadyFile(str(file))
        ready.opened()
        runs = [mock.Mock(isActive=True, lastProgress={"batchId": number}) for number in range(5)]
        start = mock.Mock(side_effect=runs)
        query = self.records.KeptQuery("samples", start)
        query.look(ready, 0)
        self.assertTrue(file.exists())
        runs[0].isActive = False
        runs[0].exception.return_value = RuntimeError("boom\nplan")
        runs[1].isActive = False
        runs[1].exception.return_value = None
        runs[2].lastProgress = None
        query.look(ready, 10)
        self.assertEqual((start.call_count, file.exists()), (2, False))
        query.look(ready, 14)
        self.assertEqual(start.call_count, 2, "it pauses")
        query.look(ready, 15)
        self.assertEqual((start.call_count, query.lastProgress), (3, None))
        query.look(ready, 16)
        self.assertFalse(file.exists(), "it runs, but has done nothing yet")
        runs[2].lastProgress = {"batchId": 2}
        query.look(ready, 17)
        self.assertTrue(file.exists())
        said = ["samples: boom; started anew", "samples: it ended without an error; started anew"]
        self.assertEqual(self.said.getvalue().splitlines(), said)

    def test_pauses_longer_with_each_start_in_vain_up_to_a_minute(self) -> None:
        start = mock.Mock(side_effect=lambda: mock.Mock(isActive=False, exception=lambda: None))
        query = self.records.KeptQuery("samples", start)
        ready = self.records.ReadyFile(str(self.folder / "ready"))
        starts = []
        for second in range(300):
            before = start.call_count
            query.look(ready, second)
            if start.call_count > before:
                starts.append(second)
        self.assertEqual(starts, [0, 5, 15, 35, 75, 135, 195, 255])

    def test_tries_again_when_a_query_can_not_be_started(self) -> None:
        ended, anew = mock.Mock(isActive=False), mock.Mock(isActive=True, lastProgress=None)
        ended.exception.return_value = RuntimeError("boom")
        start = mock.Mock(side_effect=[ended, OSError("no checkpoints"), anew])
        query = self.records.KeptQuery("samples", start)
        ready = self.records.ReadyFile(str(self.folder / "ready"))
        for second in range(6):
            query.look(ready, second)
        self.assertEqual(start.call_count, 3)
        self.assertIn("samples: not started: no checkpoints\n", self.said.getvalue())

    def test_tries_again_when_a_query_that_had_to_wait_can_not_be_started(self) -> None:
        waits = self.records.NotYet("another driver still runs it")
        start = mock.Mock(side_effect=[waits, OSError("no broker"), mock.Mock(isActive=True, lastProgress=None)])
        query = self.records.KeptQuery("cassandra", start)
        ready = self.records.ReadyFile(str(self.folder / "ready"))
        for second in range(3):
            query.look(ready, second)
        self.assertEqual(start.call_count, 3)
        self.assertIn("cassandra: not started: no broker\n", self.said.getvalue())

    def test_lets_the_other_query_go_on_and_ends_when_spark_has_ended(self) -> None:
        queries = [mock.Mock(), mock.Mock()]
        stopped = mock.Mock(side_effect=[False, False, True])
        spark = mock.Mock(_jsc=mock.Mock(sc=lambda: mock.Mock(isStopped=stopped)))
        ready = self.records.ReadyFile(str(self.folder / "ready"))
        with mock.patch.object(self.records.os, "_exit", side_effect=SystemExit) as ended, self.ends():
            self.records.keep_running(spark, queries, ready)
        ended.assert_called_once_with(1)
        self.assertEqual([query.look.call_count for query in queries], [2, 2])
        self.assertFalse((self.folder / "ready").exists())

    def test_ends_when_a_setting_is_missing(self) -> None:
        with self.ends("TOPICS is not set"):
            self.records.setting("TOPICS")


class Progress:
    """A batch's, as Spark tells it."""

    def __init__(self, json: str, figures: dict[str, int | str]) -> None:
        self.json, self._figures = json, figures

    def __getitem__(self, name: str) -> int | str:
        return self._figures[name]


class Lag(StreamCase):
    def test_of_batches_that_take_longer_than_the_time_to_the_next_is_warned_of_with_their_time_now_and_then(self) -> None:
        rhythm = self.report.Rhythm("spark-a", "lake")
        for now, duration in ((0, 10_000), (5, 12_400), (600, 30_000), (605, 11_000), (700, 9_000)):
            rhythm.look(self.ended({}, duration=duration), now)
        said = [line[:48] for line in self.said.getvalue().splitlines()]
        self.assertEqual(said, [f"spark-a: a batch of 5 records took {seconds} s, and a" for seconds in (12.4, 11.0)])

    def test_comes_with_the_time_of_the_last_batch_and_when_the_next_one_was_due(self) -> None:
        rhythm = self.report.Rhythm("spark-a", "lake")
        self.assertEqual(rhythm.told(), {})
        rhythm.look(self.ended({"t": {"0": 4}}, timestamp="noon", duration=12_345), 0)
        self.assertEqual(rhythm.told(), {"batch": {"began": "noon", "seconds": 12.3, "records": 5, "due": 10}})

    def test_counts_no_batch_as_due_before_the_least_time_between_two(self) -> None:
        os.environ["LAKE_TRIGGER_SECONDS"] = "60"
        rhythm = self.report.Rhythm("spark-a", "lake")
        rhythm.look(self.ended({}, duration=40_000), 0)
        self.assertEqual((rhythm.told()["batch"]["due"], self.said.getvalue()), (60, ""))

    def test_has_begun_with_the_first_batch_that_left_records_and_is_forgotten_when_none_are_left(self) -> None:
        rhythm = self.report.Rhythm("spark-a", "lake")
        batches = [
            ({"0": 4, "1": 2}, {"0": 4, "1": 2}, None),
            ({"0": 6, "1": 2}, {"0": 6, "1": 3}, "second 1"),
            ({"0": 8, "1": 3}, {"0": 9, "1": 3}, "second 1"),
            ({"0": 9, "1": 3}, {"0": 2, "1": 3}, None),
            ({"0": 9}, {"0": 9, "1": 5}, "second 4"),
            ({"0": 10, "1": 5}, None, None),
        ]
        for second, (end, latest, since) in enumerate(batches):
            rhythm.look(self.ended({"t": end}, {"t": latest} if latest else None, f"second {second}"), 0)
            self.assertEqual(rhythm.told().get("behind"), since and {"since": since}, f"second {second}")

    def ended(self, end: object, latest: object = None, timestamp: str = "", duration: int = 900) -> Any:
        figures = {"batchDuration": duration, "numInputRows": 5, "timestamp": timestamp}
        return Progress(json.dumps({"sources": [{"endOffset": end, "latestOffset": latest}]}), figures)

    def test_is_told_by_where_the_last_batch_ended(self) -> None:
        self.assertEqual(self.report.end_offsets(None), {})
        self.assertEqual(self.report.end_offsets(self.ended(None)), {})
        self.assertEqual(self.report.end_offsets(self.ended({"t": {"0": 4, "1": 0}})), {"t": {0: 4, 1: 0}})

    def test_is_told_to_kafka_once_for_each_batch_and_again_when_kafka_did_not_hear(self) -> None:
        seen = [{"t": {"0": 1}}, {"t": {"0": 1}}, {"t": {"0": 2}}, {"t": {"0": 2}}]
        progress = [self.ended(offsets) for offsets in seen]
        query = mock.Mock()
        type(query).lastProgress = mock.PropertyMock(side_effect=[*progress, KeyboardInterrupt])
        told = mock.Mock(side_effect=[None, OSError("no broker"), None])
        missed = {"missed": 12, "from": 100, "to": 112}
        others = mock.Mock(side_effect=[OSError("no broker"), None])
        with mock.patch.multiple(self.report, kafka_admin=lambda _: "admin", set_group_offsets=told, tell_of_others=others):
            with self.assertRaises(KeyboardInterrupt):
                groups = {"spark-a": self.report.Reported(query, lambda topic, partition: missed if partition else {})}
                self.report.report_for_ever(None, groups)
        batch = {"batch": {"began": "", "seconds": 0.9, "records": 5, "due": 10}}
        for call in told.call_args_list:
            self.assertEqual([json.loads(call.args[-1]("t", partition)) for partition in (0, 1)], [batch, {**missed, **batch}])
        self.assertEqual(
            [call.args[1:-1] for call in told.call_args_list],
            [("admin", "spark-a", {"t": {0: 1}}), *[("admin", "spark-a", {"t": {0: 2}})] * 2],
        )
        self.assertEqual(self.said.getvalue(), "lag not reported, will try again: no broker\n" * 2)
        self.assertEqual(others.call_args_list, [mock.call(None, "admin", groups)] * 2)

    def test_of_a_query_whose_room_was_switched_off_is_no_longer_that_of_a_stream_that_runs(self) -> None:
        batch = {"batch": {"began": "", "seconds": 0.9, "records": 5, "due": 10}}
        known = {
            "spark-a": {0: (7, batch)},
            "spark-foreign": {},
            "spark-off": {0: (8, {**batch, "behind": {"since": "noon"}, "late": 3}), 1: (9, batch), 2: None},
            "spark-was-off": {0: (1, {"off": True})},
            "spark-of-people": {0: (2, "")},
            "display-x": {0: (3, batch)},
        }
        admin = mock.Mock()
        admin.listConsumerGroups.return_value.all.return_value.get.return_value = [
            mock.Mock(**{"groupId.return_value": group}) for group in known
        ]

        def committed(group: str) -> Any:
            found = {}
            if group == "spark-foreign":
                raise OSError("not authorized")
            for partition, told in known[group].items():
                place = mock.Mock(**{"topic.return_value": "t", "partition.return_value": partition})
                found[place] = told and mock.Mock(
                    **{"offset.return_value": told[0], "metadata.return_value": json.dumps(told[1]) if told[1] else ""}
                )
            return mock.Mock(**{"partitionsToOffsetAndMetadata.return_value.get.return_value": found})

        admin.listConsumerGroupOffsets.side_effect = committed
        with mock.patch.object(self.report, "set_group_offsets") as told:
            self.report.tell_of_others(None, admin, {"spark-a"})
        (call,) = told.call_args_list
        self.assertEqual(self.said.getvalue(), "group spark-foreign not looked at: not authorized\n")
        self.assertEqual(call.args[2:4], ("spark-off", {"t": {0: 8, 1: 9}}))
        self.assertEqual([json.loads(call.args[4]("t", at)) for at in (0, 1)], [{"late": 3, "off": True}, {"off": True}])


class LeftOut(StreamCase):
    def batch(self, number: int, late: int, duplicates: int) -> Any:
        operators = [
            {"numRowsDroppedByWatermark": late, "customMetrics": {"numDroppedDuplicateRows": duplicates}},
            {"numRowsDroppedByWatermark": 0},
        ]
        progress = mock.MagicMock(json=json.dumps({"stateOperators": operators}))
        progress.__getitem__.side_effect = {"batchId": number}.__getitem__
        return progress

    def test_is_counted_once_for_each_batch_and_goes_on_from_what_the_driver_before_has_told(self) -> None:
        query = types.SimpleNamespace(recentProgress=[])
        left_out = self.report.LeftOut(query, ["", "its owner's", '{"late": 5, "duplicates": 7, "batch": {}}', '{"late": 4}'])
        self.assertEqual(left_out.told("race", 0), {"late": 5, "duplicates": 7})
        query.recentProgress = [self.batch(1, 2, 0), self.batch(2, 0, 3)]
        for partition in (0, 1):
            self.assertEqual(left_out.told("race", partition), {"late": 7, "duplicates": 10})
        query.recentProgress = [self.batch(2, 0, 3), self.batch(3, 1, 0)]
        self.assertEqual(left_out.told("race", 0), {"late": 8, "duplicates": 10})

    def test_is_nothing_where_nobody_has_told(self) -> None:
        self.assertEqual(self.report.LeftOut(types.SimpleNamespace(recentProgress=()), []).told("race", 0), {"late": 0, "duplicates": 0})


class Missing(StreamCase):
    """Records that Kafka dropped before they were read."""

    def look(self, start: int, end: int, seen: list[int], earliest: int, written: Any = (), last: Any = None) -> Any:
        table = [{"kafka_partition": 0, "kafka_offset": offset} for offset in written]
        table += [{"kafka_partition": 1, "kafka_offset": offset} for offset in range(start, end)]
        spark = mock.Mock(table=lambda _: rows_as_spark.DataFrame(table))
        found = self.gaps.Gaps(spark, "spark-a", "s3a://c/a", must_write=True, written={"t": ["lake.a.samples"]})
        found._last = last
        logs = {"offsets/6": {("t", 0): start}, "offsets/7": {("t", 0): end}}
        self.read: list[tuple[int, int]] = []
        more = rows_as_spark.DataFrame([])
        rows = [{"topic": "t", "kafka_partition": 0, "kafka_offset": offset} for offset in seen]
        batch = rows_as_spark.DataFrame(rows)
        batch.unionByName = lambda _: more  # type: ignore[attr-defined]
        with (
            mock.patch.object(found, "_log", logs.get),
            mock.patch.object(found, "_earliest", return_value=earliest) as self.asked,
            mock.patch.object(found, "_seen", lambda *_: [offset for offset in seen if offset < earliest]),
            mock.patch.object(found, "_read", lambda _topic, _partition, *offsets: self.read.append(offsets)),
            mock.patch.object(found, "_note") as noted,
        ):
            counts = {("t", 0): len(seen)} if seen else {}
            checked = found.checked(batch, 7, found.places(7), counts)
        self.assertIs(checked, more if self.read else batch)
        [(epoch, gaps)] = [call.args for call in noted.call_args_list]
        self.assertEqual(epoch, 7)
        return [(gap.first, gap.end) for gap in gaps]

    def test_are_none_where_a_batch_has_all_offsets_and_kafka_is_not_asked(self) -> None:
        self.assertEqual(self.look(5, 8, [5, 6, 7], 6), [])
        self.assertEqual(self.look(5, 5, [], 6), [])
        self.asked.assert_not_called()

    def test_are_the_offsets_below_the_earliest_that_were_not_read(self) -> None:
        self.assertEqual(self.look(5, 12, [9, 10, 11], 9), [(5, 9)])
        self.assertEqual(self.look(5, 12, [], 40), [(5, 12)])
        self.assertEqual(self.look(5, 12, [5, 6, 9, 10, 11], 9), [(7, 9)], "dropped while they were read")

    def test_are_not_what_a_batch_had_written_before_it_was_broken_off(self) -> None:
        self.assertEqual(self.look(5, 12, [], 40, written=[3, 5, 6, 7]), [(8, 12)])
        self.assertEqual(self.look(5, 12, [], 40, [5, 6, 7], (7, {("t", 0): 12})), [(8, 12)], "in the same driver")

    def test_of_a_new_batch_are_not_looked_for_in_tables(self) -> None:
        before = (6, {("t", 0): 5})
        self.assertEqual(self.look(5, 12, [], 40, [5, 6, 7], last=before), [(5, 12)], "rows of an earlier topic")

    def test_are_not_the_offsets_that_kafka_uses_itself(self) -> None:
        self.assertEqual(self.look(5, 8, [5, 7], 5), [])
        self.assertEqual(self.look(5, 12, [8, 10, 11], 7), [(5, 7)], "offset 7 is there, and no record")

    def test_of_a_topic_that_was_made_anew_are_unknown_and_its_own_records_are_read(self) -> None:
        self.assertEqual(self.look(1000, 5, [], 2), [(1000, None)])
        self.assertEqual(self.read, [(2, 5)])

    def test_are_told_with_the_offset_of_the_group(self) -> None:
        found = self.gaps.Gaps(None, "spark-a", "s3a://c/a", must_write=True)
        for gap in (self.gaps.Gap("t", 0, 5, 9), self.gaps.Gap("t", 0, 20, 21), self.gaps.Gap("t", 1, 7, None, "anew")):
            found._count(gap)
        self.assertEqual(found.told("t", 0), {"missed": 5, "from": 20, "to": 21})
        self.assertEqual(found.told("t", 1), {"missed": 0, "from": 7, "to": None})
        self.assertEqual(found.told("t", 2), {})

    def test_hold_a_query_back_until_they_are_written_down_only_where_it_needs_the_lake(self) -> None:
        gap = self.gaps.Gap("t", 0, 5, 9)
        for must_write, tries in ((True, 2), (False, 1)):
            found = self.gaps.Gaps(None, "spark-a", "s3a://c/a", must_write)
            with mock.patch.object(found, "_write", side_effect=[OSError("no lake"), None]) as write:
                found._note(7, [gap])
                self.assertEqual(write.call_count, tries)
        self.assertIn("spark-a: missed t, partition 0, offsets 5 to 8: Kafka dropped them", self.said.getvalue())


class Iceberg:
    """A table of Iceberg's: its snapshots, the newest last."""

    def __init__(self, *summaries: dict[str, str]) -> None:
        self.summaries = list(summaries)
        self.retained: list[int] = []

    def refresh(self) -> None:
        pass

    def currentSnapshot(self) -> Any:
        return self.snapshot(len(self.summaries) - 1)

    def snapshot(self, number: int) -> Any:
        if number < 0:
            return None
        return types.SimpleNamespace(summary=lambda: self.summaries[number], parentId=lambda: number - 1)

    def newAppend(self) -> Any:
        added: dict[str, str] = {}
        change = mock.Mock(commit=lambda: self.summaries.append(added))
        change.set = lambda name, value: (added.update({name: value}), change)[1]
        return change

    def expireSnapshots(self) -> Any:
        change = mock.Mock()
        change.expireOlderThan = lambda _: change
        change.retainLast = lambda number: (self.retained.append(number), change)[1]
        return change


def batch_of(query: str, epoch: int) -> dict[str, str]:
    return {"millrace.query": query, "millrace.epoch": str(epoch)}


class Tables(StreamCase):
    def maintain(self, table: Iceberg) -> None:
        with mock.patch.object(self.tables, "load", return_value=table):
            self.tables.maintain(None, "lake.t.samples")

    def append(self, table: Iceberg, query: str, epoch: int) -> list[dict[str, str]]:
        """The options of what was written; the table gets its snapshot, as Iceberg would make it."""
        written: list[dict[str, str]] = []

        def write(options: dict[str, str], _: Any) -> None:
            written.append(options)
            prefix = "snapshot-property."
            properties = {name.removeprefix(prefix): value for name, value in options.items() if prefix in name}
            table.summaries.append(properties)

        rows = rows_as_spark.DataFrame([{"id": "a"}], write)
        with mock.patch.object(self.tables, "load", return_value=table):
            self.tables.append_once(None, rows, "lake.t.samples", query, epoch)
        return written

    def test_get_a_batch_once_whatever_came_after_it(self) -> None:
        table = Iceberg()
        [options] = self.append(table, "q", 3)
        self.assertEqual((options["table"], options["fanout-enabled"]), ("lake.t.samples", "true"))
        self.assertEqual(table.summaries, [batch_of("q", 3)])
        table.summaries.append({})
        self.assertEqual(self.append(table, "q", 3), [])
        self.assertEqual(self.append(table, "q", 2), [])
        self.assertEqual(len(self.append(table, "q", 4)), 1)
        self.assertEqual(self.append(table, "q", 4), [])

    def test_know_the_batches_that_iceberg_s_own_sink_has_written(self) -> None:
        sink = {"spark.sql.streaming.queryId": "q", "spark.sql.streaming.epochId": "7"}
        self.assertEqual(self.append(Iceberg(sink), "q", 7), [])
        self.assertEqual(len(self.append(Iceberg(sink), "q", 8)), 1)

    def test_do_not_take_the_batch_of_another_checkpoint_for_this_one(self) -> None:
        self.assertEqual(len(self.append(Iceberg(batch_of("old", 900)), "new", 0)), 1)
        self.assertEqual(len(self.append(Iceberg(), "new", 0)), 1)

    def test_keep_the_snapshot_of_the_last_batch_however_many_follow(self) -> None:
        for batch in (batch_of("q", 7), {"spark.sql.streaming.queryId": "q", "spark.sql.streaming.epochId": "7"}):
            table = Iceberg(batch, *[{} for _ in range(40)])
            self.maintain(table)
            self.assertEqual(table.retained, [42])

    def test_keep_twenty_snapshots_when_the_last_batch_is_among_them(self) -> None:
        for table in (Iceberg(batch_of("q", 7), {}), Iceberg({}, {}), Iceberg()):
            self.maintain(table)
            self.assertEqual(table.retained, [20])

    def test_get_no_snapshot_by_the_starts_of_a_driver_that_always_fails(self) -> None:
        table = Iceberg(batch_of("q", 7))
        for _ in range(30):
            self.maintain(table)
        self.assertEqual(len(table.summaries), 2)
        table.summaries.append(batch_of("q", 8))
        self.maintain(table)
        self.assertEqual(len(table.summaries), 4)

    def test_are_not_given_a_first_snapshot_by_maintenance(self) -> None:
        table = Iceberg()
        self.maintain(table)
        self.assertEqual(table.summaries, [])


def record(place: tuple[str, int, int], **fields: Any) -> dict[str, Any]:
    """A record as it is after reading: `place` is topic, partition and offset."""
    topic, partition, offset = place
    read = {"schema": "millrace.telemetry/1", "id": f"{topic}-{partition}-{offset}", "run": None, "source": "test"}
    read.update({"node": "node-1", "ts": "2026-11-21T12:00:00", "metric": "m", "value": 1.0}, **fields)
    time = read["ts"]
    return {
        "topic": topic,
        "key": "k",
        "text": "{}",
        "bytes": 100,
        "is_json": True,
        "header_run": read["run"],
        "kafka_partition": partition,
        "kafka_offset": offset,
        "ingested_at": NOW,
        "r": read,
        "ts": datetime.fromisoformat(time) if time is not None else None,
        "error": None,
    }


NUMBERS, TELEMETRY = "random-numbers", "telemetry"


class WindowsCase(StreamCase):
    def setUp(self) -> None:
        super().setUp()
        self.cassandra = self.module("stream_cassandra")
        self.program = support.load("components/windows/programs/windows_sinks.py", "windows_sinks")
        self.written: dict[str, list[dict[str, Any]]] = {}
        self.options: list[dict[str, str]] = []

    def frame(self, *rows: dict[str, Any]) -> rows_as_spark.DataFrame:
        return rows_as_spark.DataFrame(list(rows), self.write)

    def write(self, options: dict[str, str], rows: list[dict[str, Any]]) -> None:
        self.options.append(options)
        self.written.setdefault(options["table"], []).extend(rows)

    def sink(self, query: str) -> Any:
        context = types.SimpleNamespace(getLocalProperty={"sql.streaming.queryId": "q-1"}.get)
        self.ready, self.jvm = mock.Mock(), mock.Mock()
        return self.lake.Sink(mock.Mock(sparkContext=context, _jvm=self.jvm), query, self.ready)


class Parts(WindowsCase):
    def parts(self, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        return self.program.parts(self.program.with_series(self.frame(*rows))).rows

    def test_hold_the_figures_of_a_window_and_the_place_of_its_first_record(self) -> None:
        values = [4.0, 7.0, 1.0]
        places = [(NUMBERS, 1, 30), (NUMBERS, 0, 99), (NUMBERS, 1, 2)]
        times = ["2026-11-21T12:00:00", "2026-11-21T12:00:09.999999", "2026-11-21T12:00:03"]
        rows = [record(place, ts=ts, value=value) for place, ts, value in zip(places, times, values)]
        [found] = self.parts(*rows)
        self.assertAlmostEqual(found.pop("deviation"), statistics.stdev(values), places=12)
        self.assertEqual(
            found,
            {
                "stream": "random-numbers",
                "series": "pumps",
                "run": None,
                "metric": "m",
                "window_start": datetime(2026, 11, 21, 12),
                "window_seconds": 10,
                "part": "0-99",
                "count": 3,
                "mean": 4.0,
                "minimum": 1.0,
                "maximum": 7.0,
                "last_ts": datetime(2026, 11, 21, 12, 0, 9, 999999),
                "written_at": datetime(2026, 11, 21, 12, 30),
            },
        )

    def test_know_no_deviation_of_one_record(self) -> None:
        self.assertIsNone(self.parts(record((NUMBERS, 0, 0)))[0]["deviation"])

    def test_are_told_apart_by_stream_series_metric_and_window(self) -> None:
        rows = [
            record((NUMBERS, 0, 1)),
            record((NUMBERS, 0, 2), node="another pump"),
            record((NUMBERS, 0, 3), run="r"),
            record((NUMBERS, 0, 4), metric="normal"),
            record((NUMBERS, 0, 5), ts="2026-11-21T12:00:10"),
            record((TELEMETRY, 0, 1)),
            record((TELEMETRY, 0, 2), node="node-2"),
            record((TELEMETRY, 0, 3), run="r"),
        ]
        self.assertEqual(
            [(row["stream"], row["series"], row["run"], row["part"], row["count"]) for row in self.parts(*rows)],
            [
                ("random-numbers", "pumps", None, "0-1", 2),
                ("random-numbers", "r", "r", "0-3", 1),
                ("random-numbers", "pumps", None, "0-4", 1),
                ("random-numbers", "pumps", None, "0-5", 1),
                ("monitoring", "node-1", None, "0-1", 1),
                ("monitoring", "node-2", None, "0-2", 1),
                ("monitoring", "r", "r", "0-3", 1),
            ],
        )

    def test_begin_at_whole_windows_also_before_1970(self) -> None:
        for time, begin in (("1969-12-31T23:59:59", "1969-12-31T23:59:50"), ("2026-11-21T12:00:19", None)):
            self.assertEqual(
                self.parts(record((NUMBERS, 0, 0), ts=time))[0]["window_start"],
                datetime.fromisoformat(begin or "2026-11-21T12:00:10"),
            )


class Writing(WindowsCase):
    BATCH = [
        record((NUMBERS, 0, 1), value=2.0),
        {**record((NUMBERS, 0, 2)), "error": "not JSON", "header_run": "r", "r": None},
        record((TELEMETRY, 2, 7), ts="2026-11-21T12:59:59", value=3.0),
        {**record((TELEMETRY, 2, 8)), "error": "not JSON"},
    ]

    def into_lake(self, *rows: dict[str, Any], held: int = -1, floors: Any = {}) -> None:
        counted: dict[tuple[str, bool], int] = {}
        for row in rows:
            kind = (row["topic"], row["error"] is None)
            counted[kind] = counted.get(kind, 0) + 1
        with mock.patch.multiple(self.tables, load=lambda *_: None, last_epoch=lambda *_: held):
            lake = self.lake.Lake(self.program.sinks().lake, types.SimpleNamespace(floors=floors))
            lake.write(self.sink("lake"), self.frame(*rows), 5, counted)

    def test_puts_numbers_and_the_windows_of_both_streams_into_the_lake(self) -> None:
        self.into_lake(*self.BATCH)
        self.assertEqual([row["id"] for row in self.written["lake.random_numbers.samples"]], ["random-numbers-0-1"])
        [dead] = self.written["lake.random_numbers.dead_letter"]
        self.assertEqual((dead["run"], dead["error"], dead["kafka_offset"]), ("r", "not JSON", 2))
        self.assertEqual(
            [(row["stream"], row["mean"]) for row in self.written["lake.streaming.windows"]],
            [("random-numbers", 2.0), ("monitoring", 3.0)],
        )
        for table, definition in ((one.name, one.definition) for one in self.program.sinks().lake):
            for row in self.written.get(table, []):
                columns = definition.split("USING")[0].strip(" ()\n").split(",")
                self.assertEqual(set(row), {column.split()[0] for column in columns}, table)
        for options in self.options:
            for name, value in batch_of("q-1", 5).items():
                self.assertEqual(options[f"snapshot-property.{name}"], value)

    def test_writes_the_tables_that_maintenance_leaves_to_the_streams(self) -> None:
        telemetry = support.load("components/telemetry/programs/telemetry_sinks.py", "telemetry_sinks")
        race = support.load("components/race-windows/programs/race_windows_upkeep.py", "race_windows_upkeep")
        written = [table.name for program in (telemetry, self.program) for table in program.sinks().lake]
        written += race.sinks().kept
        self.assertEqual(sorted(written), [f"lake.{table}" for table in _maintenance.STREAMED])

    def test_makes_no_snapshot_of_nothing(self) -> None:
        self.into_lake(self.BATCH[3])
        self.assertEqual(self.written, {})
        self.into_lake(self.BATCH[1])
        self.assertEqual(list(self.written), ["lake.random_numbers.dead_letter"])
        self.into_lake(self.BATCH[2])
        self.assertEqual(list(self.written), ["lake.random_numbers.dead_letter", "lake.streaming.windows"])

    def test_leaves_out_a_batch_that_the_lake_has(self) -> None:
        self.into_lake(*self.BATCH, held=5)
        self.assertEqual(self.written, {})

    def test_puts_good_records_windows_and_names_into_cassandra_under_its_keys(self) -> None:
        self.program.write_cassandra(self.sink("cassandra"), self.frame(*self.BATCH), 5)
        self.assertEqual(list(self.written), ["windows", "records", "series"])
        self.assertEqual(rows_as_spark.DataFrame.persisted, [])
        for options in self.options:
            expected = {"format": "org.apache.spark.sql.cassandra", "mode": "append", "keyspace": "streaming"}
            self.assertEqual(options, {**expected, "table": options["table"]})
        [_, sample] = self.written["records"]
        names = {"stream", "series", "minute", "ts", "id", "metric", "value", "node", "written_at"}
        self.assertEqual(set(sample), names)
        self.assertEqual((sample["series"], sample["id"]), ("node-1", "telemetry-2-7"))
        self.assertEqual(sample["minute"].isoformat(), "2026-11-21T12:59:00+00:00")
        [_, window] = self.written["windows"]
        figures = {"count", "mean", "deviation", "minimum", "maximum", "last_ts", "written_at"}
        keys = {"stream", "series", "metric", "hour", "window_start", "part", "window_seconds"}
        self.assertEqual(set(window), keys | figures)
        self.assertEqual(window["hour"].isoformat(), "2026-11-21T12:00:00+00:00")
        self.assertEqual(window["window_start"].isoformat(), "2026-11-21T12:59:50+00:00")
        self.assertEqual(set(self.written["series"][0]), {"stream", "series", "metric", "run", "last_ts"})

    def test_waits_for_a_sink_that_fails_and_is_not_ready_meanwhile(self) -> None:
        sink = self.sink("cassandra")
        action = mock.Mock(side_effect=[OSError("no node"), OSError("no node"), None])
        sink.write("streaming.records", action)
        self.assertEqual(self.slept, [1, 2])
        self.assertEqual(
            self.ready.waits.call_args_list,
            [mock.call("cassandra: streaming.records", does) for does in (True, True, False)],
        )
        said = [f"cassandra: streaming.records: no node; again in {pause} s" for pause in (1, 2)]
        self.assertEqual(self.said.getvalue().splitlines(), said)

    def test_asks_cassandra_in_a_new_session_after_a_write_that_failed(self) -> None:
        sink, frame = self.sink("cassandra"), self.frame(self.BATCH[0])
        evict = getattr(self.jvm, "com.datastax.spark.connector.cql.CassandraConnector").evictCache
        frame.writes = mock.Mock(side_effect=[OSError("no node"), None, None, None])
        self.program.write_cassandra(sink, frame, 5)
        evict.assert_called_once_with()
        tables = [call.args[0]["table"] for call in frame.writes.call_args_list]
        self.assertEqual(tables, ["windows", "windows", "records", "series"])

    def test_starts_the_driver_anew_when_cassandra_s_driver_waits_for_ever(self) -> None:
        ended = threading.Event()
        with (
            mock.patch.object(self.cassandra, "HANGS_AFTER_SECONDS", 0.01),
            mock.patch.object(self.cassandra.os, "_exit", side_effect=lambda code: ended.set()) as exit_,
        ):
            self.cassandra.unless_it_hangs("streaming.records", lambda: self.assertTrue(ended.wait(10)))
            exit_.assert_called_once_with(1)
        self.assertEqual(self.said.getvalue(), "streaming.records: no end after 0.01 s; the driver starts anew\n")

    def test_leaves_a_driver_alone_whose_writes_end(self) -> None:
        with mock.patch.object(self.cassandra, "HANGS_AFTER_SECONDS", 60):
            before = threading.active_count()
            self.cassandra.unless_it_hangs("streaming.records", lambda: None)
            with self.assertRaisesRegex(ValueError, "refused"):
                self.cassandra.unless_it_hangs("streaming.records", mock.Mock(side_effect=ValueError("refused")))
            for thread in threading.enumerate():
                if isinstance(thread, threading.Timer):
                    thread.join(10)
            self.assertEqual(threading.active_count(), before)

    def test_gives_the_connector_one_account_and_a_setting_that_spark_hides(self) -> None:
        found = self.cassandra.settings()
        self.assertEqual(found["spark.cassandra.connection.host"], "cassandra.example")
        self.assertEqual([name for name, value in found.items() if value == "hush"], ["spark.cassandra.auth.password"])

    def test_finds_cassandra_again_within_a_try_and_keeps_its_session_from_batch_to_batch(self) -> None:
        found = self.cassandra.settings()
        milliseconds = 1000 * self.records.RETRY_SECONDS
        self.assertLessEqual(int(found["spark.cassandra.connection.reconnectionDelayMS.max"]), milliseconds)
        self.assertGreater(int(found["spark.cassandra.connection.keepAliveMS"]), milliseconds)


class Files:
    """A folder of files in memory."""

    path = "s3a://checkpoints/lake"

    def __init__(self, **files: str) -> None:
        self.files = {name.replace("__", "/"): text for name, text in files.items()}

    def exists(self, name: str) -> bool:
        return name in self.files

    def read(self, name: str) -> str:
        return self.files[name]

    def write(self, name: str, text: str) -> None:
        self.files[name] = text

    def newest(self, name: str) -> int:
        return max((int(one.split("/")[1]) for one in self.files if one.startswith(f"{name}/")), default=-1)


def checkpoint(query: str, committed: int, *ends: dict[str, dict[str, int]]) -> Files:
    files = Files(metadata=json.dumps({"id": query}))
    files.files.update({f"offsets/{batch}": f"v1\n{{}}\n{json.dumps(end)}" for batch, end in enumerate(ends)})
    files.files.update({f"commits/{batch}": "v1" for batch in range(committed + 1)})
    return files


A, B = "lake.a.samples", "lake.b.windows"


class Taking(StreamCase):
    """Tables that other queries have written before."""

    def floors(self, files: Files, tables: dict[str, Iceberg], still_runs: Any = None) -> Any:
        with mock.patch.object(self.tables, "load", lambda _, name: tables[name]):
            return self.progress.floors_of(None, self.progress.Checkpoint(files), list(tables), still_runs)

    def test_goes_on_after_the_last_batch_that_is_done(self) -> None:
        files = checkpoint("q", 1, {"t": {"0": 4}}, {"t": {"0": 9, "1": 2}}, {"t": {"0": 12, "1": 3}})
        self.assertEqual(self.floors(files, {A: Iceberg(batch_of("q", 1))}), {A: {"t": {0: 9, 1: 2}}})

    def test_knows_a_batch_that_is_in_one_table_and_not_in_the_other(self) -> None:
        files = checkpoint("q", 0, {"t": {"0": 4}}, {"t": {"0": 9}})
        found = self.floors(files, {A: Iceberg(batch_of("q", 0), batch_of("q", 1), {}), B: Iceberg(batch_of("q", 0))})
        self.assertEqual(found, {A: {"t": {0: 9}}, B: {"t": {0: 4}}})

    def test_says_nothing_of_a_query_that_has_done_nothing(self) -> None:
        self.assertEqual(self.floors(checkpoint("q", -1, {"t": {"0": 4}}), {A: Iceberg(batch_of("other", 3))}), {})

    def test_makes_an_old_driver_leave_out_what_it_would_still_write_and_waits_for_its_batch(self) -> None:
        files = checkpoint("q", 0, {"t": {"0": 4}}, {"t": {"0": 9}}, {"t": {"0": 12}})
        table = Iceberg(batch_of("q", 0))

        def old_driver(_: float) -> None:
            self.slept.append(1)
            if len(self.slept) == 2:
                table.summaries.append(batch_of("q", 1))  # it had looked before the fence
            if len(self.slept) >= 4:
                batch = len(self.slept) - 3
                if self.tables.last_epoch(table, "q") < batch:
                    table.summaries.append(batch_of("q", batch))
                files.files[f"commits/{batch}"] = "v1"

        with mock.patch("time.sleep", old_driver):
            self.assertEqual(self.floors(files, {A: table}, lambda: True), {A: {"t": {0: 9}}})
        self.assertEqual(len(self.slept), 4)
        old_driver(0)
        self.assertNotIn(batch_of("q", 2), table.summaries)

    def test_knows_after_an_interruption_what_the_old_driver_has_left_out_since(self) -> None:
        files = checkpoint("q", 0, {"t": {"0": 4}}, {"t": {"0": 9}}, {"t": {"0": 12}})
        table = Iceberg(batch_of("q", 0))

        def old_driver(_: float) -> None:
            files.files["commits/1"] = "v1"

        with mock.patch("time.sleep", old_driver):
            self.assertEqual(self.floors(files, {A: table}, lambda: True), {A: {"t": {0: 4}}})
        files.files["commits/2"] = "v1"
        with mock.patch("time.sleep", side_effect=SystemExit), self.assertRaises(SystemExit):
            self.floors(files, {A: table}, lambda: True)  # another start, ended as well
        self.assertEqual(self.floors(files, {A: table}, lambda: False), {A: {"t": {0: 4}}})

    def test_does_not_wait_for_a_driver_that_has_ended(self) -> None:
        table = Iceberg(batch_of("q", 0))
        files = checkpoint("q", 0, {"t": {"0": 4}})
        self.assertEqual(self.floors(files, {A: table}, lambda: False), {A: {"t": {0: 4}}})
        self.assertEqual((self.slept, len(table.summaries)), ([], 1))

    def test_begins_at_the_least_floor_of_each_partition(self) -> None:
        written = [self.progress.Written(A, ("t",), True, "", ""), self.progress.Written(B, ("t", "u"), False, "", "")]
        floors = {A: {"t": {0: 9, 1: 2}}, B: {"t": {0: 4, 1: 3}, "u": {0: 7}}}
        start = self.progress.starts_of
        self.assertEqual(start(written, floors, {"t": 2, "u": 1}, -2), {"t": {0: 4, 1: 2}, "u": {0: 7}})
        self.assertEqual(start(written, floors, {"t": 3, "u": 2}, -2), {"t": {0: 4, 1: 2, 2: -2}, "u": {0: 7, 1: -2}})
        self.assertEqual(start(written, {A: floors[A]}, {"t": 2, "u": 1}, -2), {"t": {0: -2, 1: -2}, "u": {0: -2}})
        self.assertEqual(start(written, {A: floors[A]}, {"t": 2, "u": 1}, -1), {"t": {0: 9, 1: 2}, "u": {0: -1}})

    def test_needs_no_floors_once_all_lie_behind(self) -> None:
        floors = {A: {"t": {0: 9}}, B: {"t": {0: 4}, "u": {0: 7}}}
        passed = self.progress.passed
        self.assertFalse(passed(floors, {("t", 0): 8, ("u", 0): 7}))
        self.assertTrue(passed(floors, {("t", 0): 9, ("u", 0): 7}))
        self.assertTrue(passed({}, {}))

    def test_begins_where_the_first_batch_finds_what_kafka_has_no_more(self) -> None:
        floors = {A: {"t": {0: 9, 1: 5}, "u": {0: 6}}, B: {"t": {0: 4}}}
        kept = {("t", 0): (7, 20), ("t", 1): (0, 20), ("u", 0): (0, 2)}
        begins = {"t": {0: -2, 1: -2}, "u": {0: -2}}
        found = self.progress.in_sight(begins, floors, kept)
        self.assertEqual(found, {"t": {0: 4, 1: -2}, "u": {0: 6}}, "dropped; all there; made anew")
        begins = {"t": {0: 4, 1: 5}, "u": {0: 6}}
        self.assertEqual(self.progress.in_sight(begins, floors, kept), begins, "no table wants all that there is")
        self.assertEqual(self.progress.in_sight(begins, floors, {}), begins)


class Settling(StreamCase):
    """The file that says which query goes on."""

    def made(self, files: Files, olds: dict[str, Any], *tables: Any) -> Any:
        with mock.patch.object(self.records, "Folder", lambda *_: files):
            found = self.progress.Progress(None, "s3a://checkpoints", tables, "spark-a")
        found._at = lambda path: self.progress.Checkpoint(olds.get(path.removeprefix("s3a://checkpoints/"), Files()))
        with mock.patch.object(self.tables, "load", lambda *_: Iceberg()):
            found.settle()
        return found

    def start(self, found: Any, told: Any = {}, held: Any = {}, kept: Any = (0, 1000)) -> Any:
        with (
            mock.patch.object(self.records, "kept_offsets", lambda _, places: dict.fromkeys(places, kept)),
            mock.patch.object(self.records, "topic_partitions", lambda _, topics: dict.fromkeys(topics, 1)),
            mock.patch.object(self.records, "group_offsets", lambda *_: told),
            mock.patch.object(self.tables, "next_offsets", lambda _, names: held.get(names[0], {})),
        ):
            return json.loads(found.start()) if found.start() != "earliest" else "earliest"

    def written(self, name: str, *topics: str, before: str = "") -> Any:
        return self.progress.Written(name, topics, name == A, before, "")

    def test_takes_over_what_queries_of_their_own_have_written(self) -> None:
        olds = {"a": checkpoint("q", 0, {"t": {"0": 9}}), "b": checkpoint("r", 0, {"t": {"0": 4}, "u": {"0": 7}})}
        found = self.made(Files(), olds, self.written(A, "t", before="a"), self.written(B, "t", "u", before="b"))
        self.assertEqual(found.checkpoint, "s3a://checkpoints/lake/1")
        self.assertEqual(found.floors, {A: {"t": {0: 9}}, B: {"t": {0: 4}, "u": {0: 7}}})
        self.assertEqual(self.start(found, held={A: {0: 9}}), {"t": {"0": 4}, "u": {"0": 7}})

    def test_begins_a_query_of_its_own_when_a_room_comes_or_goes_and_keeps_what_others_have_written(self) -> None:
        files, (a, b) = Files(), (self.written(A, "t"), self.written(B, "t", "u"))
        first = self.made(files, {}, a, b)
        self.assertEqual(self.start(first), {"t": {"0": -2}, "u": {"0": -2}})
        olds = {"lake/1": checkpoint("q", 0, {"t": {"0": 9}, "u": {"0": 7}})}
        self.assertEqual(self.start(self.made(files, olds, a, b)), "earliest", "its own checkpoint decides")
        second = self.made(files, olds, a)
        self.assertEqual((second.checkpoint, second.floors), ("s3a://checkpoints/lake/2", {A: {"t": {0: 9}, "u": {0: 7}}}))
        self.assertEqual(self.start(second, held={A: {0: 9}}), {"t": {"0": 9}})
        olds["lake/2"] = checkpoint("r", 0, {"t": {"0": 30}})
        second.forget_floors()
        third = self.made(files, olds, a, b)
        self.assertEqual(third.floors, {A: {"t": {0: 30}}, B: {"t": {0: 9}, "u": {0: 7}}})
        self.assertEqual(self.start(third, held={A: {0: 30}}), {"t": {"0": 9}, "u": {"0": 7}})

    def test_keeps_the_floor_of_a_table_that_its_query_has_not_reached_when_a_room_goes(self) -> None:
        files, (a, b) = Files(), (self.written(A, "t", before="a"), self.written(B, "t", "u", before="b"))
        olds = {"a": checkpoint("q", 0, {"t": {"0": 9}}), "b": checkpoint("r", 0, {"t": {"0": 4}, "u": {"0": 7}})}
        self.made(files, olds, a, b)
        olds["lake/1"] = checkpoint("s", 0, {"t": {"0": 6}, "u": {"0": 8}})
        second = self.made(files, olds, a)
        self.assertEqual(second.floors, {A: {"t": {0: 9}, "u": {0: 8}}})
        self.assertEqual(self.start(second, held={A: {0: 9}}), {"t": {"0": 9}})

    def test_finds_a_topic_that_was_made_anew_while_its_room_was_off_and_hides_none_of_its_records(self) -> None:
        files, (a, b) = Files(), (self.written(A, "t"), self.written(B, "t", "u"))
        self.made(files, {}, a, b)
        olds = {"lake/1": checkpoint("q", 0, {"t": {"0": 9}, "u": {"0": 7}})}
        self.made(files, olds, a)
        olds["lake/2"] = checkpoint("r", 0, {"t": {"0": 30}})
        third = self.made(files, olds, a, b)
        self.assertEqual(self.start(third, held={A: {0: 30}}, kept=(0, 5)), {"t": {"0": 30}, "u": {"0": 7}})
        lake = self.lake.Lake([], third)
        lake.began(0, {("t", 0): 30, ("u", 0): 7}, {("t", 0): 5, ("u", 0): 5})
        self.assertEqual(third.floors, {A: {"t": {}, "u": {}}, B: {"t": {}, "u": {}}})
        self.assertEqual(self.made(files, olds, a, b).floors, third.floors, "also after a crash")

    def test_forgets_what_tables_of_a_room_that_is_off_have_of_a_topic_that_is_made_anew(self) -> None:
        files, (a, b) = Files(), (self.written(A, "t"), self.written(B, "t", "u"))
        self.made(files, {}, a, b)
        olds = {"lake/1": checkpoint("q", 0, {"t": {"0": 9}, "u": {"0": 7}})}
        second = self.made(files, olds, a)
        lake = self.lake.Lake([], second)
        lake.began(3, {("t", 0): 40}, {("t", 0): 2})
        olds["lake/2"] = checkpoint("r", 0, {"t": {"0": 2}})
        third = self.made(files, olds, a, b)
        self.assertEqual(third.floors, {A: {"t": {0: 2}, "u": {0: 7}}, B: {"t": {}, "u": {0: 7}}})
        self.assertEqual(self.start(third, held={A: {0: 2}}), {"t": {"0": -2}, "u": {"0": 7}})

    def test_notes_what_kafka_dropped_of_a_table_also_where_another_one_has_nothing_yet(self) -> None:
        files, (a, b) = Files(), (self.written(A, "t"), self.written(B, "t"))
        self.made(files, {}, a)
        olds = {"lake/1": checkpoint("q", 0, {"t": {"0": 9}})}
        second = self.made(files, olds, a, b)
        self.assertEqual(self.start(second, held={A: {0: 9}}), {"t": {"0": -2}})
        self.assertEqual(self.start(second, held={A: {0: 9}}, kept=(12, 30)), {"t": {"0": 9}})

    def test_ends_the_driver_when_tables_have_rows_that_no_checkpoint_knows_of(self) -> None:
        found = self.made(Files(), {}, self.written(A, "t"))
        for told, held in (({"t": {0: 5}}, {}), ({}, {A: {0: 5}})):
            with self.ends("have rows, but s3a://checkpoints/lake/1 is not there", "=resume", "group spark-a."):
                self.start(found, told, held)
        self.assertEqual(self.start(found, {"gone": {0: 5}}), {"t": {"0": -2}}, "a topic of a room that is off")

    def test_resumes_after_the_rows_and_where_the_group_is(self) -> None:
        os.environ["ON_MISSING_CHECKPOINT"] = "resume"
        found = self.made(Files(), {}, self.written(A, "t"), self.written(B, "t", "u"))
        told = {"t": {0: 5}, "u": {0: 3}}
        self.assertEqual(self.start(found, told, {A: {0: 8}}), {"t": {"0": 8}, "u": {"0": 3}})
        self.assertEqual(found.floors, {A: {"t": {0: 8}}, B: {"t": {0: 8}, "u": {0: 3}}})


class Floors(WindowsCase):
    def test_keep_from_a_table_what_it_has_and_from_no_other_one(self) -> None:
        rows = [record((NUMBERS, 0, 1)), record((NUMBERS, 0, 2)), record((NUMBERS, 1, 1)), record((TELEMETRY, 0, 1))]
        table = "lake.random_numbers.samples"
        Writing.into_lake(self, *rows, floors={table: {NUMBERS: {0: 2}}})  # type: ignore[arg-type]
        self.assertEqual(
            [row["id"] for row in self.written[table]], ["random-numbers-0-2", "random-numbers-1-1"]
        )
        self.assertEqual(sum(row["count"] for row in self.written["lake.streaming.windows"]), 4)


if __name__ == "__main__":
    unittest.main()
