import os
import types
from datetime import datetime, timezone
from typing import Any

import support
import millrace
from millrace import _kafka


class Message:
    def __init__(self, partition: int, offset: int, milliseconds: int) -> None:
        self.place = (partition, offset)
        self.milliseconds = milliseconds

    def topic(self) -> str:
        return "telemetry"

    def partition(self) -> int:
        return self.place[0]

    def offset(self) -> int:
        return self.place[1]

    def timestamp(self) -> tuple[int, int]:
        return 1, self.milliseconds

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return b'{"value": 1}'

    def headers(self) -> list[tuple[str, bytes]]:
        return [("millrace-run", b"r")]

    def error(self) -> Any:
        return None


class End(Message):
    """What a consumer is told at the end of a partition, or that something is wrong."""

    code = -191

    def error(self) -> Any:
        return types.SimpleNamespace(code=lambda: self.code, str=lambda: "Broker: Not authorized")


class Place:
    def __init__(self, topic: str, partition: int, offset: int = -1) -> None:
        self.topic, self.partition, self.offset = topic, partition, offset


class KafkaException(Exception):
    pass


class Broker:
    """A cluster with the topic telemetry; `acknowledges` is how it takes a record."""

    def __init__(self) -> None:
        self.partitions: dict[int, list[Message]] = {0: [], 1: []}
        self.clients: list[dict[str, Any]] = []
        self.sent: list[tuple[Any, ...]] = []
        self.acknowledges: str = "yes"
        self.down = False
        self.closed = 0

    def client(self, settings: dict[str, Any]) -> "Client":
        self.clients.append(settings)
        return Client(self)


class Client:
    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.pending: list[Any] = []
        self.places: list[Place] = []
        self.topics: list[str] = []

    def list_topics(self, topic: str | None = None, timeout: float = 0) -> Any:
        if self.broker.down:
            raise KafkaException(types.SimpleNamespace(str=lambda: "Local: Broker transport failure"))
        there = types.SimpleNamespace(partitions=dict.fromkeys(self.broker.partitions), error=None)
        inner = types.SimpleNamespace(partitions={0: None}, error=None)
        known = {"telemetry": there, "__consumer_offsets": inner}
        absent = types.SimpleNamespace(partitions={}, error="UNKNOWN_TOPIC_OR_PART")
        return types.SimpleNamespace(topics=known if topic is None else {topic: known.get(topic, absent)})

    def produce(self, topic: str, value: Any, key: Any, headers: Any, on_delivery: Any) -> None:
        self.broker.sent.append((topic, value, key, headers))
        self.pending.append(on_delivery)

    def flush(self, timeout: float) -> None:
        if self.broker.acknowledges == "never":
            return
        error = None if self.broker.acknowledges == "yes" else types.SimpleNamespace(str=lambda: "too large")
        self.pending.pop()(error, Message(1, 42, 0))

    def purge(self) -> None:
        self.pending.clear()

    def poll(self, timeout: float) -> None:
        pass

    def get_watermark_offsets(self, place: Place, timeout: float) -> tuple[int, int]:
        messages = self.broker.partitions[place.partition]
        return (messages[0].offset(), messages[-1].offset() + 1) if messages else (0, 0)

    def assign(self, places: list[Place]) -> None:
        self.places = places

    def consume(self, num_messages: int, timeout: float) -> list[Message]:
        """One record of each partition at a time."""
        given = []
        for place in self.places:
            for message in self.broker.partitions[place.partition]:
                if message.offset() == place.offset:
                    given.append(message)
                    place.offset += 1
                    break
        return given

    def subscribe(self, topics: list[str]) -> None:
        self.topics = topics

    def close(self) -> None:
        self.broker.closed += 1


class Kafka(support.PlatformCase):
    def setUp(self) -> None:
        super().setUp()
        self.broker = Broker()
        fake = support.module(
            "confluent_kafka",
            Producer=self.broker.client,
            Consumer=self.broker.client,
            TopicPartition=Place,
            KafkaException=KafkaException,
            KafkaError=types.SimpleNamespace(_PARTITION_EOF=-191),
        )
        self.enterContext(support.modules(confluent_kafka=fake))
        _kafka._kafka.cache_clear()
        self.addCleanup(_kafka._kafka.cache_clear)

    def test_sends_texts_bytes_and_json_and_says_where_the_record_is(self) -> None:
        kafka = millrace.kafka()
        self.assertEqual(kafka.send("telemetry", {"a": 1}, key="k", headers={"h": "v"}), (1, 42))
        kafka.send("telemetry", "text")
        kafka.send("telemetry", b"\x00", key=None)
        kafka.send("telemetry", None)
        self.assertEqual(
            self.broker.sent,
            [
                ("telemetry", b'{"a": 1}', b"k", [("h", b"v")]),
                ("telemetry", b"text", None, []),
                ("telemetry", b"\x00", None, []),
                ("telemetry", None, None, []),
            ],
        )
        self.assertEqual(len(self.broker.clients), 1)
        self.assertEqual(self.broker.clients[0]["bootstrap.servers"], "kafka.example:9092")
        self.assertIs(self.broker.clients[0]["enable.idempotence"], True)

    def test_sends_nothing_that_has_no_equal_in_json(self) -> None:
        for value in (float("nan"), {"a": object()}, {"a": {1, 2}}, "\ud800"):
            with self.subTest(value=value), self.says(millrace.ParameterError, "value has no equal in JSON"):
                millrace.kafka().send("telemetry", value)
        with self.says(millrace.ParameterError, "headers['h'] has no equal"):
            millrace.kafka().send("telemetry", 1, headers={"h": object()})  # type: ignore[dict-item]
        with self.says(millrace.ParameterError, "topic is None"):
            millrace.kafka().send(None, 1)  # type: ignore[arg-type]
        self.assertEqual(self.broker.sent, [])

    def test_says_which_record_cannot_be_read_as_asked(self) -> None:
        record = millrace.Record("telemetry", 1, 7, datetime.now(timezone.utc), None, b"\xff{")
        for read in (record.json, record.text):
            with self.says(millrace.MillraceError, 'offset 7 of partition 1 of "telemetry" is not', "its bytes are in `value`"):
                read()

    def test_says_that_a_record_was_refused_or_not_acknowledged(self) -> None:
        self.broker.acknowledges = "no"
        with self.says(millrace.NotAvailable, '"telemetry"', "kafka.example:9092", "too large"):
            millrace.kafka().send("telemetry", 1)
        self.broker.acknowledges = "never"
        with self.says(millrace.NotAvailable, "no acknowledgement", "within 3 s", "may have been written"):
            millrace.kafka().send("telemetry", 1, timeout=3)

    def test_names_the_topics_where_one_is_not_there(self) -> None:
        self.assertEqual(millrace.kafka().topics(), {"telemetry": 2})
        for ask in (lambda: millrace.kafka().send("nope", 1), lambda: millrace.kafka().tail("nope")):
            with self.says(millrace.NotAvailable, 'no topic "nope"', "the topics are: telemetry"):
                ask()
        self.assertEqual(self.broker.sent, [])

    def test_gives_the_newest_records_of_all_partitions_oldest_first(self) -> None:
        self.broker.partitions = {0: [Message(0, 5, 1000), Message(0, 6, 3000)], 1: [Message(1, 9, 2000)], 2: []}
        records = millrace.kafka().tail("telemetry", 2)
        self.assertEqual([(record.partition, record.offset) for record in records], [(1, 9), (0, 6)])
        self.assertEqual(records[0].time, datetime.fromtimestamp(2, timezone.utc))
        self.assertEqual(
            (records[0].json(), records[0].text(), records[0].headers),
            ({"value": 1}, '{"value": 1}', {"millrace-run": b"r"}),
        )
        self.assertEqual(self.broker.closed, 1)
        self.assertIs(self.broker.clients[-1]["enable.auto.commit"], False)

    def test_ends_where_the_topic_ends_though_its_last_offsets_are_no_records(self) -> None:
        self.broker.partitions[0] = [Message(0, 5, 1000), End(0, 6, 0)]
        self.assertEqual([record.offset for record in millrace.kafka().tail("telemetry")], [5])

    def test_says_why_a_partition_cannot_be_read(self) -> None:
        failed = End(0, 6, 0)
        failed.code = 29
        self.broker.partitions[0] = [Message(0, 5, 1000), failed]
        with self.says(millrace.NotAvailable, '"telemetry"', "Not authorized"):
            millrace.kafka().tail("telemetry")

    def test_gives_nothing_of_an_empty_topic_and_refuses_no_count(self) -> None:
        self.assertEqual(millrace.kafka().tail("telemetry"), [])
        with self.says(millrace.ParameterError, "count is 0"):
            millrace.kafka().tail("telemetry", 0)

    def test_says_where_it_looked_for_a_broker(self) -> None:
        self.broker.down = True
        with self.says(millrace.NotAvailable, "kafka.example:9092", "Broker transport failure"):
            millrace.kafka().topics()

    def test_logs_in_where_the_cluster_asks_for_it(self) -> None:
        login = {"securityProtocol": "SASL_SSL", "saslMechanism": "SCRAM-SHA-512"}
        self.endpoints({"kafka": {"bootstrapServers": "k:1", **login}})
        os.environ |= {"KAFKA_USERNAME": "millrace", "SSL_CERT_FILE": "/etc/ca.pem"}
        with self.says(millrace.NotConfigured, "KAFKA_PASSWORD is not set", "the password for Kafka"):
            millrace.kafka().settings()
        os.environ |= {"KAFKA_PASSWORD": "word", "KAFKA_CA": "-----BEGIN"}
        self.assertEqual(
            millrace.kafka().settings(),
            {
                "bootstrap.servers": "k:1",
                "security.protocol": "SASL_SSL",
                "log_level": 2,
                "ssl.ca.pem": "-----BEGIN",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": "millrace",
                "sasl.password": "word",
            },
        )

    def test_gives_clients_with_the_right_settings(self) -> None:
        self.endpoints({"kafka": {"bootstrapServers": "k:1", "securityProtocol": "SSL"}})
        os.environ["SSL_CERT_FILE"] = "/etc/ca.pem"
        consumer: Any = millrace.kafka().consumer("telemetry", group="g", max_poll_interval_ms=1000)
        settings = self.broker.clients[-1]
        self.assertEqual((settings["security.protocol"], settings["ssl.ca.location"]), ("SSL", "/etc/ca.pem"))
        self.assertEqual(
            (settings["group.id"], settings["enable.auto.commit"], settings["max.poll.interval.ms"]), ("g", True, 1000)
        )
        self.assertEqual(consumer.topics, ["telemetry"])
        millrace.kafka().consumer(["telemetry"])
        self.assertIs(self.broker.clients[-1]["enable.auto.commit"], False)
        with self.says(millrace.ParameterError, '"now"', '"earliest" or "latest"'):
            millrace.kafka().consumer("telemetry", start="now")
