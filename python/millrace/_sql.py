"""Presto to pandas."""

import base64
import datetime
import json
import math
import re
import zoneinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, Sequence, overload
from urllib.parse import quote, urlsplit

from ._config import password, presto_endpoint, user
from ._errors import AccessRefused, NotAvailable, ParameterError, QueryFailed
from ._literals import bind, is_encodable, milliseconds

if TYPE_CHECKING:
    import pandas

#: Tries of one HTTP request, with growing pauses: some 20 s in all, as long as a coordinator takes to come back.
ATTEMPTS = 7

#: What to do where Presto refuses a statement that Spark runs, by words of Presto.
_WAYS: tuple[tuple[str, str], ...] = (
    (
        "timestamptz is not supported",
        "the table has a column of Spark's TIMESTAMP_LTZ, which Presto cannot read. Write it anew in Spark as a time "
        "without zone: CREATE OR REPLACE TABLE ... AS SELECT ..., CAST(x AS TIMESTAMP_NTZ) AS x FROM ...",
    ),
    (
        "hive views are not supported",
        "a view of Spark's is in the lake, and Presto can't list columns while it is there. Drop it: "
        "millrace.spark().sql('DROP VIEW lake.<schema>.<name>'), and make a table of its rows",
    ),
    ("not an iceberg table", "it is a view of Spark's, or of another kind: millrace.spark().sql('SELECT ...') reads it"),
    (
        "table metadata is missing",
        "the table may have Iceberg's format 3, which Presto cannot read. Copy it in Spark, which makes format 2: "
        "CREATE TABLE ... AS SELECT ... FROM ..., and drop this one",
    ),
    ("does not support updates", "let Spark do it: millrace.spark().sql('UPDATE ...')"),
    ("mismatched input 'merge'", "let Spark do it: millrace.spark().sql('MERGE INTO ...')"),
    (
        "only supports delete where one or more partitions are deleted entirely",
        "let Spark do it: millrace.spark().sql('DELETE FROM ...')",
    ),
)
_IN_UTC = "AT TIME ZONE 'UTC'"


@overload
def sql(query: str, /, *, chunksize: None = None, **params: Any) -> "pandas.DataFrame": ...
@overload
def sql(query: str, /, *, chunksize: int, **params: Any) -> "Iterator[pandas.DataFrame]": ...
def sql(
    query: str, /, *, chunksize: int | None = None, **params: Any
) -> "pandas.DataFrame | Iterator[pandas.DataFrame]":
    """Runs a query in Presto and gives its rows as a pandas DataFrame.

        millrace.sql("SELECT * FROM telemetry.samples WHERE metric = :metric AND ts >= :since",
                     metric="cpu_user", since=datetime(2026, 11, 21))

    `:name` stands for a parameter, which may be None, a bool, int, float, Decimal, str, bytes, date, datetime (with or
    without a zone), a scalar of numpy or pandas, or a list, tuple, array or Series of these (for `IN :names`). Values are
    written as literals, never as SQL, and arrive equal or are refused: Presto's times end at the millisecond. Table names
    without a catalog are looked up in the lake.

    With `chunksize` it gives an iterator of DataFrames of at most so many rows, which come as they are read, so that a large
    result needs little memory: `for part in millrace.sql(query, chunksize=50_000)`. Leaving the loop ends the query.

    Types of columns: boolean -> bool, tinyint to bigint -> int8 to int64, real -> float32, double -> float64,
    decimal -> decimal.Decimal, varchar -> str, varbinary -> bytes, date -> datetime64[s], timestamp -> datetime64[ms],
    timestamp with time zone -> datetime64[ms, UTC], interval day to second -> timedelta64[ms]. Where a column has NULLs,
    and in every part of a `chunksize`, bool and int columns become pandas' nullable `boolean` and `Int64` (and so on);
    others hold NaN, NaT or None. Arrays are lists, maps are dicts, and rows are dicts too, or tuples where their fields
    have no names. The time zone of a query is UTC.

    Raises:
        QueryFailed: Presto refuses the query, with its own words, or gives a value that has no equal in pandas.
        MissingParameter, UnknownParameter, ParameterError: the parameters do not fit the query.
        AccessRefused: Presto asks for a login, as it may at its published address, and MILLRACE_USER and MILLRACE_PASSWORD are
            not those of an account.
        NotAvailable: Presto does not answer.
    """
    if not isinstance(query, str) or query.strip() == "":
        raise ParameterError(f'query is {query!r}; give SQL as a text, such as "SELECT 1"')
    if chunksize is not None and (isinstance(chunksize, bool) or not isinstance(chunksize, int) or chunksize < 1):
        raise ParameterError(f"chunksize is {chunksize!r}; give a whole number of rows from 1")
    endpoint = presto_endpoint()
    statement = bind(query.strip().rstrip(";"), params)
    if not is_encodable(statement):
        raise ParameterError("the query has half a surrogate pair, which is no text; Presto reads UTF-8")
    result = _Result(statement, endpoint.url, endpoint.catalog)
    if chunksize is None:
        return frame(result.columns, result.rest())
    return (frame(result.columns, rows, always_nullable=True) for rows in result.parts(chunksize))


class _Result:
    """Columns and rows of a statement. Interrupting it, and leaving its parts before their end, ends the query too."""

    def __init__(self, statement: str, url: str, catalog: str) -> None:
        import prestodb
        import requests

        where = urlsplit(url)
        self._url = url
        self._refused = prestodb.exceptions.PrestoQueryError
        self._silent = (requests.RequestException, prestodb.exceptions.HttpError)
        connection = prestodb.dbapi.connect(
            host=where.hostname,
            port=where.port or (443 if where.scheme == "https" else 80),
            http_scheme=where.scheme,
            user=_header(user()),
            source="millrace-python",
            catalog=catalog,
            http_headers={"X-Presto-Time-Zone": "UTC", **_login()},
            max_attempts=ATTEMPTS,
        )
        self._cursor = connection.cursor()
        self._asked(lambda: self._cursor.execute(statement))
        self.columns = [{"name": column[0], "type": column[1]} for column in self._cursor.description or []]

    def rest(self) -> list[Sequence[Any]]:
        rows: list[Sequence[Any]] = self._asked(self._cursor.fetchall)
        return rows

    def parts(self, size: int) -> Iterator[list[Sequence[Any]]]:
        """Rows in parts of at most `size`; one empty part where there are none."""
        try:
            rows = self._asked(lambda: self._cursor.fetchmany(size))
            yield rows
            while len(rows) == size:
                rows = self._asked(lambda: self._cursor.fetchmany(size))
                if rows:
                    yield rows
        except GeneratorExit:
            _cancel(self._cursor)
            raise

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except self._refused as error:
            raise QueryFailed(
                f"Presto: {error.message} ({error.error_name}, query {error.query_id}){_way(error.message)}"
            ) from None
        except self._silent as error:
            if str(error).startswith("error 401"):
                raise AccessRefused(
                    f"Presto at {self._url} asks for a login, and refuses {_as_whom()}. Set MILLRACE_USER and MILLRACE_PASSWORD; "
                    "npm run password -- --service authProxy prints the password"
                ) from None
            raise NotAvailable(f"Presto does not answer at {self._url}: {_short(error)}") from None
        except BaseException:
            _cancel(self._cursor)
            raise


def _way(message: str) -> str:
    return next((f"; {way}" for words, way in _WAYS if words in message.lower()), "")


def _login() -> dict[str, str]:
    """prestodb's own way to log in needs HTTPS, which node ports don't have."""
    word = password()
    if word is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user()}:{word}".encode()).decode()}


def _as_whom() -> str:
    return "whoever gives no password" if password() is None else f'the password of "{user()}"'


def _header(name: str) -> str:
    """A name as HTTP takes it: what is not Latin is written in percents."""
    return name if name.isascii() else quote(name)


def _cancel(cursor: Any) -> None:
    try:
        cursor.cancel()
    except Exception:  # noqa: BLE001 - the query may be over, or Presto gone; the first error is the one to show
        pass


def _short(error: Exception) -> str:
    """The cause at the end of the chain that requests wraps around it."""
    text = str(error)
    reason = re.search(r"\] (.+?)['\")]*$", text)
    return reason.group(1) if reason else text


def frame(
    columns: Sequence[Mapping[str, Any]], rows: Sequence[Sequence[Any]], always_nullable: bool = False
) -> "pandas.DataFrame":
    """Rows of Presto's JSON as a DataFrame with the types of the columns. Column names may occur twice."""
    import pandas

    series = {}
    for index, column in enumerate(columns):
        kind = str(column["type"])
        try:
            series[index] = _series([row[index] for row in rows], kind, always_nullable)
        except (QueryFailed, ValueError, OverflowError) as error:
            raise QueryFailed(f'column "{column["name"]}" of type {kind} holds what pandas cannot: {error}') from None
    made = pandas.DataFrame(series)
    made.columns = pandas.Index([column["name"] for column in columns], dtype="object")
    return made


_INTEGERS = {"tinyint": "int8", "smallint": "int16", "integer": "int32", "bigint": "int64"}


def _series(values: list[Any], presto_type: str, always_nullable: bool = False) -> "pandas.Series[Any]":
    import pandas

    kind, _ = _parsed(presto_type)
    has_null = always_nullable or any(value is None for value in values)
    if kind in _INTEGERS:
        name = _INTEGERS[kind]
        # The nullable types are the same names with a capital letter.
        return pandas.Series(values, dtype=name.capitalize() if has_null else name)
    if kind == "boolean":
        return pandas.Series(values, dtype="boolean" if has_null else "bool")
    if kind in ("double", "real"):
        numbers = [math.nan if value is None else float(value) for value in values]
        return pandas.Series(numbers, dtype="float64" if kind == "double" else "float32")
    if kind == "timestamp with time zone":
        times = [None if value is None else milliseconds(_zoned(value)) for value in values]
        return _times(times, "ms").dt.tz_localize("UTC")
    if kind == "timestamp":
        return _times(values, "ms")
    if kind == "date":
        return _times(values, "s")
    convert = _converter(presto_type)
    converted = [None if value is None else convert(value) for value in values]
    if kind == "interval day to second":
        return pandas.Series(pandas.array(converted, dtype="timedelta64[ms]"))
    return pandas.Series(converted, dtype="object")


def _times(values: Sequence[str | None], unit: str) -> "pandas.Series[Any]":
    import numpy
    import pandas

    texts = ["NaT" if value is None else value.replace(" ", "T") for value in values]
    return pandas.Series(numpy.array(texts, dtype=f"datetime64[{unit}]"))


def _converter(presto_type: str) -> Callable[[Any], Any]:
    """What makes a Python value of one that is not NULL, as Presto writes it in JSON."""
    kind, inner = _parsed(presto_type)
    if kind == "array":
        item = _optional(inner[0])
        return lambda value: [item(one) for one in _structure(value)]
    if kind == "map":
        key, item = _optional(inner[0]), _optional(inner[1])
        return lambda value: {key(name): item(one) for name, one in _structure(value).items()}
    if kind == "row":
        fields = [_field(text) for text in inner]
        if any(name is None for name, _ in fields):
            return lambda value: tuple(make(one) for (_, make), one in zip(fields, _structure(value)))
        return lambda value: {name: make(one) for (name, make), one in zip(fields, _structure(value))}
    return _CONVERTERS.get(kind, lambda value: value)


def _optional(presto_type: str) -> Callable[[Any], Any]:
    convert = _converter(presto_type)
    return lambda value: None if value is None else convert(value)


def _field(text: str) -> tuple[str | None, Callable[[Any], Any]]:
    """Name and converter of a row's field: `x bigint`, `"a b" bigint`, or `bigint` without a name."""
    if _parsed(text)[0] in _KINDS:
        return None, _optional(text)
    found = re.match(r'\s*("(?:[^"]|"")*"|\S+)\s+(.+)', text, re.DOTALL)
    if found is None:
        return None, _optional(text)
    return found.group(1).strip('"').replace('""', '"'), _optional(found.group(2))


def _structure(value: Any) -> Any:
    """Presto writes arrays, maps and rows as JSON in a text."""
    return json.loads(value) if isinstance(value, str) else value


def _parsed(presto_type: str) -> tuple[str, list[str]]:
    """`map(varchar(3), array(bigint))` as `map` and its two parts."""
    kind, bracket, rest = presto_type.strip().partition("(")
    if not bracket:
        return kind.lower(), []
    parts = [""]
    depth = 1
    quoted = False
    for position, character in enumerate(rest):
        if character == '"':
            quoted = not quoted
        elif not quoted and character == "(":
            depth += 1
        elif not quoted and character == ")":
            depth -= 1
            if depth == 0:
                return f"{kind}{rest[position + 1 :]}".strip().lower(), parts
        elif not quoted and character == "," and depth == 1:
            parts.append("")
            continue
        parts[-1] += character
    return kind.lower(), parts


def _zoned(text: str) -> datetime.datetime:
    """`2026-11-21 09:00:00.000 Europe/Berlin` in UTC. Presto gives the zone as a name or as `+02:00`.

    Raises:
        QueryFailed: the clock showed this time twice, and Presto does not say which is meant.
    """
    local, _, zone = text.rpartition(" ")
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    if offset:
        span = datetime.timedelta(hours=int(offset.group(2)), minutes=int(offset.group(3)))
        info: datetime.tzinfo = datetime.timezone(-span if offset.group(1) == "-" else span)
    else:
        try:
            info = datetime.timezone.utc if zone == "UTC" else zoneinfo.ZoneInfo(zone)
        except (KeyError, ValueError):
            raise QueryFailed(f'"{text}" is in a zone that Python does not know; ask for it in UTC: x {_IN_UTC}') from None
    first = datetime.datetime.fromisoformat(local).replace(tzinfo=info)
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        raise QueryFailed(
            f'"{text}" is a time of the night when the clock goes back, and Presto does not say whether it is the first or '
            f"the second of that name; ask for it in UTC: x {_IN_UTC}"
        )
    return first.astimezone(datetime.timezone.utc)


def _interval(text: str) -> datetime.timedelta:
    """`-1 02:03:04.567`: days, then a time; the sign is of the whole."""
    found = re.fullmatch(r"(-?)(\d+) (\d+):(\d+):(\d+)\.(\d+)", text)
    if found is None:
        raise QueryFailed(f'Presto gave "{text}" as an interval; expected days and a time, like 1 02:03:04.567')
    days, hours, minutes, seconds, milliseconds = (int(part) for part in found.groups()[1:])
    span = datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    return -span if found.group(1) else span


#: What Presto writes as text, by type. It also writes NaN and Infinity so.
_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "real": float,
    "double": float,
    "decimal": Decimal,
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "boolean": lambda value: value if isinstance(value, bool) else value == "true",
    "varbinary": base64.b64decode,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timestamp": datetime.datetime.fromisoformat,
    "timestamp with time zone": _zoned,
    "interval day to second": _interval,
}
_KINDS = frozenset(
    [*_CONVERTERS, "varchar", "char", "json", "uuid", "array", "map", "row", "ipaddress", "unknown"]
    + ["time with time zone", "interval year to month"]
)
