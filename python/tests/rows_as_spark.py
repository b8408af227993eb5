"""A stand-in for Spark's data frames: rows in memory, and the expressions that the streams' programs use over them."""

import re
import statistics
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

import support

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1)


class Struct(dict):  # type: ignore[type-arg]
    """Fields by name, in order of their values."""

    def __lt__(self, other: "Struct") -> bool:
        return list(self.values()) < list(other.values())


class Column:
    """An expression over a row, or over the rows of a group."""

    def __init__(self, value: Callable[[Any], Any], name: str = "", of_group: bool = False) -> None:
        self.value, self.name, self.of_group = value, name, of_group

    def __call__(self, row: Any) -> Any:
        return self.value(row)

    def _with(self, other: Any, work: Callable[[Any, Any], Any]) -> "Column":
        right = other if isinstance(other, Column) else lit(other)

        def value(row: Row) -> Any:
            sides = self(row), right(row)
            return None if None in sides else work(*sides)

        return Column(value, self.name)

    def __add__(self, other: Any) -> "Column":
        return self._with(other, lambda left, right: left + right)

    def __sub__(self, other: Any) -> "Column":
        return self._with(other, lambda left, right: left - right)

    def __ge__(self, other: Any) -> "Column":
        return self._with(other, lambda left, right: left >= right)

    def __lt__(self, other: Any) -> "Column":
        return self._with(other, lambda left, right: left < right)

    def __gt__(self, other: Any) -> "Column":
        return self._with(other, lambda left, right: left > right)

    def __eq__(self, other: Any) -> "Column":  # type: ignore[override]
        return self._with(other, lambda left, right: left == right)

    def __ne__(self, other: Any) -> "Column":  # type: ignore[override]
        return self._with(other, lambda left, right: left != right)

    def __and__(self, other: "Column") -> "Column":
        return Column(lambda row: bool(self(row)) and bool(other(row)))

    def __or__(self, other: "Column") -> "Column":
        return Column(lambda row: bool(self(row)) or bool(other(row)))

    def __invert__(self) -> "Column":
        return Column(lambda row: not self(row))

    def isNull(self) -> "Column":
        return Column(lambda row: self(row) is None)

    def isNotNull(self) -> "Column":
        return Column(lambda row: self(row) is not None)

    def isin(self, *values: Any) -> "Column":
        return Column(lambda row: self(row) in values)

    def rlike(self, pattern: str) -> "Column":
        return Column(lambda row: None if self(row) is None else re.search(pattern, self(row)) is not None)

    def alias(self, name: str) -> "Column":
        return Column(self.value, name, self.of_group)

    def cast(self, kind: str) -> "Column":
        if kind == "timestamp":
            return Column(lambda row: self(row).replace(tzinfo=timezone.utc), self.name, self.of_group)
        if kind == "timestamp_ntz":

            def local(row: Any) -> Any:
                value = self(row)
                return (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=None)

            return Column(local, self.name, self.of_group)
        return Column(lambda row: None if self(row) is None else str(self(row)), self.name, self.of_group)


def lit(value: Any) -> Column:
    return Column(lambda _: value)


def column(what: "str | Column") -> Column:
    if isinstance(what, Column):
        return what

    def value(row: Row) -> Any:
        found: Any = row
        for name in what.split("."):
            found = None if found is None else found[name]
        return found

    return Column(value, what.rpartition(".")[2])


class When(Column):
    """Cases; the first that holds counts."""

    def __init__(self, cases: list[tuple[Column, Column]]) -> None:
        super().__init__(lambda row: next((value(row) for test, value in cases if test(row)), None))
        self._cases = cases

    def when(self, test: Column, value: Column) -> "When":
        return When([*self._cases, (test, value)])

    def otherwise(self, value: Column) -> Column:
        return When([*self._cases, (lit(True), value)])


def over(work: Callable[..., Any]) -> Callable[..., Column]:
    """A function of columns; null when one of them is."""

    def made(*given: Any) -> Column:
        columns = [column(one) for one in given]

        def value(row: Row) -> Any:
            values = [one(row) for one in columns]
            return None if None in values else work(*values)

        return Column(value)

    return made


def of_rows(work: Callable[[list[Any]], Any]) -> Callable[..., Column]:
    """A function of the values of a group."""
    return lambda given: Column(lambda rows: work([column(given)(row) for row in rows]), of_group=True)


def expression(text: str) -> Column:
    if text.startswith("timestamp_millis"):
        return lit(datetime(2026, 11, 21, 12, 30))
    number, unit = re.fullmatch(r"interval (\d+) (minute|day)s?", text).groups()  # type: ignore[union-attr]
    return lit(timedelta(**{f"{unit}s": int(number)}))


def struct(*names: str) -> Column:
    return Column(lambda row: Struct({name: row[name] for name in names}))


def truncated(unit: str, time: Column) -> Column:
    zero = {"second": 0, "microsecond": 0, **({"minute": 0} if unit == "hour" else {})}
    return Column(lambda row: time(row).replace(**zero))


functions = support.module(
    "pyspark.sql.functions",
    col=column,
    lit=lit,
    when=lambda test, value: When([(test, value)]),
    expr=expression,
    struct=struct,
    date_trunc=truncated,
    coalesce=lambda *given: Column(lambda row: next((one(row) for one in given if one(row) is not None), None)),
    concat=over(lambda *texts: "".join(texts)),
    concat_ws=lambda by, *names: Column(lambda row: by.join(str(column(name)(row)) for name in names)),
    substring=lambda text, at, size: Column(
        lambda row: None if text(row) is None else text(row)[at - 1 : at - 1 + size]
    ),
    char_length=over(len),
    abs=over(abs),
    pmod=over(lambda left, right: left % right),
    unix_micros=over(lambda time: round((time.replace(tzinfo=None) - EPOCH) / timedelta(microseconds=1))),
    timestamp_micros=over(lambda micros: EPOCH + timedelta(microseconds=micros)),
    count=of_rows(len),
    avg=of_rows(statistics.fmean),
    stddev_samp=of_rows(lambda values: statistics.stdev(values) if len(values) > 1 else None),
    min=of_rows(min),
    max=of_rows(max),
)


class DataFrame:
    """Rows; `writes` gets what is written of it and of what is made of it."""

    #: Frames that are persisted now.
    persisted: "list[DataFrame]" = []

    def __init__(self, rows: list[Row], writes: Any = None) -> None:
        self.rows, self.writes = rows, writes

    def _made(self, rows: list[Row]) -> "DataFrame":
        return DataFrame(rows, self.writes)

    def where(self, test: "Column | str") -> "DataFrame":
        if isinstance(test, str):
            name, _, wanted = test.partition(" is ")
            test = column(name).isNull() if wanted == "null" else column(name).isNotNull()
        return self._made([row for row in self.rows if test(row)])

    def select(self, *wanted: "Column | str") -> "DataFrame":
        columns = [column(one) for one in wanted]
        return self._made([{one.name: one(row) for one in columns} for row in self.rows])

    def withColumn(self, name: str, value: Column) -> "DataFrame":
        return self._made([{**row, name: value(row)} for row in self.rows])

    def groupBy(self, *keys: "Column | str") -> "Groups":
        return Groups(self, [column(key) for key in keys])

    def persist(self) -> "DataFrame":
        self.persisted.append(self)
        return self

    def unpersist(self) -> None:
        self.persisted.remove(self)

    def collect(self) -> list[Row]:
        return self.rows

    @property
    def write(self) -> "Writer":
        return Writer(self)

    def writeTo(self, table: str) -> "Writer":
        return Writer(self, {"table": table})


class Groups:
    def __init__(self, frame: DataFrame, keys: list[Column]) -> None:
        self._frame, self._keys = frame, keys

    def agg(self, *wanted: Column) -> DataFrame:
        groups: dict[Any, list[Row]] = {}
        for row in self._frame.rows:
            groups.setdefault(tuple(key(row) for key in self._keys), []).append(row)
        names = [key.name for key in self._keys]
        made = [
            {**dict(zip(names, key)), **{one.name: one(rows) for one in wanted}} for key, rows in groups.items()
        ]
        return DataFrame(made, self._frame.writes)


class Writer:
    def __init__(self, frame: DataFrame, options: dict[str, str] | None = None) -> None:
        self._frame, self._options = frame, options or {}

    def format(self, name: str) -> "Writer":
        return self.options(format=name)

    def mode(self, name: str) -> "Writer":
        return self.options(mode=name)

    def option(self, name: str, value: str) -> "Writer":
        return self.options(**{name: value})

    def options(self, **more: str) -> "Writer":
        # Spark knows no upper case here: what is made of a name, such as a snapshot's property, has none.
        return Writer(self._frame, {**self._options, **{name.lower(): value for name, value in more.items()}})

    def save(self) -> None:
        self._frame.writes(self._options, self._frame.rows)

    append = save


def modules() -> Any:
    """Stands in for Spark while a program is loaded."""
    sql = support.module("pyspark.sql", Column=Column, DataFrame=DataFrame, SparkSession=object, functions=functions)
    return support.modules(pyspark__sql=sql, pyspark__sql__functions=functions)
