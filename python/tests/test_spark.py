import os
from typing import Any, NoReturn
from unittest import mock

import support
import millrace
from millrace import _spark


class Client:
    """What a session speaks to its server with."""

    def _handle_error(self, error: Exception) -> NoReturn:
        raise error


class Session:
    """A session of Spark Connect; `raises` is what its server answers."""

    active: "Session | None" = None
    made: "list[Session]" = []
    raises: Exception | None = None

    def __init__(self, channel: dict[str, str]) -> None:
        self.channel = channel
        self.settings: dict[str, str] = {}
        self.over = False
        self.conf = self
        self.client = Client()
        Session.active = self
        Session.made.append(self)

    def set(self, name: str, value: str) -> None:
        if Session.raises is not None:
            raise Session.raises
        self.settings[name] = value

    def get(self, name: str) -> str:
        if self.over:
            raise RuntimeError("[INVALID_HANDLE.SESSION_CLOSED]")
        return self.settings[name]

    def stop(self) -> None:
        Session.active = None

    @staticmethod
    def getActiveSession() -> "Session | None":
        return Session.active

    @staticmethod
    def _get_default_session() -> None:
        return None


class Builder:
    def channelBuilder(self, channel: dict[str, str]) -> "Builder":
        self.channel = channel
        return self

    def create(self) -> Session:
        return Session(self.channel)


class Channel(dict[str, str]):
    def __init__(self, url: str) -> None:
        super().__init__(url=url)

    def set(self, name: str, value: str) -> None:
        self[name] = value


class Spark(support.PlatformCase):
    def setUp(self) -> None:
        super().setUp()
        Session.active, Session.made, Session.raises = None, [], None
        Session.builder = Builder()  # type: ignore[attr-defined]
        core = support.module("pyspark.sql.connect.client.core", DefaultChannelBuilder=Channel)
        session = support.module("pyspark.sql.connect.session", SparkSession=Session)
        self.enterContext(
            support.modules(pyspark__sql__connect__client__core=core, pyspark__sql__connect__session=session)
        )
        self.sockets: list[Any] = []
        self.refusals = 0
        self.enterContext(mock.patch("socket.create_connection", self.connect))
        self.clock = 0.0
        self.enterContext(mock.patch("time.monotonic", lambda: self.clock))
        self.enterContext(mock.patch("time.sleep", self.sleep))

    def connect(self, address: tuple[str, int], timeout: float) -> Any:
        self.sockets.append(address)
        if self.refusals > 0:
            self.refusals -= 1
            raise ConnectionRefusedError(111, "Connection refused")
        return mock.Mock()

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def test_shows_the_token_in_a_header_and_the_person(self) -> None:
        session: Any = millrace.spark()
        self.assertEqual(
            session.channel, {"url": "sc://spark.example:15002", "user_id": "ana", "authorization": "Bearer token-1"}
        )
        self.assertEqual(session.settings["spark.sql.session.timeZone"], "UTC")

    def test_shows_no_token_where_there_is_none(self) -> None:
        del os.environ["MILLRACE_SPARK_TOKEN"]
        session: Any = millrace.spark()
        self.assertNotIn("authorization", session.channel)

    def test_gives_the_same_session_until_the_server_has_ended_it(self) -> None:
        first: Any = millrace.spark()
        self.assertIs(millrace.spark(), first)
        first.over = True
        with self.assertLogs("millrace", "INFO"):
            second = millrace.spark()
        self.assertIsNot(second, first)
        self.assertEqual(len(Session.made), 2)

    def test_leaves_the_settings_of_a_session_alone(self) -> None:
        session: Any = millrace.spark()
        session.settings["spark.sql.session.timeZone"] = "Europe/Berlin"
        millrace.spark()
        self.assertEqual(session.settings["spark.sql.session.timeZone"], "Europe/Berlin")

    def test_says_of_a_bucket_that_spark_may_not_use_how_its_objects_come_in(self) -> None:
        client = millrace.spark().client
        for name, reader in (
            ("a b.csv", 'read_csv(io.BytesIO(millrace.s3().get_object(Bucket="home-ana", Key="in/a b.csv")["Body"].read()))'),
            ("a.parquet", "read_parquet(io.BytesIO("),
            ("a.json", '["Body"].read()), lines=True)'),
        ):
            told = RuntimeError(
                f"(java.nio.file.AccessDeniedException) s3a://home-ana/in/{name}: getFileStatus on s3a://home-ana/in/{name}: "
                "software.amazon.awssdk.services.s3.model.S3Exception: null (Service: S3, Status Code: 403, Request ID: null)"
            )
            with self.subTest(name=name), self.says(millrace.AccessRefused, 'bucket "home-ana"', reader, "createDataFrame"):
                client._handle_error(told)
        with self.says(millrace.AccessRefused, 'bucket "home-ana"'):
            client._handle_error(RuntimeError("Job aborted: AccessDeniedException: s3a://home-ana"))
        with self.says(millrace.NotAvailable, "s3://", "createDataFrame"):
            client._handle_error(RuntimeError('(UnsupportedFileSystemException) No FileSystem for scheme "s3"'))

    def test_leaves_every_other_error_of_spark_as_it_is(self) -> None:
        client = millrace.spark().client
        for words in ("[TABLE_OR_VIEW_NOT_FOUND] s3a://home-ana/x.csv", "Status Code: 403", "AccessDenied for a user"):
            with self.subTest(words=words), self.assertRaisesRegex(RuntimeError, words.split()[-1]):
                client._handle_error(RuntimeError(words))

    def test_tells_a_wrong_token_from_a_missing_one_and_keeps_no_refused_session(self) -> None:
        Session.raises = RuntimeError("UNAUTHENTICATED: Invalid authentication token")
        with self.says(millrace.AccessRefused, "sc://spark.example:15002", "refuses the token in MILLRACE_SPARK_TOKEN"):
            millrace.spark()
        self.assertIsNone(Session.active)
        del os.environ["MILLRACE_SPARK_TOKEN"]
        with self.says(millrace.AccessRefused, "MILLRACE_SPARK_TOKEN is not set"):
            millrace.spark()

    def test_waits_for_a_server_that_comes_back(self) -> None:
        self.refusals = 3
        with self.assertLogs("millrace", "WARNING") as logged:
            millrace.spark()
        self.assertEqual(self.sockets, [("spark.example", 15002)] * 4)
        self.assertEqual(len(logged.output), 1)

    def test_gives_up_after_a_minute(self) -> None:
        self.refusals = 1000
        with self.assertLogs("millrace", "WARNING"):
            with self.says(millrace.NotAvailable, "sc://spark.example:15002", "Connection refused", "waited 60 s"):
                millrace.spark()
        self.assertEqual((self.clock, Session.made), (60, []))

    def test_refuses_an_address_that_is_none(self) -> None:
        for url in ("http://spark.example:15002", "sc://", "sc://spark.example:port"):
            with self.subTest(url=url):
                self.endpoints({"spark": {"url": url}})
                with self.says(millrace.NotConfigured, f'"{url}"', "sc://host:port"):
                    millrace.spark()

    def test_takes_sparks_own_port(self) -> None:
        _spark._wait("sc://spark.example", 1)
        self.assertEqual(self.sockets, [("spark.example", 15002)])
