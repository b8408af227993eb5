"""How far the streams' queries are, which Kafka is told, and how long their batches take, for `npm run status`."""

import json
import sys
import time
from collections import Counter
from functools import partial
from typing import Any, Callable, Collection, Mapping, NamedTuple, Sequence

from pyspark.sql import SparkSession

from stream_records import RETRY_SECONDS, Offsets, first_line, java, kafka_admin, quiet_seconds, trigger_seconds

#: Least time between two warnings of a query, in seconds.
WARN_AGAIN_SECONDS = 600


def set_group_offsets(
    spark: SparkSession, admin: Any, group: str, offsets: Offsets, words: Callable[[str, int], str]
) -> None:
    """:param words: what is written down beside the offset of a partition"""
    told = java(spark, "java.util.HashMap")()
    for topic, by_partition in offsets.items():
        for partition, offset in by_partition.items():
            place = java(spark, "org.apache.kafka.common.TopicPartition")(topic, partition)
            known = java(spark, "org.apache.kafka.clients.consumer.OffsetAndMetadata")
            told.put(place, known(offset, words(topic, partition)))
    admin.alterConsumerGroupOffsets(group, told).all().get()


def end_offsets(progress: Any) -> dict[str, dict[int, int]]:
    """Where the last batch of a query ended; empty before the first one."""
    return _offsets(progress, "endOffset")


def leaves_some(progress: Any) -> bool:
    """Whether there were more records when a batch began than it was allowed to take."""
    ends = end_offsets(progress)
    return any(
        latest > ends.get(topic, {}).get(partition, 0)
        for topic, by_partition in _offsets(progress, "latestOffset").items()
        for partition, latest in by_partition.items()
    )


def _offsets(progress: Any, which: str) -> dict[str, dict[int, int]]:
    if progress is None:
        return {}
    offsets = json.loads(progress.json)["sources"][0].get(which) or {}
    return {topic: {int(partition): offset for partition, offset in found.items()} for topic, found in offsets.items()}


class Refused:
    """Records of each topic that this driver has put aside, for they are no good: the lake's dead letters."""

    def __init__(self) -> None:
        self._by_topic: Counter[str] = Counter()

    def count(self, kinds: Mapping[tuple[str, bool], int]) -> None:
        """:param kinds: numbers of a batch's records by topic, and whether they are good"""
        for (topic, is_good), number in kinds.items():
            if not is_good:
                self._by_topic[topic] += number

    def told(self, topic: str, _partition: int) -> dict[str, int]:
        """Of the topic as a whole, beside each of its partitions."""
        return {"refused": self._by_topic[topic]}


class LeftOut:
    """What a query with windows has left out since it is there: records that came after their window had closed, and repeated ones."""

    def __init__(self, query: Any, before: Sequence[str]) -> None:
        """:param before: what the driver before this one has told, for each partition"""
        self._query, self._batch = query, -1
        known = [told for told in map(_told_before, before) if told]
        self.late, self.duplicates = (max((one.get(name, 0) for one in known), default=0) for name in ("late", "duplicates"))

    def told(self, _topic: str, _partition: int) -> dict[str, int]:
        for progress in self._query.recentProgress:
            if progress["batchId"] <= self._batch:
                continue
            self._batch = progress["batchId"]
            for operator in json.loads(progress.json)["stateOperators"]:
                self.late += operator["numRowsDroppedByWatermark"]
                self.duplicates += operator.get("customMetrics", {}).get("numDroppedDuplicateRows", 0)
        return {"late": self.late, "duplicates": self.duplicates}


def _told_before(words: str) -> dict[str, Any]:
    try:
        told = json.loads(words)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


class Rhythm:
    """Whether the batches of a query end before the next one is due, and since when they leave records to the next one."""

    def __init__(self, name: str, query: str) -> None:
        self._name = name
        self._due = max(float(quiet_seconds()), float(trigger_seconds(query)))
        self._next = 0.0
        self._since: str | None = None
        self._batch: dict[str, float | str] | None = None

    def look(self, progress: Any, now: float) -> None:
        """:param progress: of a batch that has ended"""
        seconds, records = round(progress["batchDuration"] / 1000, 1), progress["numInputRows"]
        self._batch = {"began": progress["timestamp"], "seconds": seconds, "records": records, "due": self._due}
        self._since = (self._since or progress["timestamp"]) if leaves_some(progress) else None
        if seconds <= self._due or now < self._next:
            return
        self._next = now + WARN_AGAIN_SECONDS
        print(
            f"{self._name}: a batch of {records} records took {seconds:.1f} s, and after {self._due:g} s the next "
            "one was due (millrace:services.telemetry.stream.quietSeconds): the machine is too slow for it, or busy. Nothing "
            "is lost: batches follow each other, and each takes what has come since",
            file=sys.stderr,
            flush=True,
        )

    def told(self) -> dict[str, Any]:
        """What `status` is told of the last batch."""
        behind = {} if self._since is None else {"behind": {"since": self._since}}
        return {**({} if self._batch is None else {"batch": self._batch}), **behind}


class Reported(NamedTuple):
    """A query, and what it has missed of a partition."""

    query: Any
    missed: Callable[[str, int], Mapping[str, Any]]


def words(missed: Callable[[str, int], Mapping[str, Any]], rhythm: Rhythm, topic: str, partition: int) -> str:
    """What stands beside the offset of a partition; Kafka takes up to 4096 bytes."""
    return json.dumps({**missed(topic, partition), **rhythm.told()})


def tell_of_others(spark: SparkSession, admin: Any, own: Collection[str]) -> None:
    """Tells of each query whose room was switched off that nobody runs it: its lag grows, and is no fault. Its offsets stay."""
    for listed in admin.listConsumerGroups().all().get():
        group = listed.groupId()
        if group.startswith("spark-") and group not in own:
            try:
                _tell_of_other(spark, admin, group)
            except Exception as error:  # noqa: BLE001 - it may be somebody else's
                print(f"group {group} not looked at: {first_line(error)}", file=sys.stderr, flush=True)


def _tell_of_other(spark: SparkSession, admin: Any, group: str) -> None:
    offsets: dict[str, dict[int, int]] = {}
    told: dict[tuple[str, int], dict[str, Any]] = {}
    for place, committed in dict(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()).items():
        known = _told_before(committed.metadata()) if committed is not None else {}
        if "batch" in known:
            offsets.setdefault(place.topic(), {})[place.partition()] = committed.offset()
            kept = {name: word for name, word in known.items() if name not in ("batch", "behind")}
            told[place.topic(), place.partition()] = {**kept, "off": True}
    if offsets:
        set_group_offsets(spark, admin, group, offsets, lambda topic, partition: json.dumps(told[topic, partition]))


def report_for_ever(spark: SparkSession, groups: Mapping[str, Reported]) -> None:
    """Tells Kafka how far queries are, each by the name of a consumer group, so that its own tools show what they lag.

    The queries do not depend on it: what they have read stands in their checkpoints.
    """
    told: dict[str, Any] = {}
    rhythms = {group: Rhythm(group, reported.query.name) for group, reported in groups.items()}
    admin = None
    knows_others = False
    while True:
        time.sleep(1)
        try:
            admin = admin or kafka_admin(spark)
            if not knows_others:
                tell_of_others(spark, admin, groups)
                knows_others = True
            for group, (query, missed) in groups.items():
                progress = query.lastProgress
                offsets = end_offsets(progress)
                if offsets and told.get(group) != offsets:
                    rhythms[group].look(progress, time.monotonic())
                    set_group_offsets(spark, admin, group, offsets, partial(words, missed, rhythms[group]))
                    told[group] = offsets
        except Exception as error:  # noqa: BLE001 - any failure, see above
            print(f"lag not reported, will try again: {first_line(error)}", file=sys.stderr, flush=True)
            time.sleep(RETRY_SECONDS)
