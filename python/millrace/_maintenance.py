"""Upkeep of the lake's Iceberg tables."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Iterable

from ._config import text
from ._errors import MaintenanceFailed, MillraceError, ParameterError
from ._spark import spark

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

CATALOG = "lake"
#: The streams merge and expire these themselves, between their own commits: a second hand would make them commit again.
STREAMED = (
    "race.windows_flink",
    "random_numbers.dead_letter",
    "random_numbers.samples",
    "streaming.windows",
    "telemetry.dead_letter",
    "telemetry.samples",
)
#: The newest ones stay however old they are.
KEPT_SNAPSHOTS = 100
#: Groups are small and committed one by one, so that a concurrent delete undoes little. A file above the least size is left
#: alone, so that no row is copied again with every round.
_REWRITE = {
    "min-input-files": "20",
    "min-file-size-bytes": str(8 * 1024 * 1024),
    "target-file-size-bytes": str(128 * 1024 * 1024),
    "max-file-group-size-bytes": str(1024 * 1024 * 1024),
    "max-concurrent-file-group-rewrites": "1",
    "partial-progress.enabled": "true",
    "partial-progress.max-commits": "10",
    # A lost commit is an error, not a line in Spark's log.
    "partial-progress.max-failed-commits": "0",
}
_TRIES = 2
#: Spark's 200 tasks for a few hundred names of files take three times as long.
_SHUFFLE = ("spark.sql.shuffle.partitions", "2")


@dataclass(frozen=True)
class Maintained:
    """What upkeep did to a table: data files and snapshots before and after."""

    table: str
    files_before: int
    files_after: int
    snapshots_before: int
    snapshots_after: int

    def __str__(self) -> str:
        return (
            f"{self.table}: files {self.files_before} -> {self.files_after}, "
            f"snapshots {self.snapshots_before} -> {self.snapshots_after}"
        )


def maintain(tables: Iterable[str] | None = None, keep_hours: float = 24) -> list[Maintained]:
    """Makes few files of many small ones in tables of the lake, merges their manifests, and removes old snapshots.

    Without `tables` (`["census.people"]`) all of the lake are taken but those that the streams maintain themselves. Snapshots
    older than `keep_hours` go, and with them the files that only they hold; the newest 100 of each table stay. A table that
    fails, for example because somebody else commits to it, is tried once more and does not hold back the others. Prints a
    line for each table.

    Raises:
        ParameterError: a table is not of the form `namespace.table`, or `keep_hours` is negative.
        MaintenanceFailed: tables failed twice; the message names them.
    """
    if isinstance(keep_hours, bool) or not isinstance(keep_hours, (int, float)) or not 0 <= keep_hours < 10**6:
        raise ParameterError(f"keep_hours is {keep_hours!r}; it must be a number from 0")
    if isinstance(tables, str) or not (tables is None or isinstance(tables, Iterable)):
        raise ParameterError(f'tables is {tables!r}; give a list of tables, such as ["census.people"]')
    # A batch that a stream repeats is known by the epoch in the snapshot of its newest commit. Only that commit counts, so a
    # stream stays exactly-once unless 100 commits of others follow it while the stream is away for `keep_hours`.
    oldest = datetime.now(timezone.utc) - timedelta(hours=keep_hours)
    named = None if tables is None else [_parts(table) for table in tables]
    done: list[Maintained] = []
    failed: dict[str, str] = {}
    for namespace, name in _found(spark()) if named is None else named:
        table = f"{namespace}.{name}"
        for tried in range(1, _TRIES + 1):
            try:
                maintained = _maintain(spark(), namespace, name, oldest)
            except MillraceError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the other tables go on
                if named is None and "TABLE_OR_VIEW_NOT_FOUND" in str(error):
                    print(f"{table}: was dropped meanwhile", flush=True)
                    break
                reason = _first_line(error)
                print(f"{table}: try {tried} of {_TRIES} failed: {reason}", flush=True)
                if tried == _TRIES:
                    failed[table] = reason
            else:
                print(maintained, flush=True)
                done.append(maintained)
                break
    if failed:
        raise MaintenanceFailed(
            f"{len(failed)} of {len(done) + len(failed)} tables failed: "
            + "; ".join(f"{table}: {reason}" for table, reason in failed.items())
        )
    return done


def _parts(table: str) -> tuple[str, str]:
    text("a table in tables", table, "census.people")
    parts = table.removeprefix(f"{CATALOG}.").split(".")
    if len(parts) != 2 or not all(parts):
        raise ParameterError(f'"{table}" is no table of the lake; give namespace and name, such as "census.people"')
    return parts[0], parts[1]


def _found(session: "SparkSession") -> list[tuple[str, str]]:
    """All tables of the lake but those that look after themselves."""
    # Spark gives a namespace as it is written in SQL, with backquotes where it needs them, but a table as it is called.
    found = []
    for space in session.sql(f"SHOW NAMESPACES IN {CATALOG}").collect():
        namespace = _unquoted(space.namespace)
        where = f"{CATALOG}.{_quoted(namespace)}"
        views = _views(session, where)
        names = [table.tableName for table in session.sql(f"SHOW TABLES IN {where}").collect()]
        found += [
            (namespace, name) for name in names if name not in views and f"{namespace}.{name}" not in STREAMED
        ]
    return found


def _views(session: "SparkSession", where: str) -> set[str]:
    """Views of a namespace: they hold no files, and Spark may list them among the tables."""
    try:
        return {view.viewName for view in session.sql(f"SHOW VIEWS IN {where}").collect()}
    except Exception as error:  # noqa: BLE001 - a catalog may know none, and the tables need their upkeep all the same
        print(f"{where}: views are not known: {_first_line(error)}", flush=True)
        return set()


def _maintain(session: "SparkSession", namespace: str, name: str, oldest: datetime) -> Maintained:
    table = f"{_quoted(namespace)}.{_quoted(name)}"

    def count(what: str) -> int:
        return int(session.sql(f"SELECT count(*) FROM {CATALOG}.{table}.{what}").collect()[0][0])

    def call(procedure: str, *arguments: str) -> Any:
        given = ", ".join([f"table => {_text(table)}", *arguments])
        return session.sql(f"CALL {CATALOG}.system.{procedure}({given})").collect()

    before = session.conf.get(_SHUFFLE[0])
    session.conf.set(*_SHUFFLE)
    try:
        files, snapshots = count("files"), count("snapshots")
        options = ", ".join(f"'{key}', '{value}'" for key, value in _REWRITE.items())
        call("rewrite_data_files", "strategy => 'binpack'", f"options => map({options})")
        call("rewrite_manifests")
        call(
            "expire_snapshots",
            f"older_than => TIMESTAMP '{oldest:%Y-%m-%d %H:%M:%S}Z'",
            f"retain_last => {KEPT_SNAPSHOTS}",
        )
        return Maintained(f"{namespace}.{name}", files, count("files"), snapshots, count("snapshots"))
    finally:
        session.conf.set(_SHUFFLE[0], before)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _text(value: str) -> str:
    return "'" + re.sub(r"(['\\])", r"\\\1", value) + "'"


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
