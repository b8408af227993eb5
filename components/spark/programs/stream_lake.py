"""The lake's query: topics are read once, and each batch goes into every table that a room makes of them, exactly once."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Callable, Mapping, NamedTuple, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

import stream_tables as tables
from stream_gaps import Kinds, Place
from stream_progress import Places, Progress, passed
from stream_records import ReadyFile, patiently


class LakeTable(NamedTuple):
    """A table that is made of records."""

    name: str
    definition: str
    #: Of which topics.
    topics: tuple[str, ...]
    rows: Callable[[DataFrame], DataFrame]
    #: Of the good records, or of all others.
    of_good: bool = True
    #: Whether its rows name the offsets that they are of.
    names_offsets: bool = True
    upkeep: tables.Upkeep = tables.Upkeep()
    #: Checkpoint of the query that wrote it before all tables had one together.
    before: str = ""
    #: The driver of that query, where it is another one than now.
    former_driver: str = ""


class Sink:
    """What a query writes to."""

    def __init__(self, spark: SparkSession, query: str, ready: ReadyFile) -> None:
        self.spark = spark
        self._query = query
        self._ready = ready

    def write(self, what: str, action: Callable[[], None]) -> None:
        """Tries until it works; the driver is not ready while it does not."""

        place = f"{self._query}: {what}"

        def attempt() -> None:
            try:
                action()
            except Exception:
                self._ready.waits(place, True)
                raise

        patiently(place, attempt)
        self._ready.waits(place, False)


class Query(NamedTuple):
    """A query beside that of the lake, with a sink of its own that must not hold the lake up."""

    name: str
    #: How Kafka and the table of gaps call it.
    group: str
    topics: tuple[str, ...]
    #: Its checkpoint in the folder of all checkpoints.
    checkpoint: str
    write: Callable[[Sink, DataFrame, int], None]
    #: A driver that once ran it: while that one lives, the query does not begin.
    former_driver: str = ""
    #: What is made of Kafka's records before they are a batch, with what Spark keeps from batch to batch. Such a query may be started
    #: over without its checkpoint, and its batches are not looked through for gaps: their rows name no offsets. By default records
    #: are read as those of telemetry, and nothing is kept.
    plan: Callable[[DataFrame], DataFrame] | None = None


class Sinks(NamedTuple):
    """What a room makes of records."""

    lake: Sequence[LakeTable]
    queries: Sequence[Query] = ()
    #: Spark's, for all.
    settings: Mapping[str, str] = {}
    #: Consumer groups of queries that are no more.
    former_groups: Sequence[str] = ()
    #: Tables that others write, and that nobody else looks after.
    kept: Mapping[str, tables.Upkeep] = {}


def below(places: Places) -> Column:
    """Whether a record lies below the floors of a table."""
    found = F.lit(False)
    for topic, by in places.items():
        for partition, offset in by.items():
            is_there = (F.col("topic") == topic) & (F.col("kafka_partition") == partition)
            found = found | (is_there & (F.col("kafka_offset") < offset))
    return found


@cache
def is_of(topics: tuple[str, ...]) -> Column:
    return F.col("topic").isin(*topics)


class Lake:
    """Writes batches into the tables."""

    def __init__(self, written: Sequence[LakeTable], progress: Progress) -> None:
        self._written, self._progress = written, progress

    def write(self, sink: Sink, batch: DataFrame, epoch: int, kinds: Kinds) -> None:
        """All tables at once, since a commit is waiting for the object store and the catalog most of the time.

        :param kinds: numbers of the batch's records by topic, and whether they are good
        """
        query = sink.spark.sparkContext.getLocalProperty("sql.streaming.queryId")
        floors = self._progress.floors
        appends: dict[str, Callable[[], None]] = {}
        for table in self._written:
            # A batch without rows for a table makes no snapshot there.
            if not any(kinds.get((topic, table.of_good)) for topic in table.topics):
                continue
            of_it = batch.where(is_of(table.topics))
            if table.name in floors:
                of_it = of_it.where(~below(floors[table.name]))
            appends[table.name] = partial(tables.append_once, sink.spark, table.rows(of_it), table.name, query, epoch)
        with ThreadPoolExecutor(max(1, len(appends))) as pool:
            list(pool.map(sink.write, appends.keys(), appends.values()))

    def began(self, epoch: int, starts: Mapping[Place, int], ends: Mapping[Place, int]) -> None:
        """Floors are none where offsets run backwards, which is a topic that was made anew; and none are needed any more once a batch
        is done and the next one lies behind all of them."""
        self._progress.forget_places([place for place, end in ends.items() if end < starts.get(place, 0)])
        if epoch > 0 and self._progress.floors and passed(self._progress.floors, starts):
            self._progress.forget_floors()
