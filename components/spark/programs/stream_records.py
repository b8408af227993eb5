"""Kafka records as the streams read them: what all queries share.

Settings, the session, the reading and the checking of records, where a query begins, how a driver ends.
"""

import json
import os
import ssl
import sys
import threading
import time
import urllib.request
from functools import cache
from typing import Any, Callable, Mapping, NamedTuple, NoReturn, Sequence, TypeVar

from pyspark.sql import DataFrame, SparkSession

RETRY_SECONDS = 5
MOST_RETRY_SECONDS = 60

#: By topic and partition, the offset after the last record.
Offsets = Mapping[str, Mapping[int, int]]
Result = TypeVar("Result")


class Ways(NamedTuple):
    """Ways out for a query without checkpoint, in words."""

    #: Where it goes on, such as `after the highest offset in the table`.
    resume: str
    #: What makes it begin anew, such as `drop the table`.
    start_over: str


def setting(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or default
    if value is None:
        sys.exit(f"{name} is not set")
    return value


def first_line(error: Exception) -> str:
    """The error without the plan, the stack and the preface that Spark and its bridge to Python add."""
    lines = [line for line in str(error).splitlines() if line and not line.startswith("An error occurred while calling")]
    return lines[0].lstrip(": ") if lines else type(error).__name__


def patiently(what: str, action: Callable[[], Result]) -> Result:
    """Tries until it works. A driver that gave up would be held back by Kubernetes, long after an outage is over."""
    pause = 1
    while True:
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the reason is shown, and the driver is not ready meanwhile
            print(f"{what}: {first_line(error)}; again in {pause} s", file=sys.stderr, flush=True)
            time.sleep(pause)
            pause = min(2 * pause, RETRY_SECONDS)


CHECKPOINT_FILES = "org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager"

TRIGGER_LOG = "org.apache.spark.sql.execution.streaming.runtime.ProcessingTimeExecutor"


LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


@cache
def java(spark: SparkSession, name: str) -> Any:
    """A class of the driver's JVM by its whole name, asked for once: a part of a name is looked for in every archive there is."""
    return getattr(spark._jvm, name)


class NotYet(Exception):
    """Why a query does not begin now; nothing is wrong, and the driver is ready meanwhile."""


def session(name: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """Small batches on one or two cores: few tasks, little history kept."""
    shared = {
        "spark.log.level": "WARN",
        # Batches are too small for plans that are made anew while they run.
        "spark.sql.adaptive.enabled": "false",
        # The code of a whole stage takes longer to write than to run; see also `ways_of`.
        "spark.sql.codegen.wholeStage": "false",
        # Filters that follow from others help joins, of which there are none.
        "spark.sql.constraintPropagation.enabled": "false",
        # Batches have the same code, which is compiled once and kept.
        "spark.sql.codegen.cache.maxEntries": "500",
        # Plans are written out for Spark's page with each of their jobs.
        "spark.sql.ui.explainMode": "simple",
        # Files have names of their own: looking whether one is there costs more requests than writing it.
        "spark.hadoop.fs.s3a.performance.flags": "create,delete,mkdir",
        # A file of a checkpoint is written where it stays: S3 shows it when it is whole, and has no renaming but copies.
        "spark.sql.streaming.checkpointFileManagerClass": CHECKPOINT_FILES,
        # S3 checks what it is given. A file of sums beside each one takes as many requests again, and an eighth of the CPU.
        "spark.sql.streaming.checkpoint.fileChecksum.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.streaming.minBatchesToRetain": "20",
        "spark.sql.streaming.numRecentProgressUpdates": "10",
        # The metastore takes away a lock that is silent for a minute, as a killed writer leaves it.
        "spark.hadoop.iceberg.hive.lock-heartbeat-interval-ms": "15000",
        # Plans show the options of their sources; of these the login to Kafka is one.
        "spark.sql.redaction.options.regex": "(?i)url|jaas",
        "spark.sql.ui.retainedExecutions": "20",
        "spark.ui.retainedJobs": "50",
        "spark.ui.retainedStages": "50",
        "spark.ui.retainedTasks": "500",
    }
    spark = SparkSession.builder.appName(name).config(map={**shared, **(settings or {})}).getOrCreate()
    # It warns of each batch that takes longer than the trigger, though none is due before it ends; see stream_report.
    log4j = "org.apache.logging.log4j"
    java(spark, f"{log4j}.core.config.Configurator").setLevel(TRIGGER_LOG, java(spark, f"{log4j}.Level").ERROR)
    return spark


#: From this number of records on, a batch is worked on faster by code that is written for it, though writing takes time.
CODE_FROM = 1000


def ways_of(batch: DataFrame, size: int) -> None:
    """How a batch's expressions are evaluated: as they are, or by code."""
    batch.sparkSession.conf.set("spark.sql.codegen.factoryMode", "FALLBACK" if size >= CODE_FROM else "NO_CODEGEN")


class ReadyFile:
    """A file that exists while all queries run and none of them waits for its sink."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._runs = False
        self._waiting: set[str] = set()
        self.closed()  # a killed container leaves it to the one that follows

    def opened(self) -> None:
        with self._lock:
            self._runs = True
            self._show()

    def closed(self) -> None:
        with self._lock:
            self._runs = False
            self._show()

    def waits(self, query: str, does: bool) -> None:
        with self._lock:
            (self._waiting.add if does else self._waiting.discard)(query)
            self._show()

    def _show(self) -> None:
        if self._runs and not self._waiting:
            open(self._path, "w").close()
        elif os.path.exists(self._path):
            os.remove(self._path)


def kafka_admin(spark: SparkSession) -> Any:
    """Kafka's own client for administration, in the driver's JVM; the caller closes it."""
    settings = java(spark, "java.util.Properties")()
    for name, value in kafka_settings().items():
        settings.put(name, value)
    settings.put("default.api.timeout.ms", "10000")
    settings.put("request.timeout.ms", "5000")
    return java(spark, "org.apache.kafka.clients.admin.Admin").create(settings)


def topic_partitions(spark: SparkSession, topics: Sequence[str]) -> dict[str, int]:
    """Number of each topic's partitions, by the broker's own word."""
    admin = kafka_admin(spark)
    try:
        names = java(spark, "java.util.ArrayList")()
        for topic in topics:
            names.add(topic)
        found = admin.describeTopics(names).allTopicNames().get()
        return {topic: len(found.get(topic).partitions()) for topic in topics}
    finally:
        admin.close()


def group_offsets(spark: SparkSession, group: str) -> dict[str, dict[int, int]]:
    """How far a consumer group is."""
    admin = kafka_admin(spark)
    try:
        found: dict[str, dict[int, int]] = {}
        known = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
        for partition, offset in dict(known).items():
            if offset is not None:
                found.setdefault(partition.topic(), {})[partition.partition()] = offset.offset()
        return found
    finally:
        admin.close()


def group_words(spark: SparkSession, group: str) -> list[str]:
    """What is written down beside the offsets of a consumer group."""
    admin = kafka_admin(spark)
    try:
        known = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
        return [place.metadata() for place in dict(known).values() if place is not None]
    finally:
        admin.close()


def delete_groups(spark: SparkSession, groups: Sequence[str]) -> None:
    """Removes groups of queries that are no more, whose lag would grow for ever. One that is not there is no fault."""
    admin = kafka_admin(spark)
    try:
        for group in groups:
            names = java(spark, "java.util.ArrayList")()
            names.add(group)
            try:
                admin.deleteConsumerGroups(names).all().get()
            except Exception as error:  # noqa: BLE001 - it is only for tidiness
                if "GroupIdNotFound" not in str(error):
                    print(f"group {group} not removed: {first_line(error)}", file=sys.stderr, flush=True)
    finally:
        admin.close()


def runs(workload: str) -> bool:
    """Whether a workload of the platform has a pod, also one that is ending; outside a cluster it has none."""
    account = "/var/run/secrets/kubernetes.io/serviceaccount"
    if not os.path.exists(f"{account}/token"):
        return False
    token, namespace = (open(f"{account}/{name}").read().strip() for name in ("token", "namespace"))
    url = f"https://kubernetes.default.svc/api/v1/namespaces/{namespace}/pods?labelSelector=app.kubernetes.io/name%3D{workload}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    trust = ssl.create_default_context(cafile=f"{account}/ca.crt")
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
        return len(json.load(answer)["items"]) > 0


def earliest_offset(spark: SparkSession, topic: str, partition: int) -> int:
    """The earliest offset that Kafka has of a partition."""
    earliest, _ = kept_offsets(spark, [(topic, partition)])[topic, partition]
    return earliest


def kept_offsets(spark: SparkSession, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, int]]:
    """What Kafka has of partitions: the earliest offset, and the one that comes next."""
    admin = kafka_admin(spark)
    try:
        listed = []
        ends = java(spark, "org.apache.kafka.clients.admin.OffsetSpec")
        for at in (ends.earliest(), ends.latest()):
            asked = java(spark, "java.util.HashMap")()
            for topic, partition in places:
                asked.put(java(spark, "org.apache.kafka.common.TopicPartition")(topic, partition), at)
            found = admin.listOffsets(asked).all().get()
            listed.append({(one.topic(), one.partition()): at_it.offset() for one, at_it in dict(found).items()})
        earliest, end = listed
        return {place: (earliest[place], end[place]) for place in places}
    finally:
        admin.close()


class Folder:
    """Files in a folder of the object store, by Hadoop's client."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._spark, self._conf, self.path = spark, spark._jsc.hadoopConfiguration(), path

    def exists(self, name: str) -> bool:
        path = self._path(name)
        return bool(path.getFileSystem(self._conf).exists(path))

    def read(self, name: str) -> str:
        path = self._path(name)
        stream = path.getFileSystem(self._conf).open(path)
        try:
            return str(java(self._spark, "org.apache.commons.io.IOUtils").toString(stream, "UTF-8"))
        finally:
            stream.close()

    def write(self, name: str, text: str) -> None:
        """In one piece: a file in the object store is there when it is whole."""
        path = self._path(name)
        stream = path.getFileSystem(self._conf).create(path, True)
        stream.write(text.encode())
        stream.close()

    def newest(self, name: str) -> int:
        """The greatest number that a file in a folder is named after; -1 when there is none."""
        path = self._path(name)
        files = path.getFileSystem(self._conf)
        if not files.exists(path):
            return -1
        names = [status.getPath().getName() for status in files.listStatus(path)]
        return max((int(one) for one in names if one.isdecimal()), default=-1)

    def _path(self, name: str) -> Any:
        return java(self._spark, "org.apache.hadoop.fs.Path")(f"{self.path}/{name}")


def starting_offsets(
    spark: SparkSession, topics: Sequence[str], checkpoint: str, ends: Callable[[], Offsets], sink: str, ways: Ways
) -> str:
    """Where a query begins if it has no checkpoint.

    A sink without rows is filled from STARTING_OFFSETS (earliest, latest). One that has rows ends the driver, for
    records would be written twice or left out; with ON_MISSING_CHECKPOINT=resume the query goes on at `ends`.

    :param ends: how far the sink's rows go
    :param ways: ways out, in words
    """
    if Folder(spark, checkpoint).exists("metadata"):
        return "earliest"  # not used: the checkpoint decides
    known = ends()
    if not known:
        return setting("STARTING_OFFSETS", "earliest")
    if setting("ON_MISSING_CHECKPOINT", "fail") != "resume":
        sys.exit(
            f"{sink} has rows, but {checkpoint} is not there: starting over would write records twice or leave some "
            "out. Restore the checkpoint; or, if the topic is still the same one, set ON_MISSING_CHECKPOINT=resume to "
            f"go on {ways.resume}; or {ways.start_over}."
        )
    # -2: Kafka's name for the earliest offset, for partitions of which the sink has nothing.
    offsets = {
        topic: {str(p): known.get(topic, {}).get(p, -2) for p in range(count)}
        for topic, count in topic_partitions(spark, topics).items()
    }
    print(f"{sink}: no checkpoint, resuming at {offsets}", flush=True)
    return json.dumps(offsets)


def trigger_seconds(query: str) -> str:
    """Least time between two batches of a query."""
    return setting(f"{query.upper()}_TRIGGER_SECONDS", setting("TRIGGER_SECONDS", "1"))


def quiet_seconds() -> str:
    """Time after which few records are a batch, too."""
    return setting("QUIET_SECONDS", "15")


def kafka_settings() -> dict[str, str]:
    """How Kafka's own clients reach the brokers and log in to them."""
    settings = {
        "bootstrap.servers": setting("KAFKA_BOOTSTRAP"),
        "security.protocol": setting("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
    }
    authority = setting("KAFKA_CA", "")
    if authority != "":
        settings |= {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": authority}
    mechanism = setting("KAFKA_SASL_MECHANISM", "")
    if mechanism != "":
        login = {"username": setting("KAFKA_USERNAME"), "password": setting("KAFKA_PASSWORD")}
        given = " ".join(f"{name}={jaas_text(value)}" for name, value in login.items())
        settings |= {"sasl.mechanism": mechanism, "sasl.jaas.config": f"{LOGIN_MODULES[mechanism]} required {given};"}
    return settings


def jaas_text(value: str) -> str:
    """A text in quotes, as Java's login settings have it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def kafka_options(reader: Any) -> Any:
    for name, value in kafka_settings().items():
        reader = reader.option(f"kafka.{name}", value)
    return (
        reader.option("includeHeaders", "true")
        # A reader asks for more as soon as it has what it wanted, and its next request waits behind that one.
        .option("kafka.fetch.max.wait.ms", "10")
        # Records of a transaction that did not end well are none.
        .option("kafka.isolation.level", "read_committed")
    )


def read_topics(spark: SparkSession, topics: Sequence[str], start: str) -> DataFrame:
    """The topics' records, as Kafka has them."""
    return (
        kafka_options(spark.readStream.format("kafka"))
        .option("subscribe", ",".join(topics))
        .option("startingOffsets", start)
        .option("failOnDataLoss", str(setting("ON_MISSING_RECORDS", "continue") == "stop").lower())
        .option("minOffsetsPerTrigger", setting("LEAST_RECORDS", "300"))
        .option("maxTriggerDelay", f"{quiet_seconds()}s")
        .option("maxOffsetsPerTrigger", setting("MAX_RECORDS_PER_BATCH", "20000"))
        .load()
    )


class KeptQuery:
    """A query that is started anew when it has ended."""

    def __init__(self, name: str, start: Callable[[], Any]) -> None:
        self.name, self._start = name, start
        self._query: Any = None
        self._pause = RETRY_SECONDS
        self._due: float | None = None
        self._try()

    @property
    def lastProgress(self) -> Any:
        return None if self._query is None else self._query.lastProgress

    @property
    def recentProgress(self) -> Sequence[Any]:
        return () if self._query is None else self._query.recentProgress

    def look(self, ready: ReadyFile, now: float) -> None:
        """Starts it when it is time to; the driver is not ready until it has done a batch again."""
        if self._query is None:
            self._unless_it_fails(self._try)
        elif self._query.isActive:
            if self._due is not None and self._query.lastProgress is not None:
                self._due, self._pause = None, RETRY_SECONDS
                ready.waits(f"{self.name} runs", False)
        elif self._due is None or now >= self._due:
            if self._due is None:
                ready.waits(f"{self.name} runs", True)
            error = self._query.exception()
            reason = "it ended without an error" if error is None else first_line(error)
            print(f"{self.name}: {reason}; started anew", file=sys.stderr, flush=True)
            self._due = now + self._pause
            self._pause = min(2 * self._pause, MOST_RETRY_SECONDS)
            self._unless_it_fails(self._begin)

    def _unless_it_fails(self, begin: Callable[[], None]) -> None:
        try:
            begin()
        except Exception as error:  # noqa: BLE001 - it is tried again, and the other queries go on
            print(f"{self.name}: not started: {first_line(error)}", file=sys.stderr, flush=True)

    def _begin(self) -> None:
        self._query = self._start()

    def _try(self) -> None:
        """Starts it, unless it may not begin yet."""
        try:
            self._begin()
        except NotYet as reason:
            if self._due is None:
                print(f"{self.name}: waits: {reason}", flush=True)
            self._due = 0.0


def keep_running(spark: SparkSession, queries: Sequence[KeptQuery], ready: ReadyFile) -> NoReturn:
    """Starts queries anew that end, while the others go on. When Spark itself has ended, so does the driver."""
    ready.opened()
    while not spark._jsc.sc().isStopped():
        time.sleep(1)
        for query in queries:
            query.look(ready, time.monotonic())
    ready.closed()
    print("Spark has ended; the driver starts anew", file=sys.stderr, flush=True)
    # The JVM may hold non-daemon threads; the exit code must be seen all the same.
    os._exit(1)
