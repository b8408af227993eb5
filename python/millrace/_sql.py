"""Presto to pandas."""

import base64
import datetime
import json
import math
import re
import zoneinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence
from urllib.parse import urlsplit

from ._config import presto_endpoint, user
from ._errors import MissingParameter, NotAvailable, ParameterError, QueryFailed, UnknownParameter

if TYPE_CHECKING:
    import pandas

#: Tries of one HTTP request, with growing pauses: some 20 s in all, as long as a coordinator takes to come back.
ATTEMPTS = 7

# Parts of SQL in which a colon means nothing, and then a parameter.
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'          # text
      | "(?:[^"]|"")*"          # quoted name
      | --[^\n]*                # comment
      | /\*.*?\*/
      | ::                      # not SQL of Presto, but no parameter either
      | (?<![\w:]):(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)


def sql(query: str, /, **params: Any) -> "pandas.DataFrame":
    """Runs a query in Presto and gives its rows as a pandas DataFrame.

        millrace.sql("SELECT * FROM telemetry.samples WHERE metric = :metric AND ts >= :since",
                     metric="cpu_user", since=datetime(2026, 11, 21))

    `:name` stands for a parameter, which may be None, a bool, int, float, Decimal, str, bytes, date, datetime (with or
    without a zone), or a list or tuple of these (for `IN :names`). Values are written as literals, never as SQL. Table
    names without a catalog are looked up in the lake.

    Types of columns: boolean -> bool, tinyint to bigint -> int8 to int64, real -> float32, double -> float64,
    decimal -> decimal.Decimal, varchar -> str, varbinary -> bytes, date -> datetime64[s], timestamp -> datetime64[ms],
    timestamp with time zone -> datetime64[ms, UTC], interval day to second -> timedelta64[ms]. Where a column has NULLs,
    bool and int columns become pandas' nullable `boolean` and `Int64` (and so on), others hold NaN, NaT or None.
    Arrays are lists, maps are dicts, and rows are dicts too, or tuples where their fields have no names. The time zone of
    a query is UTC.

    Raises:
        QueryFailed: Presto refuses the query, with its own words.
        MissingParameter, UnknownParameter, ParameterError: the parameters do not fit the query.
        NotAvailable: Presto does not answer.
    """
    endpoint = presto_endpoint()
    statement = bind(query.strip().rstrip(";"), params)
    columns, rows = _run(statement, endpoint.url, endpoint.catalog)
    return frame(columns, rows)


def bind(query: str, params: Mapping[str, Any]) -> str:
    """The query with its parameters written as literals."""
    used: set[str] = set()
    missing: list[str] = []

    def replace(match: "re.Match[str]") -> str:
        name = match.group("name")
        if name is None:
            return match.group(0)
        used.add(name)
        if name in params:
            return literal(params[name], name)
        missing.append(name)
        return ""

    statement = _TOKEN.sub(replace, query)
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        first = missing[0]
        raise MissingParameter(f"the query has :{first}, but {names} is not given; call sql(query, {first}=...)")
    unknown = [name for name in params if name not in used]
    if unknown:
        there = ", ".join(f":{name}" for name in sorted(used)) or "none"
        raise UnknownParameter(f"the query has no :{unknown[0]}; its parameters: {there}")
    return statement


def literal(value: Any, name: str = "value") -> str:
    """A value as a literal of Presto's SQL."""
    if hasattr(value, "item") and hasattr(value, "dtype") and getattr(value, "ndim", 0) == 0:
        value = _from_numpy(value)
    if hasattr(value, "to_pydatetime"):  # pandas.Timestamp and NaT
        value = None if value != value else value.to_pydatetime()
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            # Presto reads the number after a minus alone, and 2^63 is no bigint.
            return str(value) if value != -(2**63) else "(-9223372036854775807 - 1)"
        return f"DECIMAL '{value}'"
    if isinstance(value, float):
        if math.isfinite(value):
            return f"DOUBLE '{value!r}'"
        return "nan()" if math.isnan(value) else ("infinity()" if value > 0 else "-infinity()")
    if isinstance(value, Decimal):
        if value.is_finite():
            return f"DECIMAL '{value:f}'"
        raise ParameterError(f"parameter {name} is {value}; Presto has no such decimal")
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (bytes, bytearray)):
        return f"X'{bytes(value).hex()}'"
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return f"TIMESTAMP '{_milliseconds(value)}'"
        return f"TIMESTAMP '{_milliseconds(value.astimezone(datetime.timezone.utc))} UTC'"
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, (list, tuple, set, frozenset)):
        if len(value) == 0:
            raise ParameterError(f"parameter {name} is an empty list, which SQL does not know; leave the condition out")
        return "(" + ", ".join(literal(item, name) for item in value) + ")"
    raise ParameterError(
        f"parameter {name} is of type {type(value).__name__}; give None, a bool, int, float, Decimal, str, bytes, date, "
        "datetime or a list of these"
    )


def _from_numpy(value: Any) -> Any:
    if value.dtype.kind == "M":
        return None if value != value else value.astype("datetime64[us]").item()
    return value.item()


def _milliseconds(value: datetime.datetime) -> str:
    return value.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")


def _run(statement: str, url: str, catalog: str) -> tuple[list[Mapping[str, Any]], list[Sequence[Any]]]:
    """Columns and rows of a statement. Interrupting it cancels the query in Presto too."""
    import prestodb
    import requests

    where = urlsplit(url)
    connection = prestodb.dbapi.connect(
        host=where.hostname,
        port=where.port or (443 if where.scheme == "https" else 80),
        http_scheme=where.scheme,
        user=user(),
        source="millrace-python",
        catalog=catalog,
        http_headers={"X-Presto-Time-Zone": "UTC"},
        max_attempts=ATTEMPTS,
    )
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
        rows = cursor.fetchall()
    except prestodb.exceptions.PrestoQueryError as error:
        raise QueryFailed(f"Presto: {error.message} ({error.error_name}, query {error.query_id})") from None
    except (requests.RequestException, prestodb.exceptions.HttpError) as error:
        raise NotAvailable(f"Presto does not answer at {url}: {_short(error)}") from None
    except BaseException:
        _cancel(cursor)
        raise
    return [{"name": column[0], "type": column[1]} for column in cursor.description or []], rows


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


def frame(columns: Sequence[Mapping[str, Any]], rows: Sequence[Sequence[Any]]) -> "pandas.DataFrame":
    """Rows of Presto's JSON as a DataFrame with the types of the columns. Column names may occur twice."""
    import pandas

    series = {index: _series([row[index] for row in rows], str(column["type"])) for index, column in enumerate(columns)}
    made = pandas.DataFrame(series)
    made.columns = pandas.Index([column["name"] for column in columns], dtype="object")
    return made


_INTEGERS = {"tinyint": "int8", "smallint": "int16", "integer": "int32", "bigint": "int64"}


def _series(values: list[Any], presto_type: str) -> "pandas.Series[Any]":
    import pandas

    kind, _ = _parsed(presto_type)
    has_null = any(value is None for value in values)
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
        times = [None if value is None else _milliseconds(_zoned(value)) for value in values]
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
    """`2026-11-21 09:00:00.000 Europe/Berlin` in UTC. Presto gives the zone as a name or as `+02:00`."""
    local, _, zone = text.rpartition(" ")
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    if offset:
        span = datetime.timedelta(hours=int(offset.group(2)), minutes=int(offset.group(3)))
        info: datetime.tzinfo = datetime.timezone(-span if offset.group(1) == "-" else span)
    else:
        info = datetime.timezone.utc if zone == "UTC" else zoneinfo.ZoneInfo(zone)
    return datetime.datetime.fromisoformat(local).replace(tzinfo=info).astimezone(datetime.timezone.utc)


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
