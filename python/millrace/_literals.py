"""Values of Python as literals of Presto's SQL."""

import datetime
import math
import re
from decimal import Decimal
from typing import Any, Mapping

from ._errors import MissingParameter, ParameterError, UnknownParameter

_DECIMAL_DIGITS = 38

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
    """A value as a literal of Presto's SQL, equal to it."""
    if isinstance(value, (list, tuple, set, frozenset)) or getattr(value, "ndim", 0) == 1:
        if len(value) == 0:
            raise ParameterError(f"parameter {name} is an empty list, which SQL does not know; leave the condition out")
        return "(" + ", ".join(literal(item, name) for item in value) + ")"
    value = plain(value, name)
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            # Presto reads the number after a minus alone, and 2^63 is no bigint.
            return f"{int(value)}" if value != -(2**63) else "(-9223372036854775807 - 1)"
        return _decimal(Decimal(value), name)
    if isinstance(value, float):
        if math.isfinite(value):
            return f"DOUBLE '{value!r}'"
        return "nan()" if math.isnan(value) else ("infinity()" if value > 0 else "-infinity()")
    if isinstance(value, Decimal):
        return _decimal(value, name)
    if isinstance(value, str):
        if not is_encodable(value):
            raise ParameterError(f"parameter {name} has half a surrogate pair, which is no text; Presto reads UTF-8")
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (bytes, bytearray)):
        return f"X'{bytes(value).hex()}'"
    if isinstance(value, datetime.datetime):
        return _timestamp(value, name)
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    raise ParameterError(
        f"parameter {name} is of type {type(value).__name__}; give None, a bool, int, float, Decimal, str, bytes, date, "
        "datetime or a list of these"
    )


def _decimal(value: Decimal, name: str) -> str:
    if not value.is_finite():
        raise ParameterError(f"parameter {name} is {value}; Presto has no such decimal")
    text = f"{value:f}"
    if len(text.lstrip("-").replace(".", "").lstrip("0")) > _DECIMAL_DIGITS:
        raise ParameterError(
            f"parameter {name} is {text}, which has more than the {_DECIMAL_DIGITS} digits of Presto's decimals; "
            "round it, or give a float"
        )
    return f"DECIMAL '{text}'"


def _timestamp(value: datetime.datetime, name: str) -> str:
    if value.microsecond % 1000 != 0:
        raise ParameterError(
            f"parameter {name} is {value.isoformat(sep=' ')}; Presto's times end at the millisecond, so it would not "
            "arrive equal. Round it first, for example by value.replace(microsecond=0)"
        )
    if value.tzinfo is None:
        return f"TIMESTAMP '{milliseconds(value)}'"
    try:
        return f"TIMESTAMP '{milliseconds(value.astimezone(datetime.timezone.utc))} UTC'"
    except OverflowError:
        raise ParameterError(f"parameter {name} is {value}, which in UTC is before the year 1 or after 9999") from None


def plain(value: Any, name: str) -> Any:
    """A scalar of numpy or pandas as the equal one of Python; others as they are.

    Raises:
        ParameterError: Python has no equal one.
    """
    kind = type(value).__name__
    if kind in ("NAType", "NaTType"):
        return None
    if hasattr(value, "to_pydatetime") and hasattr(value, "nanosecond"):  # pandas.Timestamp
        if value.nanosecond != 0:
            raise ParameterError(f"parameter {name} is {value}; nanoseconds are finer than what arrives: round it first")
        return value.to_pydatetime()
    if not (hasattr(value, "item") and hasattr(value, "dtype") and getattr(value, "ndim", 0) == 0):
        return value
    if value.dtype.kind == "M":
        if value != value:
            return None
        whole = value.astype("datetime64[us]")
        made = whole.item()
        if whole != value or not isinstance(made, datetime.datetime):
            raise ParameterError(f"parameter {name} is {value}, which is no datetime of Python; round it first")
        return made
    made = value.item()
    if value.dtype.kind == "m" or type(made) is type(value):
        raise ParameterError(f"parameter {name} is of numpy's type {value.dtype}, which has no equal one; convert it first")
    return made


def is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def milliseconds(value: datetime.datetime) -> str:
    return value.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
