"""Kafka through confluent-kafka."""

import json
import os
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Iterable, Mapping

from ._config import KafkaEndpoint, kafka_endpoint, secret, text
from ._errors import MillraceError, NotAvailable, ParameterError
from ._literals import plain

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Producer


@dataclass(frozen=True)
class Record:
    """A record of a topic. `value` and `key` are bytes as they lie there; `time` is in UTC."""

    topic: str
    partition: int
    offset: int
    time: datetime
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)

    def text(self) -> str:
        """The value as text; empty where it is null."""
        try:
            return (self.value or b"").decode("utf-8")
        except UnicodeDecodeError as error:
            raise MillraceError(f"{self._place()} is not text in UTF-8: {error.reason}; its bytes are in `value`") from None

    def json(self) -> Any:
        """The value read as JSON; None where it is null."""
        try:
            return None if self.value is None else json.loads(self.value)
        except ValueError as error:
            raise MillraceError(f"{self._place()} is not JSON: {error}; its bytes are in `value`") from None

    def _place(self) -> str:
        return f'the record at offset {self.offset} of partition {self.partition} of "{self.topic}"'


def kafka() -> "Kafka":
    """The platform's Kafka.

        millrace.kafka().send("telemetry", {"metric": "answer", "value": 42})
        for record in millrace.kafka().tail("telemetry", 5):
            print(record.json())

    Raises:
        NotConfigured: there is no Kafka here.
    """
    return _kafka(kafka_endpoint(), os.getpid())


@lru_cache(maxsize=4)
def _kafka(endpoint: KafkaEndpoint, _process: int) -> "Kafka":
    return Kafka(endpoint)


class Kafka:
    """A Kafka cluster: simple sending and looking, and clients of confluent-kafka with the right settings."""

    def __init__(self, endpoint: KafkaEndpoint) -> None:
        self._endpoint = endpoint
        self._sender: Any = None
        self._known: set[str] = set()

    def settings(self) -> dict[str, Any]:
        """The settings of librdkafka that every client of this cluster needs.

        Where the cluster asks for a login, it is in KAFKA_USERNAME and KAFKA_PASSWORD. The authority of its certificates is
        in KAFKA_CA, in PEM, or in the file that SSL_CERT_FILE names, if it is none of the public ones.

        Raises:
            NotConfigured: the cluster asks for a login, and a variable is missing.
        """
        settings = {
            "bootstrap.servers": self._endpoint.bootstrap_servers,
            "security.protocol": self._endpoint.security_protocol,
            # Its own lines about brokers that come and go would fill a notebook; what fails is raised.
            "log_level": 2,
        }
        own, authorities = os.environ.get("KAFKA_CA"), os.environ.get("SSL_CERT_FILE")
        if self._endpoint.security_protocol.endswith("SSL"):
            if own:
                settings["ssl.ca.pem"] = own
            elif authorities:
                settings["ssl.ca.location"] = authorities
        if self._endpoint.security_protocol.startswith("SASL_"):
            settings |= {
                "sasl.mechanism": self._endpoint.sasl_mechanism or "PLAIN",
                "sasl.username": secret("KAFKA_USERNAME", "whom this program logs in to Kafka as"),
                "sasl.password": secret("KAFKA_PASSWORD", "the password for Kafka"),
            }
        return settings

    def producer(self, **settings: Any) -> "Producer":
        """A producer whose records are acknowledged by all replicas and not doubled by its own retries.

        Further settings are librdkafka's, with underscores for dots: `linger_ms=50`.
        """
        from confluent_kafka import Producer

        return Producer({**self.settings(), "enable.idempotence": True, **_dotted(settings)})

    def consumer(
        self, topics: str | Iterable[str], group: str | None = None, start: str = "earliest", **settings: Any
    ) -> "Consumer":
        """A consumer that has subscribed to topics; end it with `close()`.

        With a `group` the cluster remembers what was read, else nothing is remembered. `start` is where a group begins
        that has read nothing yet: `earliest` or `latest`. Further settings are librdkafka's, with underscores for dots.
        """
        from confluent_kafka import Consumer

        if start not in ("earliest", "latest"):
            raise ParameterError(f'start is "{start}"; give "earliest" or "latest"')
        consumer = Consumer(
            {
                **self.settings(),
                "group.id": group or f"millrace-{os.getpid()}-{time.time_ns()}",
                "enable.auto.commit": group is not None,
                "auto.offset.reset": start,
                **_dotted(settings),
            }
        )
        consumer.subscribe([topics] if isinstance(topics, str) else list(topics))
        return consumer

    def topics(self, timeout: float = 10) -> dict[str, int]:
        """Names of the topics and the number of their partitions, without Kafka's internal ones."""
        metadata = self._metadata(self._own_sender(), None, timeout)
        return {
            name: len(topic.partitions) for name, topic in sorted(metadata.topics.items()) if not name.startswith("__")
        }

    def send(
        self,
        topic: str,
        value: Any,
        key: str | bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
        timeout: float = 30,
    ) -> tuple[int, int]:
        """Sends one record and waits until it is acknowledged; gives its partition and offset.

        Text is sent as UTF-8, bytes as they are, None as null, and anything else as JSON. For many records take a
        `producer()`.

        Raises:
            ParameterError: the value has no equal in JSON, or the record is larger than Kafka takes; nothing was sent.
            NotAvailable: there is no such topic, or no acknowledgement within `timeout` seconds.
        """
        from confluent_kafka import KafkaException

        text("topic", topic, "telemetry")
        content = _bytes(value, "value")
        marks = [(name, _bytes(item, f"headers[{name!r}]")) for name, item in (headers or {}).items()]
        sender = self._own_sender()
        if topic not in self._known:
            self._partitions(sender, topic, timeout)
            self._known.add(topic)
        done: list[tuple[Any, Any]] = []
        try:
            sender.produce(
                topic,
                value=content,
                key=_bytes(key, "key"),
                headers=marks,
                on_delivery=lambda error, message: done.append((error, message)),
            )
        except KafkaException as error:
            size = len(content or b"")
            raise ParameterError(f'"{topic}" does not take this record of {size} bytes: {error.args[0].str()}') from None
        sender.flush(timeout)
        if not done:
            sender.purge()
            sender.poll(0)
            raise NotAvailable(
                f'no acknowledgement of a record for "{topic}" within {timeout:.0f} s from {self._where()}; '
                "it may have been written all the same"
            )
        error, message = done[0]
        if error is not None:
            raise NotAvailable(f'a record for "{topic}" was not taken by {self._where()}: {error.str()}')
        return message.partition(), message.offset()

    def tail(self, topic: str, count: int = 10, timeout: float = 10) -> list[Record]:
        """The newest records of a topic, oldest first; fewer if there are fewer. Nothing is marked as read.

        Raises:
            NotAvailable: there is no such topic, or the records do not come within `timeout` seconds.
        """
        from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

        text("topic", topic, "telemetry")
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ParameterError(f"count is {count!r}; give a whole number from 1")
        deadline = time.monotonic() + timeout
        consumer: Any = Consumer(
            {**self.settings(), "group.id": "millrace-tail", "enable.auto.commit": False, "enable.partition.eof": True}
        )
        try:
            wanted: dict[int, int] = {}
            starts = []
            for partition in self._partitions(consumer, topic, timeout):
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout)
                start = max(low, high - count)
                if start < high:
                    starts.append(TopicPartition(topic, partition, start))
                    wanted[partition] = high
            if not starts:
                return []
            consumer.assign(starts)
            records: list[Record] = []
            while wanted:
                if time.monotonic() > deadline:
                    raise NotAvailable(f'the newest records of "{topic}" did not come within {timeout:.0f} s')
                for message in consumer.consume(num_messages=500, timeout=0.2):
                    error = message.error()
                    if error is None:
                        records.append(_record(message))
                    elif error.code() != KafkaError._PARTITION_EOF:
                        raise NotAvailable(f'cannot read "{topic}" from {self._where()}: {error.str()}')
                    # The end may come earlier than its offset says: marks of transactions are no records.
                    if error is not None or message.offset() + 1 >= wanted.get(message.partition(), 0):
                        wanted.pop(message.partition(), None)
            # The clock of the record, then its place: records of one partition stay in their order.
            return sorted(records, key=lambda record: (record.time, record.partition, record.offset))[-count:]
        except KafkaException as error:
            raise NotAvailable(f'cannot read "{topic}" from {self._where()}: {error.args[0].str()}') from None
        finally:
            consumer.close()

    def _own_sender(self) -> Any:
        if self._sender is None:
            self._sender = self.producer(linger_ms=0)
        return self._sender

    def _partitions(self, client: Any, topic: str, timeout: float) -> list[int]:
        """The topic's partitions."""
        found = self._metadata(client, topic, timeout).topics.get(topic)
        if found is None or found.error is not None or not found.partitions:
            there = ", ".join(self.topics(timeout)) or "none"
            raise NotAvailable(f'there is no topic "{topic}" in {self._where()}; the topics are: {there}')
        return sorted(found.partitions)

    def _metadata(self, client: Any, topic: str | None, timeout: float) -> Any:
        from confluent_kafka import KafkaException

        try:
            return client.list_topics(topic, timeout=timeout) if topic else client.list_topics(timeout=timeout)
        except KafkaException as error:
            raise NotAvailable(f"Kafka does not answer at {self._where()}: {error.args[0].str()}") from None

    def _where(self) -> str:
        return self._endpoint.bootstrap_servers


def _dotted(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "."): value for name, value in settings.items()}


def _bytes(value: Any, name: str) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    try:
        made = value if isinstance(value, str) else json.dumps(value, allow_nan=False, default=lambda one: _data(one, name))
        return made.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"{name} has no equal in JSON: {error}; give a text, bytes, None, or dicts and lists of texts, finite numbers, "
            "true, false and None"
        ) from None


def _data(value: Any, name: str) -> Any:
    """What numpy and pandas have for plain data."""
    made = plain(value, name)
    if type(made) in (bool, int, float, str):
        return made
    raise TypeError(f"a value of type {type(value).__name__}")


def _record(message: Any) -> Record:
    _, milliseconds = message.timestamp()
    return Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        time=datetime.fromtimestamp(milliseconds / 1000, timezone.utc),
        key=message.key(),
        value=message.value(),
        headers=dict(message.headers() or []),
    )
