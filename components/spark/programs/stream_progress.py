"""How far each table of the lake is, also across the queries that wrote it before.

One query writes all tables. When a room comes or goes, the query has other topics and tables, and it begins anew in a
folder of its own, for Spark's checkpoint holds for one set of topics. A file beside these folders says which one is in
use, and for each table its floors: by topic and partition the offset from which on this query may write it. Floors are how
far the query before had come, by its checkpoint and by the snapshots of the table, so that no record is left out or
written twice. Tables that no query writes now keep theirs.
"""

import json
import sys
import time
from functools import partial
from typing import Any, Callable, Collection, Mapping, NamedTuple, Sequence

from pyspark.sql import SparkSession

import stream_records as records
import stream_tables as tables
from stream_records import Offsets, setting

#: Greater than the number of any batch.
FENCE = 2**62
#: Most time that the batch is waited for that an old driver may be writing.
FENCE_SECONDS = 120

#: By topic and partition.
Places = dict[str, dict[int, int]]


class Written(NamedTuple):
    """A table, and what it is made of."""

    name: str
    topics: tuple[str, ...]
    #: Whether its rows name the offsets that they are of.
    names_offsets: bool
    #: Checkpoint of the query that wrote it before all tables had one together.
    before: str
    #: The driver of that query, where it is another one than now.
    former_driver: str


class Ledger(NamedTuple):
    """What the file says."""

    #: Number of the query, which its folder is named after.
    number: int
    #: Tables of this query, each with its topics.
    tables: dict[str, list[str]]
    #: By table; also of those that this query does not write.
    floors: dict[str, Places]

    @staticmethod
    def read(text: str) -> "Ledger":
        found = json.loads(text)
        floors = {
            table: {topic: {int(p): offset for p, offset in by.items()} for topic, by in places.items()}
            for table, places in found["floors"].items()
        }
        return Ledger(found["number"], found["tables"], floors)

    def text(self) -> str:
        return json.dumps(self._asdict(), indent=1, sort_keys=True)


def starts_of(written: Sequence[Written], floors: Mapping[str, Places], partitions: Mapping[str, int], other: int) -> Places:
    """Where a query begins that must reach the floor of each of its tables.

    :param partitions: number of partitions by topic
    :param other: where a partition begins of which a table has nothing: -2 is its earliest offset, -1 its end
    """
    found: Places = {}
    for table in written:
        for topic in table.topics:
            known, begins = floors.get(table.name, {}).get(topic, {}), found.setdefault(topic, {})
            for partition in range(partitions[topic]):
                offset = known.get(partition, other)
                begins[partition] = lower(begins.get(partition, offset), offset)
    return found


def by_place(floors: Mapping[str, Places]) -> dict[tuple[str, int], list[int]]:
    """The floors of all tables by topic and partition."""
    found: dict[tuple[str, int], list[int]] = {}
    for places in floors.values():
        for topic, by in places.items():
            for partition, offset in by.items():
                found.setdefault((topic, partition), []).append(offset)
    return found


def in_sight(begins: Places, floors: Mapping[str, Places], kept: Mapping[tuple[str, int], tuple[int, int]]) -> Places:
    """Where a query begins so that its first batch finds what Kafka has no more: before that, or behind the end of a topic that was
    made anew.

    :param kept: by topic and partition the earliest offset that Kafka has, and the one that comes next
    """
    found = {topic: dict(by) for topic, by in begins.items()}
    for (topic, partition), offsets in by_place(floors).items():
        if (topic, partition) not in kept:
            continue
        earliest, end = kept[topic, partition]
        if max(offsets) > end:
            found[topic][partition] = max(offsets)
        elif found[topic][partition] == -2 and min(offsets) < earliest:
            found[topic][partition] = min(offsets)
    return found


def lower(left: int, right: int) -> int:
    """The earlier one of two offsets: -2 is before all others, -1 is after them."""
    return min(left, right, key=lambda offset: (offset == -1, offset))


def higher(floor: Places, ends: Places) -> Places:
    """The floor of a table, by the one that it had and by how far its query has come, which may not have reached that one."""
    return {
        topic: {
            partition: max(by.get(topic, {}).get(partition, 0) for by in (floor, ends))
            for partition in {**floor.get(topic, {}), **ends.get(topic, {})}
        }
        for topic in {**floor, **ends}
    }


def beyond(ends: Offsets, floors: Mapping[str, Places]) -> bool:
    """Whether more has been written than the floors say."""
    known = by_place(floors)
    return any(offset > max(known.get((topic, p), [0])) for topic, by in ends.items() for p, offset in by.items())


def passed(floors: Mapping[str, Places], starts: Mapping[tuple[str, int], int]) -> bool:
    """Whether a batch lies behind all floors."""
    return all(starts.get(place, 0) >= max(offsets) for place, offsets in by_place(floors).items())


class Checkpoint:
    """A query's checkpoint, as Spark writes it."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        return bool(self.folder.exists("metadata"))

    @property
    def query(self) -> str:
        return str(json.loads(self.folder.read("metadata"))["id"])

    def committed(self) -> int:
        """The last batch that is done; -1 before the first one."""
        return int(self.folder.newest("commits"))

    def ends(self, batch: int) -> Places:
        """The offsets that a batch went to, which are the last line of its file."""
        return {
            topic: {int(partition): offset for partition, offset in by.items()}
            for topic, by in json.loads(self.folder.read(f"offsets/{batch}").splitlines()[-1]).items()
        }


def floors_of(
    spark: SparkSession, checkpoint: Checkpoint, names: Sequence[str], still_runs: Callable[[], bool] | None = None
) -> dict[str, Places]:
    """How far a query has come with its tables. Nothing is said of a table before its first batch.

    A batch may be in a table and not in the checkpoint, when the driver ended in between. One that another driver has done
    since it was kept out is in the checkpoint and not in the table.

    :param still_runs: of another driver, whether it does: what it would write from now on is left out by itself, since each
        table says that it has it, and the batch that it is at is waited for
    """
    query, done = checkpoint.query, checkpoint.committed()
    if still_runs is not None and still_runs():
        keep_out(spark, checkpoint, query, done, names, still_runs)
    found: dict[str, Places] = {}
    for name in names:
        table = tables.load(spark, name)
        fenced = tables.fenced_after(table, query)
        in_all = done if fenced is None else min(done, fenced)
        last = max(in_all, tables.last_epoch(table, query, below=FENCE))
        if last >= 0:
            found[name] = checkpoint.ends(last)
    return found


def keep_out(
    spark: SparkSession, checkpoint: Checkpoint, query: str, before: int, names: Sequence[str], still_runs: Callable[[], bool]
) -> None:
    """Returns when another driver writes no more into the tables, though it runs.

    It looks whether a table has a batch, and then writes it: a batch that it was at may come after the fence and hide it.

    :param before: the last batch that it has done
    """
    done, due, without = before, time.monotonic() + FENCE_SECONDS, list(names)
    while True:
        for name in without:
            tables.fence(tables.load(spark, name), query, FENCE, before)
        if not still_runs() or time.monotonic() > due or (not without and checkpoint.committed() > done):
            return
        if without:
            done = checkpoint.committed()
        time.sleep(1)
        without = [name for name in names if tables.last_epoch(tables.load(spark, name), query) < FENCE]


class Progress:
    """The file, and the query that it leads to."""

    def __init__(self, spark: SparkSession, root: str, written: Sequence[Written], group: str) -> None:
        """
        :param root: folder of all checkpoints
        :param group: by which Kafka knows how far the query is
        """
        self._spark, self._root, self._written, self._group = spark, root, written, group
        self._file = records.Folder(spark, f"{root}/lake")
        self._ledger = Ledger(0, {}, {})

    @property
    def checkpoint(self) -> str:
        return f"{self._file.path}/{self._ledger.number}"

    @property
    def floors(self) -> dict[str, Places]:
        """By table of this query; empty once all of them lie behind it."""
        return {name: self._ledger.floors[name] for name in self._ledger.tables if name in self._ledger.floors}

    def settle(self) -> None:
        """Finds the query that goes on, or the floors of a new one."""
        if self._file.exists("tables.json"):
            self._ledger = Ledger.read(self._file.read("tables.json"))
        wanted = {table.name: sorted(table.topics) for table in self._written}
        if self._ledger.tables == wanted:
            return
        floors = dict(self._ledger.floors)
        if self._ledger.number > 0 and self._at(self.checkpoint).exists:
            for name, ends in floors_of(self._spark, self._at(self.checkpoint), list(self._ledger.tables)).items():
                floors[name] = higher(floors.get(name, {}), ends)
        for before, driver in dict.fromkeys((table.before, table.former_driver) for table in self._written):
            names = [table.name for table in self._written if table.before == before and table.name not in floors]
            old = self._at(f"{self._root}/{before}")
            if names and old.exists:
                still_runs = partial(records.runs, driver) if driver else None
                floors.update(floors_of(self._spark, old, names, still_runs))
        self._save(Ledger(self._ledger.number + 1, wanted, floors))

    def start(self) -> str:
        """Where the query begins, in Spark's form. A query without checkpoint that has written ends the driver."""
        if self._at(self.checkpoint).exists:
            return "earliest"  # not used: the checkpoint decides
        other = -1 if setting("STARTING_OFFSETS", "earliest") == "latest" else -2
        topics = sorted({topic for table in self._written for topic in table.topics})
        partitions = records.topic_partitions(self._spark, topics)
        begins = starts_of(self._written, self.floors, partitions, other)
        ends = self._ends()
        if beyond(ends, self.floors):
            if setting("ON_MISSING_CHECKPOINT", "fail") != "resume":
                sys.exit(
                    f"the tables of the lake have rows, but {self.checkpoint} is not there: starting over would write "
                    "records twice or leave some out. Restore the checkpoint; or, if the topics are still the same ones, set "
                    "ON_MISSING_CHECKPOINT=resume to go on after the highest offset in the tables; or drop the tables and "
                    f"delete the consumer group {self._group}."
                )
            self._save(self._ledger._replace(floors={**self._ledger.floors, **self._resumed(ends)}))
            begins = starts_of(self._written, self.floors, partitions, other)
            print(f"lake: no checkpoint, resuming at {begins}", flush=True)
        places = [place for place in by_place(self.floors) if place[1] < partitions.get(place[0], 0)]
        if places:
            begins = in_sight(begins, self.floors, records.kept_offsets(self._spark, places))
        return json.dumps({topic: {str(p): offset for p, offset in by.items()} for topic, by in begins.items()})

    def forget_floors(self) -> None:
        """All of them lie behind the query: its checkpoint says the rest."""
        left = {name: places for name, places in self._ledger.floors.items() if name not in self._ledger.tables}
        self._save(self._ledger._replace(floors=left))

    def forget_places(self, anew: Collection[tuple[str, int]]) -> None:
        """Of a topic that was made anew no table has anything, not even one that this query does not write."""
        if not any(place in anew for place in by_place(self._ledger.floors)):
            return
        left = {
            table: {topic: {p: offset for p, offset in by.items() if (topic, p) not in anew} for topic, by in places.items()}
            for table, places in self._ledger.floors.items()
        }
        self._save(self._ledger._replace(floors=left))

    def _resumed(self, ends: Offsets) -> dict[str, Places]:
        return {
            table.name: {topic: dict(ends.get(topic, {})) for topic in table.topics}
            if not table.names_offsets
            else {table.topics[0]: tables.next_offsets(self._spark, [table.name])}
            for table in self._written
        }

    def _ends(self) -> Places:
        """How far the tables go: Kafka is told after each batch, most tables know for themselves."""
        topics = {topic for table in self._written for topic in table.topics}
        told = records.group_offsets(self._spark, self._group)
        found: Places = {topic: dict(by) for topic, by in told.items() if topic in topics}
        for table in self._written:
            if table.names_offsets:
                by = found.setdefault(table.topics[0], {})
                for partition, offset in tables.next_offsets(self._spark, [table.name]).items():
                    by[partition] = max(offset, by.get(partition, 0))
        return found

    def _at(self, path: str) -> Checkpoint:
        return Checkpoint(records.Folder(self._spark, path))

    def _save(self, ledger: Ledger) -> None:
        self._file.write("tables.json", ledger.text())
        self._ledger = ledger
