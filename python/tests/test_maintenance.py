import contextlib
import io
from datetime import datetime, timezone
from typing import Any
from unittest import mock

import support
import millrace
from millrace import _maintenance

Row = support.module


class Lake:
    """A Spark session that only knows what upkeep asks; `fails` is what the next calls of a procedure on a table raise."""

    def __init__(self, tables: dict[str, list[str]]) -> None:
        self.tables = tables
        self.views: list[str] | None = []
        self.asked: list[str] = []
        self.fails: dict[str, list[str]] = {}
        self.counts = {"files": 100, "snapshots": 200}
        self.settings = {"spark.sql.shuffle.partitions": "200"}
        self.conf = support.module("conf", get=self.settings.__getitem__, set=self.settings.__setitem__)

    def sql(self, query: str) -> "Lake":
        self.asked.append(query)
        self.rows: list[Any] = []
        if query == "SHOW NAMESPACES IN lake":
            self.rows = [Row("row", namespace=name if name.isalnum() else f"`{name}`") for name in self.tables]
        elif query.startswith("SHOW TABLES IN lake."):
            namespace = query.split("`")[1]
            self.rows = [Row("row", tableName=name) for name in self.tables[namespace]]
        elif query.startswith("SHOW VIEWS IN lake."):
            if self.views is None:
                raise RuntimeError("[MISSING_CATALOG_ABILITY.VIEWS] lake")
            self.rows = [Row("row", viewName=name) for name in self.views]
        elif query.startswith("SELECT count(*) FROM lake."):
            self.rows = [[self.counts[query.rsplit(".", 1)[1]]]]
        else:
            for table, errors in self.fails.items():
                if f"'{table}'" in query and errors:
                    raise RuntimeError(errors.pop(0))
            if "rewrite_data_files" in query:
                self.counts["files"] = 2
            if "expire_snapshots" in query:
                self.counts["snapshots"] = 101
        return self

    def collect(self) -> list[Any]:
        return self.rows

    def called(self) -> list[tuple[str, str]]:
        """Procedures and tables, in order."""
        calls = [query for query in self.asked if query.startswith("CALL lake.system.")]
        return [(query.split("(")[0].removeprefix("CALL lake.system."), query.split("'")[1]) for query in calls]


class Maintenance(support.PlatformCase):
    def setUp(self) -> None:
        super().setUp()
        self.lake = Lake({"census": ["people"], "telemetry": ["samples", "dead_letter", "hourly"]})
        self.enterContext(mock.patch.object(_maintenance, "spark", lambda: self.lake))
        self.printed = self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def test_takes_all_tables_but_those_that_the_stream_maintains_itself(self) -> None:
        millrace.maintain()
        steps = ("rewrite_data_files", "rewrite_manifests", "expire_snapshots")
        tables = ("`census`.`people`", "`telemetry`.`hourly`")
        self.assertEqual(self.lake.called(), [(step, table) for table in tables for step in steps])

    def test_takes_the_tables_that_are_named_also_those_of_the_stream(self) -> None:
        millrace.maintain(["lake.telemetry.samples", "census.people"])
        self.assertEqual([table for _, table in self.lake.called()][::3], ["`telemetry`.`samples`", "`census`.`people`"])
        self.assertNotIn("SHOW NAMESPACES IN lake", self.lake.asked)

    def test_leaves_views_alone(self) -> None:
        self.lake.views = ["hourly"]
        self.assertEqual([done.table for done in millrace.maintain()], ["census.people"])
        self.lake.views = None
        self.assertEqual(len(millrace.maintain()), 2)

    def test_tells_files_and_snapshots_before_and_after(self) -> None:
        self.assertEqual(
            millrace.maintain(["census.people"]), [millrace.Maintained("census.people", 100, 2, 200, 101)]
        )
        self.assertEqual(self.printed.getvalue(), "census.people: files 100 -> 2, snapshots 200 -> 101\n")

    def test_keeps_the_snapshots_of_a_day_and_the_newest_hundred(self) -> None:
        with mock.patch.object(_maintenance, "datetime") as clock:
            clock.now.return_value = datetime(2026, 11, 21, 11, 0, tzinfo=timezone.utc)
            millrace.maintain(["census.people"])
            millrace.maintain(["census.people"], keep_hours=1.5)
        expired = [query for query in self.lake.asked if "expire_snapshots" in query]
        self.assertIn("older_than => TIMESTAMP '2026-11-20 11:00:00Z', retain_last => 100)", expired[0])
        self.assertIn("older_than => TIMESTAMP '2026-11-21 09:30:00Z', retain_last => 100)", expired[1])

    def test_tries_a_table_once_more_when_somebody_else_commits_to_it(self) -> None:
        self.lake.fails = {"`census`.`people`": ["Found conflicting files\nat org.apache.iceberg"]}
        self.assertEqual(len(millrace.maintain()), 2)
        self.assertIn("census.people: try 1 of 2 failed: Found conflicting files\n", self.printed.getvalue())

    def test_goes_on_with_the_others_and_names_those_that_failed_in_the_end(self) -> None:
        self.lake.fails = {"`census`.`people`": ["conflict one", "conflict two", "conflict three"]}
        with self.says(millrace.MaintenanceFailed, "1 of 2 tables failed: census.people: conflict two"):
            millrace.maintain()
        self.assertEqual(self.lake.fails, {"`census`.`people`": ["conflict three"]})
        self.assertEqual(self.lake.called()[-1], ("expire_snapshots", "`telemetry`.`hourly`"))

    def test_takes_it_as_done_where_a_table_is_dropped_meanwhile_unless_it_was_named(self) -> None:
        self.lake.fails = {"`census`.`people`": ["[TABLE_OR_VIEW_NOT_FOUND] no such table"] * 3}
        self.assertEqual([done.table for done in millrace.maintain()], ["telemetry.hourly"])
        with self.says(millrace.MaintenanceFailed, "census.people: [TABLE_OR_VIEW_NOT_FOUND]"):
            millrace.maintain(["census.people"])

    def test_does_not_go_from_table_to_table_where_spark_is_away(self) -> None:
        with mock.patch.object(_maintenance, "spark", side_effect=millrace.NotAvailable("no Spark")) as spark:
            with self.says(millrace.NotAvailable, "no Spark"):
                millrace.maintain(["census.people", "telemetry.hourly"])
        self.assertEqual(spark.call_count, 1)

    def test_leaves_the_settings_of_the_session_as_they_were(self) -> None:
        self.lake.fails = {"`census`.`people`": ["conflict"]}
        millrace.maintain()
        self.assertEqual(self.lake.settings, {"spark.sql.shuffle.partitions": "200"})

    def test_quotes_names(self) -> None:
        self.lake.tables = {"my-own": ["it's `odd`"]}
        millrace.maintain()
        self.assertIn("SELECT count(*) FROM lake.`my-own`.`it's ``odd```.files", self.lake.asked)
        self.assertTrue(any("(table => '`my-own`.`it\\'s ``odd```'" in query for query in self.lake.asked))

    def test_refuses_what_is_no_table_and_no_age_before_it_does_anything(self) -> None:
        for table in ("people", "lake.people", "a.b.c", "a."):
            with self.subTest(table=table):
                with self.says(millrace.ParameterError, f'"{table}"', '"census.people"'):
                    millrace.maintain(["census.people", table])
        for given in (5, ""):
            with self.says(millrace.ParameterError, f"a table in tables is {given!r}", '"census.people"'):
                millrace.maintain(["census.people", given])  # type: ignore[list-item]
        for tables in ("census.people", 5):
            with self.says(millrace.ParameterError, f"tables is {tables!r}", '["census.people"]'):
                millrace.maintain(tables)  # type: ignore[arg-type]
        with self.says(millrace.ParameterError, "keep_hours is -1"):
            millrace.maintain(keep_hours=-1)
        self.assertEqual(self.lake.asked, [])
