import base64
import datetime
import math
import os
import types
import unittest
from decimal import Decimal
from typing import Any
from unittest import mock

import support
import millrace
from millrace import _literals, _sql


class Scalar:
    """A scalar of numpy, as far as it is looked at."""

    ndim = 0

    def __init__(self, value: Any, kind: str) -> None:
        self.value = value
        self.dtype = _Kind(kind)

    def item(self) -> Any:
        return self.value


class _Kind(str):
    @property
    def kind(self) -> str:
        return str(self)


class NAType:
    """What pandas has for no value."""


class Timestamp:
    """A time of pandas."""

    def __init__(self, nanosecond: int) -> None:
        self.nanosecond = nanosecond

    def to_pydatetime(self) -> datetime.datetime:
        return datetime.datetime(2026, 1, 2)


class Array(list[Any]):
    ndim = 1


class Bind(unittest.TestCase):
    def test_writes_values_as_literals(self) -> None:
        zone = datetime.timezone(datetime.timedelta(hours=2))
        cases: list[tuple[Any, str]] = [
            (None, "NULL"),
            (True, "true"),
            (7, "7"),
            (-(2**63), "(-9223372036854775807 - 1)"),
            (2**70, "DECIMAL '1180591620717411303424'"),
            (1.5e-7, "DOUBLE '1.5e-07'"),
            (math.nan, "nan()"),
            (-math.inf, "-infinity()"),
            (Decimal("1E-3"), "DECIMAL '0.001'"),
            ("it's", "'it''s'"),
            ("'; DROP TABLE x; --", "'''; DROP TABLE x; --'"),
            (b"\x00\xff", "X'00ff'"),
            (datetime.date(2026, 1, 2), "DATE '2026-01-02'"),
            (datetime.datetime(2026, 1, 2, 3, 4, 5, 678000), "TIMESTAMP '2026-01-02 03:04:05.678'"),
            (datetime.datetime(2026, 1, 2, 3, tzinfo=zone), "TIMESTAMP '2026-01-02 01:00:00.000 UTC'"),
            ([1, "a"], "(1, 'a')"),
        ]
        for value, literal in cases:
            with self.subTest(value=value):
                self.assertEqual(_literals.bind("SELECT :x", {"x": value}), f"SELECT {literal}")

    def test_takes_what_numpy_and_pandas_have_for_the_same(self) -> None:
        cases: list[tuple[Any, str]] = [
            (Scalar(7, "i"), "7"),
            (Scalar(True, "b"), "true"),
            (Array([Scalar(1, "i"), Scalar(2.5, "f")]), "(1, DOUBLE '2.5')"),
            (NAType(), "NULL"),
            (Timestamp(0), "TIMESTAMP '2026-01-02 00:00:00.000'"),
        ]
        for value, literal in cases:
            with self.subTest(value=value):
                self.assertEqual(_literals.bind("SELECT :x", {"x": value}), f"SELECT {literal}")
        with self.assertRaisesRegex(millrace.ParameterError, "nanoseconds"):
            _literals.bind("SELECT :x", {"x": Timestamp(1)})

    def test_leaves_texts_names_and_comments_alone(self) -> None:
        query = "SELECT ':a', 'it''s :a', \":a\", x::a, b:a /* :a\n */ FROM t -- :a\nWHERE y = :a"
        self.assertEqual(_literals.bind(query, {"a": 1}), query[:-2] + "1")

    def test_does_not_look_into_values_again(self) -> None:
        self.assertEqual(_literals.bind("SELECT :a, :b", {"a": ":b", "b": ":a"}), "SELECT ':b', ':a'")

    def test_names_a_parameter_that_is_missing_or_not_known(self) -> None:
        with self.assertRaisesRegex(millrace.MissingParameter, ":a, but a, b is not given"):
            _literals.bind("SELECT :a, :b, :a", {})
        with self.assertRaisesRegex(millrace.UnknownParameter, "no :c; its parameters: :a"):
            _literals.bind("SELECT :a", {"a": 1, "c": 2})

    def test_refuses_what_is_no_value(self) -> None:
        refused: list[tuple[Any, str]] = [
            (object(), "of type object"),
            ([], "empty list"),
            (Decimal("NaN"), "no such decimal"),
            (10**38, "more than the 38 digits"),
            (Decimal("1E+40"), "more than the 38 digits"),
            (datetime.datetime(2026, 1, 2, 3, 4, 5, 678901), "end at the millisecond.*microsecond=0"),
            (datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), "before the year 1"),
            (datetime.timedelta(1), "of type timedelta"),
            ("\ud800", "half a surrogate pair"),
            (Scalar(5, "m"), "numpy's type m, which has no equal one"),
        ]
        for value, words in refused:
            with self.subTest(value=value), self.assertRaisesRegex(millrace.ParameterError, f"parameter a .*{words}"):
                _literals.bind("SELECT :a", {"a": value})


class Series(list[Any]):
    """As much of a pandas Series as the conversion touches: its values and the type asked for."""

    def __init__(self, values: Any, dtype: str = "") -> None:
        super().__init__(values)
        self.dtype = dtype or getattr(values, "dtype", "")
        self.dt = self

    def tz_localize(self, zone: str) -> "Series":
        self.dtype += f", {zone}"
        return self


class Frame:
    def __init__(self, series: dict[int, Series]) -> None:
        self.series = list(series.values())
        self.columns: list[str] = []


PANDAS = support.module("pandas", Series=Series, DataFrame=Frame, Index=lambda names, dtype: list(names), array=Series)
NUMPY = support.module("numpy", array=Series)


def converted(kind: str, *values: Any) -> Series:
    with support.modules(pandas=PANDAS, numpy=NUMPY):
        made: Any = _sql.frame([{"name": "x", "type": kind}], [[value] for value in values])
    return made.series[0]


class Types(unittest.TestCase):
    def test_gives_columns_the_types_that_presto_says(self) -> None:
        cases: list[tuple[str, list[Any], str, list[Any]]] = [
            ("bigint", [1], "int64", [1]),
            ("integer", [1, None], "Int32", [1, None]),
            ("boolean", [True], "bool", [True]),
            ("boolean", [True, None], "boolean", [True, None]),
            ("double", [1, "Infinity"], "float64", [1.0, math.inf]),
            ("real", [1.5], "float32", [1.5]),
            ("decimal(10,3)", ["12.340", None], "object", [Decimal("12.340"), None]),
            ("varchar(3)", ["a", None], "object", ["a", None]),
            ("varbinary", [base64.b64encode(b"\x00").decode()], "object", [b"\x00"]),
            ("date", ["2026-11-21", None], "datetime64[s]", ["2026-11-21", "NaT"]),
            ("timestamp", ["2026-11-21 01:02:03.456"], "datetime64[ms]", ["2026-11-21T01:02:03.456"]),
            (
                "timestamp with time zone",
                [
                    "2026-11-21 01:02:03.456 Europe/Berlin",
                    "2026-11-21 01:00:00.000 -02:30",
                    "2026-11-21 01:00:00.000 UTC",
                ],
                "datetime64[ms], UTC",
                ["2026-11-21T00:02:03.456", "2026-11-21T03:30:00.000", "2026-11-21T01:00:00.000"],
            ),
            ("time", ["01:02:03.400"], "object", [datetime.time(1, 2, 3, 400_000)]),
            ("interval day to second", ["-1 02:00:00.000"], "timedelta64[ms]", [-datetime.timedelta(days=1, hours=2)]),
        ]
        for kind, values, dtype, expected in cases:
            with self.subTest(kind=kind, values=values):
                made = converted(kind, *values)
                self.assertEqual((made.dtype, list(made)), (dtype, expected))

    def test_refuses_a_time_that_the_clock_showed_twice(self) -> None:
        with self.assertRaisesRegex(millrace.QueryFailed, "column \"x\".*02:30.*clock goes back.*AT TIME ZONE 'UTC'"):
            converted("timestamp with time zone", "2026-10-25 02:30:00.000 Europe/Berlin")
        with self.assertRaisesRegex(millrace.QueryFailed, "Mars/Base.*does not know.*AT TIME ZONE 'UTC'"):
            converted("timestamp with time zone", "2026-10-25 02:30:00.000 Mars/Base")

    def test_names_the_column_of_a_value_that_pandas_does_not_take(self) -> None:
        with self.assertRaisesRegex(millrace.QueryFailed, 'column "x" of type array.timestamp. holds what pandas cannot'):
            converted("array(timestamp)", '["+10000-01-01 00:00:00.000"]')

    def test_knows_not_a_number(self) -> None:
        self.assertTrue(all(math.isnan(value) for value in converted("double", "NaN", None)))

    def test_reads_what_is_inside_arrays_maps_and_rows(self) -> None:
        cases: list[tuple[str, Any, Any]] = [
            ("array(integer)", "[ 1, null ]", [1, None]),
            ("map(bigint,array(decimal(2,1)))", '{"1": "[ \\"1.5\\" ]"}', {1: [Decimal("1.5")]}),
            ('row(x bigint,"y, (z" varchar(3))', '[ 1, "z" ]', {"x": 1, "y, (z": "z"}),
            ("row(timestamp with time zone,double)", '[ "2026-01-01 00:00:00.000 UTC", "NaN" ]', None),
            ("row(t timestamp)", '[ "2026-01-01 00:00:00.000" ]', {"t": datetime.datetime(2026, 1, 1)}),
            ("array(boolean)", [True], [True]),
        ]
        for kind, value, expected in cases:
            with self.subTest(kind=kind):
                found = converted(kind, value)[0]
                if expected is None:
                    self.assertEqual(found[0], datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
                    self.assertTrue(math.isnan(found[1]))
                else:
                    self.assertEqual(found, expected)

    def test_takes_column_names_that_occur_twice(self) -> None:
        with support.modules(pandas=PANDAS, numpy=NUMPY):
            made: Any = _sql.frame([{"name": "x", "type": "bigint"}, {"name": "x", "type": "varchar"}], [[1, "a"]])
        self.assertEqual((made.columns, [list(one) for one in made.series]), (["x", "x"], [[1], ["a"]]))


class PrestoQueryError(Exception):
    message, error_name, query_id = "line 1:8: Column 'x' cannot be resolved", "SYNTAX_ERROR", "20261121_1"


class HttpError(Exception):
    pass


class RequestException(Exception):
    pass


class Cursor:
    """A coordinator that answers one row, or raises."""

    def __init__(self, raised: BaseException | None) -> None:
        self.raised = raised
        self.statement = ""
        self.left = [1, 2, 3]
        self.cancelled = False
        self.description = [("x", "bigint", None, None, None, None, None)]

    def execute(self, statement: str) -> None:
        self.statement = statement
        if self.raised is not None:
            raise self.raised

    def fetchall(self) -> list[list[int]]:
        return [[1]]

    def fetchmany(self, size: int) -> list[list[int]]:
        part, self.left = self.left[:size], self.left[size:]
        return [[number] for number in part]

    def cancel(self) -> None:
        self.cancelled = True


class Query(support.PlatformCase):
    def ask(self, query: str, raised: BaseException | None = None, **params: Any) -> tuple[Any, Cursor, dict[str, Any]]:
        self.cursor = Cursor(raised)
        asked: dict[str, Any] = {}

        def connect(**settings: Any) -> Any:
            asked.update(settings)
            return types.SimpleNamespace(cursor=lambda: self.cursor)

        exceptions = support.module("prestodb.exceptions", PrestoQueryError=PrestoQueryError, HttpError=HttpError)
        prestodb = support.module(
            "prestodb", dbapi=support.module("prestodb.dbapi", connect=connect), exceptions=exceptions
        )
        requests = support.module("requests", RequestException=RequestException)
        with support.modules(prestodb=prestodb, requests=requests, pandas=PANDAS, numpy=NUMPY):
            return millrace.sql(query, **params), self.cursor, asked

    def test_asks_the_coordinator_in_the_name_of_the_person(self) -> None:
        made, cursor, asked = self.ask("SELECT :x AS x;\n", x=1)
        self.assertEqual(cursor.statement, "SELECT 1 AS x")
        self.assertEqual(list(made.series[0]), [1])
        self.assertEqual((asked["host"], asked["port"], asked["http_scheme"]), ("presto.example", 8080, "http"))
        self.assertEqual((asked["user"], asked["catalog"]), ("ana", "lake"))
        self.assertEqual(asked["http_headers"], {"X-Presto-Time-Zone": "UTC"})

    def test_gives_a_large_result_in_parts_and_ends_the_query_where_they_are_left(self) -> None:
        parts, cursor, _ = self.ask("SELECT x", chunksize=2)
        self.assertEqual([list(part.series[0]) for part in self.with_pandas(parts)], [[1, 2], [3]])
        self.assertFalse(cursor.cancelled)
        parts, cursor, _ = self.ask("SELECT x", chunksize=1)
        first = next(self.with_pandas(parts))
        self.assertEqual((list(first.series[0]), first.series[0].dtype), ([1], "Int64"))
        parts.close()
        self.assertTrue(cursor.cancelled)

    def with_pandas(self, parts: Any) -> Any:
        with support.modules(pandas=PANDAS, numpy=NUMPY):
            yield from parts

    def test_refuses_what_is_no_query_and_no_size(self) -> None:
        for query in (5, None, "", " "):
            with self.subTest(query=query), self.says(millrace.ParameterError, f"query is {query!r}"):
                self.ask(query)  # type: ignore[arg-type]
        for size in (0, "5", True):
            with self.subTest(size=size), self.says(millrace.ParameterError, f"chunksize is {size!r}"):
                self.ask("SELECT 1", chunksize=size)

    def test_tells_the_way_where_spark_does_what_presto_refuses(self) -> None:
        for message, way in (
            ("Iceberg column type timestamptz is not supported", "CAST(x AS TIMESTAMP_NTZ)"),
            ("Hive views are not supported: 'reports.mine'", "DROP VIEW lake.<schema>.<name>"),
            ("Not an Iceberg table: reports.mine", "millrace.spark().sql('SELECT ...')"),
            ("Table metadata is missing.", "CREATE TABLE ... AS SELECT ... FROM ..."),
            ("This connector does not support updates", "millrace.spark().sql('UPDATE ...')"),
            ("line 1:1: mismatched input 'MERGE'. Expecting: 'ALTER'", "millrace.spark().sql('MERGE INTO ...')"),
            (
                "This connector only supports delete where one or more partitions are deleted entirely. Configure",
                "millrace.spark().sql('DELETE FROM ...')",
            ),
        ):
            error = PrestoQueryError()
            error.message = message  # type: ignore[misc]
            with self.subTest(message=message), self.says(millrace.QueryFailed, message, way):
                self.ask("SELECT x", error)

    def test_logs_in_where_a_password_is_given(self) -> None:
        self.enterContext(mock.patch.dict(os.environ, {"MILLRACE_PASSWORD": "hush"}))
        login = base64.b64encode(b"ana:hush").decode()
        self.assertEqual(self.ask("SELECT 1")[2]["http_headers"]["Authorization"], f"Basic {login}")

    def test_tells_who_is_refused_and_never_the_password(self) -> None:
        refused = HttpError("error 401: b'<h1>401 Authorization Required</h1>'")
        way = "Set MILLRACE_USER and MILLRACE_PASSWORD"
        with self.says(millrace.AccessRefused, "refuses whoever gives no password", way):
            self.ask("SELECT 1", refused)
        self.enterContext(mock.patch.dict(os.environ, {"MILLRACE_PASSWORD": "hush"}))
        with self.says(millrace.AccessRefused, 'refuses the password of "ana"', way):
            self.ask("SELECT 1", refused)

    def test_takes_the_port_of_the_scheme(self) -> None:
        self.endpoints({"presto": {"url": "https://presto.example"}})
        self.assertEqual(self.ask("SELECT 1")[2]["port"], 443)

    def test_tells_what_presto_says(self) -> None:
        with self.says(millrace.QueryFailed, "Presto: line 1:8: Column 'x'", "SYNTAX_ERROR", "20261121_1"):
            self.ask("SELECT x", PrestoQueryError())

    def test_tells_where_it_looked_for_presto(self) -> None:
        refused = RequestException(
            "HTTPConnectionPool(host='p'): Caused by Error('<x>: [Errno 111] Connection refused'))"
        )
        with self.says(millrace.NotAvailable, "http://presto.example:8080", "Connection refused"):
            self.ask("SELECT 1", refused)

    def test_cancels_the_query_when_it_is_interrupted(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            self.ask("SELECT 1", KeyboardInterrupt())
        self.assertTrue(self.cursor.cancelled)
