"""Records that Kafka dropped before a stream read them: found, written down, and the stream goes on.

A batch that has as many records of a partition as it has offsets has missed nothing, which is all that is asked in
ordinary times. Offsets without a record below Kafka's earliest one are records that were dropped; others are Kafka's own
marks. A batch that is repeated may have been written before its records were dropped: what the tables have was not missed.
Offsets that run backwards are a topic that was made anew: its records up to there are read here, since Spark goes on
behind them.
"""

import json
import sys
from datetime import datetime, timezone
from functools import cache
from typing import Callable, Iterable, Mapping, NamedTuple, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

import stream_records as records
import stream_rules as rules
import stream_tables as tables
from stream_records import first_line, patiently, setting

TABLE = f"{setting('CATALOG', 'lake')}.streaming.gaps"
DEFINITION = """(
    query string, epoch bigint, topic string, kafka_partition int, from_offset bigint, to_offset bigint,
    records bigint, reason string, noticed_at timestamp_ntz
) USING iceberg"""
DROPPED = "Kafka dropped them before they were read"
MADE_ANEW = "the topic was made anew"
ADMIN_TRIES = 3

Place = tuple[str, int]
#: Numbers of records by topic, and whether they are good.
Kinds = Mapping[tuple[str, bool], int]


class Gap(NamedTuple):
    """Records that a query has missed."""

    topic: str
    partition: int
    first: int
    #: The offset after the last one; None where nobody knows it any more.
    end: int | None
    reason: str = DROPPED

    @property
    def records(self) -> int | None:
        return None if self.end is None else self.end - self.first


class Missed(NamedTuple):
    """What a query has missed of a partition, all in all."""

    records: int
    last: Gap


def holes(topic: str, partition: int, first: int, end: int, seen: Iterable[int]) -> list[Gap]:
    """The offsets from `first` to before `end` that were not seen, in stretches."""
    found: list[Gap] = []
    for offset in [*sorted(seen), end]:
        if offset > first:
            found.append(Gap(topic, partition, first, min(offset, end)))
        first = max(first, offset + 1)
    return found


def by_partition(text: str) -> dict[Place, int]:
    return {
        (topic, int(partition)): offset
        for topic, offsets in json.loads(text).items()
        for partition, offset in offsets.items()
    }


class Gaps:
    """Looks for gaps in the batches of one query."""

    def __init__(
        self,
        spark: SparkSession,
        query: str,
        checkpoint: str,
        must_write: bool,
        written: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """
        :param query: how it is called in the table and by Kafka
        :param must_write: whether a batch waits until its gaps are in the table
        :param written: by topic the tables whose rows name the offsets that they are of; a repeated batch of another topic
            counts whole as missed
        """
        self._spark, self._query, self._checkpoint, self._must_write = spark, query, checkpoint, must_write
        self._written = written or {}
        self._unwritten: list[tuple[int, Gap]] = []
        self._last: tuple[int, dict[Place, int]] | None = None
        self._may_be_written = True
        self.missed: dict[Place, Missed] = {}

    def load(self) -> None:
        """What was missed before this driver began."""
        if tables.load(self._spark, TABLE).currentSnapshot() is None:
            return
        rows = self._spark.table(TABLE).where(F.col("query") == self._query).orderBy("noticed_at", "from_offset")
        for row in rows.collect():
            self._count(Gap(row.topic, row.kafka_partition, row.from_offset, row.to_offset, row.reason))

    def places(self, epoch: int) -> tuple[Mapping[Place, int], Mapping[Place, int]]:
        """Where a batch begins and ends."""
        starts, ends = self._starts(epoch), self._log(f"offsets/{epoch}")
        self._may_be_written = self._last is None or self._last[0] >= epoch
        self._last = (epoch, ends)
        return starts, ends

    def checked(
        self,
        batch: DataFrame,
        epoch: int,
        places: tuple[Mapping[Place, int], Mapping[Place, int]],
        counts: Mapping[Place, int],
    ) -> DataFrame:
        """The batch, which is kept by the caller so that Kafka is read once; with what else must be read.

        :param counts: numbers of its records
        """
        starts, ends = places
        gaps: list[Gap] = []
        for (topic, partition), end in ends.items():
            start = starts.get((topic, partition), 0)
            if end < start:
                gaps.append(Gap(topic, partition, start, None, MADE_ANEW))
                start = self._earliest(topic, partition, end)
                if start < end:
                    batch = batch.unionByName(self._read(topic, partition, start, end))
            elif counts.get((topic, partition), 0) < end - start:
                limit = min(end, self._earliest(topic, partition, end))
                if limit > start:
                    seen = set(self._seen(batch, topic, partition, limit))
                    if self._may_be_written:
                        seen.update(self._in_tables(topic, partition, start, limit))
                    gaps += holes(topic, partition, start, limit, seen)
        self._note(epoch, gaps)
        return batch

    def told(self, topic: str, partition: int) -> dict[str, int | None]:
        """What Kafka is told beside the offset, for `status`."""
        missed = self.missed.get((topic, partition))
        if missed is None:
            return {}
        return {"missed": missed.records, "from": missed.last.first, "to": missed.last.end}

    def _count(self, gap: Gap) -> None:
        before = self.missed.get((gap.topic, gap.partition))
        all_of_them = (before.records if before else 0) + (gap.records or 0)
        self.missed[gap.topic, gap.partition] = Missed(all_of_them, gap)

    def _note(self, epoch: int, gaps: list[Gap]) -> None:
        for gap in gaps:
            end = "?" if gap.end is None else gap.end - 1
            place = f"{gap.topic}, partition {gap.partition}, offsets {gap.first} to {end}"
            print(f"{self._query}: missed {place}: {gap.reason}", file=sys.stderr, flush=True)
        self._unwritten += [(epoch, gap) for gap in gaps]
        if not self._unwritten:
            return
        if self._must_write:
            patiently(TABLE, self._write)
            return
        try:
            self._write()
        except Exception as error:  # noqa: BLE001 - the lake may be away, and this query does not depend on it
            print(f"{TABLE}: {first_line(error)}; again with the next batch", file=sys.stderr, flush=True)

    def _write(self) -> None:
        """A batch that is repeated after a crash finds its gaps written."""
        written = self._spark.table(TABLE).where(F.col("query") == self._query)
        held = {(row.epoch, row.topic, row.kafka_partition, row.from_offset) for row in written.collect()}
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        fresh = [(epoch, gap) for epoch, gap in self._unwritten if (epoch, gap.topic, gap.partition, gap.first) not in held]
        rows = [
            (self._query, epoch, gap.topic, gap.partition, gap.first, gap.end, gap.records, gap.reason, now)
            for epoch, gap in fresh
        ]
        if rows:
            self._spark.createDataFrame(rows, self._spark.table(TABLE).schema).coalesce(1).writeTo(TABLE).append()
        for _, gap in fresh:
            self._count(gap)
        self._unwritten = []

    def _starts(self, epoch: int) -> Mapping[Place, int]:
        if self._last is not None and self._last[0] == epoch - 1:
            return self._last[1]
        return self._log("sources/0/0" if epoch == 0 else f"offsets/{epoch - 1}")

    def _log(self, name: str) -> dict[Place, int]:
        """Offsets as Spark has written them down; they are the last line of a file."""
        return by_partition(records.Folder(self._spark, self._checkpoint).read(name).splitlines()[-1])

    def _earliest(self, topic: str, partition: int, end: int) -> int:
        """The earliest offset that Kafka has. A topic that is gone has none: nothing before `end` is to be had."""
        for _ in range(ADMIN_TRIES):
            try:
                return records.earliest_offset(self._spark, topic, partition)
            except Exception as error:  # noqa: BLE001 - see above
                print(f"{self._query}: earliest offset of {topic}: {first_line(error)}", file=sys.stderr, flush=True)
        return end

    def _seen(self, batch: DataFrame, topic: str, partition: int, limit: int) -> list[int]:
        of_it = (F.col("topic") == topic) & (F.col("kafka_partition") == partition) & (F.col("kafka_offset") < limit)
        return [row["kafka_offset"] for row in batch.where(of_it).select("kafka_offset").collect()]

    def _in_tables(self, topic: str, partition: int, start: int, limit: int) -> list[int]:
        offset = F.col("kafka_offset")
        of_it = (F.col("kafka_partition") == partition) & (offset >= start) & (offset < limit)
        found: list[int] = []
        for table in self._written.get(topic, ()):
            rows = self._spark.table(table).where(of_it).select("kafka_offset")
            found += [row["kafka_offset"] for row in rows.collect()]
        return found

    def _read(self, topic: str, partition: int, start: int, end: int) -> DataFrame:
        reader = records.kafka_options(self._spark.read.format("kafka"))
        place = {"assign": {topic: [partition]}}
        for name, offset in (("startingOffsets", start), ("endingOffsets", end)):
            place[name] = {topic: {str(partition): offset}}  # type: ignore[dict-item]
        reader = reader.options(**{name: json.dumps(value) for name, value in place.items()})
        return rules.read(reader.option("failOnDataLoss", "false").load()).coalesce(1)


class Counts(NamedTuple):
    """Numbers of a batch's records."""

    by_place: dict[Place, int]
    by_kind: dict[tuple[str, bool], int]


@cache
def _counting() -> tuple[tuple[Column, ...], Column]:
    keys = F.col("topic"), F.col("kafka_partition"), F.col("error").isNull().alias("is_good")
    return keys, F.count(F.lit(1)).alias("count")


def counted(batch: DataFrame) -> Counts:
    found, (keys, count) = Counts({}, {}), _counting()
    for row in batch.groupBy(*keys).agg(count).collect():
        place, kind = (row["topic"], row["kafka_partition"]), (row["topic"], row["is_good"])
        found.by_place[place] = found.by_place.get(place, 0) + row["count"]
        found.by_kind[kind] = found.by_kind.get(kind, 0) + row["count"]
    return found


def each_batch(
    gaps: Gaps,
    work: Callable[[DataFrame, int, Kinds], None],
    began: Callable[[int, Mapping[Place, int], Mapping[Place, int]], None] = lambda *_: None,
) -> Callable[[DataFrame, int], None]:
    """What a query does with a batch: it is read and counted once and kept, looked through for gaps, and worked on."""

    def run(batch: DataFrame, epoch: int) -> None:
        starts, ends = places = gaps.places(epoch)
        records.ways_of(batch, sum(end - starts.get(place, 0) for place, end in ends.items()))
        # One task per batch: at these rates a second one only makes more and smaller files.
        kept = batch.coalesce(1).persist()
        try:
            began(epoch, *places)
            counts = counted(kept)
            checked = gaps.checked(kept, epoch, places, counts.by_place)
            work(checked, epoch, (counts if checked is kept else counted(checked)).by_kind)
        finally:
            kept.unpersist()

    return run
