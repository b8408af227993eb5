"""Where the services are: the file endpoints.json, typed."""

import getpass
import json
import os
from dataclasses import dataclass, field
from typing import Any, Mapping, TypeVar

from ._errors import NotConfigured, ParameterError

DEFAULT_FILE = "/etc/millrace/endpoints.json"
_AS_SET_UP = "the platform was set up without it; enable it there (services.{setting}.enabled)"

T = TypeVar("T")


@dataclass(frozen=True)
class KafkaEndpoint:
    """A Kafka cluster. `bootstrap_servers` is `host:port,host:port`; `security_protocol` is PLAINTEXT, SSL, SASL_PLAINTEXT or
    SASL_SSL, the last two with a `sasl_mechanism`.
    """

    bootstrap_servers: str
    security_protocol: str
    sasl_mechanism: str | None = None


@dataclass(frozen=True)
class PrestoEndpoint:
    """A Presto coordinator. Table names without a catalog are looked up in `catalog`."""

    url: str
    catalog: str


@dataclass(frozen=True)
class SparkEndpoint:
    """A Spark Connect server. `url` is `sc://host:port`."""

    url: str


@dataclass(frozen=True)
class S3Endpoint:
    """An S3 service. With `path_style` buckets are path segments, else host names."""

    endpoint: str
    region: str
    path_style: bool


@dataclass(frozen=True)
class Endpoints:
    """The platform's services; those that it does not have are None. `notebooks` is where people publish notebooks.

    `published` has the addresses from outside the cluster, of `kafka`, `presto` and `s3` as far as they are published: for a
    browser or a program on a laptop, not for the notebook itself.
    """

    kafka: KafkaEndpoint | None
    presto: PrestoEndpoint | None
    spark: SparkEndpoint | None
    s3: S3Endpoint | None
    notebooks: str | None
    published: Mapping[str, str] = field(default_factory=dict)


def endpoints() -> Endpoints:
    """The addresses of the platform's services.

    Read from the JSON file that MILLRACE_CONFIG names, by default /etc/millrace/endpoints.json:
    {"kafka": {"bootstrapServers", "securityProtocol", "saslMechanism"}, "presto": {"url", "catalog"}, "spark": {"url"},
    "s3": {"endpoint", "region", "pathStyle"}, "notebooks": "s3://notebooks", "published": {"s3": "http://..."}}.
    A service that is not there is left out.

    Raises:
        NotConfigured: the file is missing or not of this form; the message names the file and the setting.
    """
    path = config_file()
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise NotConfigured(
            f"cannot read {path}: {error.strerror}. On the platform it is mounted into every notebook server and task; "
            "elsewhere write one and name it in MILLRACE_CONFIG"
        ) from None
    except ValueError as error:
        raise NotConfigured(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise NotConfigured(f'{path} holds {type(content).__name__}; it must be an object like {{"presto": {{...}}}}')
    read = _Reader(path, content)
    kafka, presto, spark, s3, published = (
        read.part(name) for name in ("kafka", "presto", "spark", "s3", "published")
    )
    notebooks = content.get("notebooks")
    return Endpoints(
        kafka=(
            None
            if kafka is None
            else KafkaEndpoint(
                kafka.text("bootstrapServers"), kafka.text("securityProtocol", "PLAINTEXT"), kafka.text_or_none("saslMechanism")
            )
        ),
        presto=None if presto is None else PrestoEndpoint(presto.text("url"), presto.text("catalog", "lake")),
        spark=None if spark is None else SparkEndpoint(spark.text("url")),
        s3=(
            None
            if s3 is None
            else S3Endpoint(s3.text("endpoint"), s3.text("region", "us-east-1"), s3.flag("pathStyle", True))
        ),
        notebooks=None if notebooks is None else read.text("notebooks").rstrip("/"),
        published={} if published is None else published.texts(),
    )


def home() -> str:
    """Where this person's own files are, with a slash at the end: `s3://home-ana/`.

    Raises:
        NotConfigured: the program has no home, as tasks of DAGs have none.
    """
    value = os.environ.get("MILLRACE_HOME", "")
    if value == "":
        raise NotConfigured(
            "this program has no home: MILLRACE_HOME is not set. Notebook servers have one, tasks of DAGs do not: "
            "give a full address such as s3://notebooks/report.ipynb"
        )
    if not value.startswith("s3://"):
        raise NotConfigured(f'MILLRACE_HOME is "{value}"; it must be of the form s3://bucket/ or s3://bucket/folder/')
    return value.rstrip("/") + "/"


def has_home() -> bool:
    """Whether this program has a home: notebook servers do, tasks of DAGs do not."""
    return os.environ.get("MILLRACE_HOME", "") != ""


def text(name: str, value: Any, example: str) -> str:
    """An argument that must be a text.

    Raises:
        ParameterError: it is something else, or empty.
    """
    if isinstance(value, str) and value.strip() != "":
        return value
    raise ParameterError(f'{name} is {value!r}; give a text, such as "{example}"')


def config_file() -> str:
    """Path of the file with the addresses."""
    return os.environ.get("MILLRACE_CONFIG") or DEFAULT_FILE


def user() -> str:
    """Who runs this program, for the services' own lists of queries and sessions. It opens nothing without a password."""
    named = os.environ.get("JUPYTERHUB_USER") or os.environ.get("MILLRACE_USER")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "millrace"


def password() -> str | None:
    """What `user()` logs in to Presto with, where it is asked for: inside the platform it is not."""
    return os.environ.get("MILLRACE_PASSWORD") or None


def kafka_endpoint() -> KafkaEndpoint:
    return _needed(endpoints().kafka, "kafka", "Kafka", "kafka")


def presto_endpoint() -> PrestoEndpoint:
    return _needed(endpoints().presto, "presto", "Presto", "presto")


def spark_endpoint() -> SparkEndpoint:
    return _needed(endpoints().spark, "spark", "Spark for notebooks", "sparkConnect")


def s3_endpoint() -> S3Endpoint:
    return _needed(endpoints().s3, "s3", "S3", "objectStore")


def notebooks_address() -> str:
    return _needed(endpoints().notebooks, "notebooks", "a place for published notebooks", "jupyterhub")


def secret(name: str, what: str) -> str:
    """A secret from the environment; its value is in no message."""
    value = os.environ.get(name, "")
    if value == "":
        raise NotConfigured(
            f"{name} is not set: it holds {what}. On the platform every notebook server and task has its own; "
            "elsewhere set it before Python starts"
        )
    return value


def _needed(value: T | None, key: str, what: str, setting: str) -> T:
    if value is not None:
        return value
    raise NotConfigured(
        f'there is no {what} here: {config_file()} has no "{key}"; {_AS_SET_UP.format(setting=setting)}'
    )


class _Reader:
    """A part of the file whose values are checked as they are read."""

    def __init__(self, where: str, content: Mapping[str, Any]) -> None:
        self._where = where
        self._content = content

    def part(self, name: str) -> "_Reader | None":
        value = self._content.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise NotConfigured(f'"{name}" in {self._where} is {value!r}; it must be an object')
        return _Reader(f"{name} of {self._where}", value)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._content.get(name, default)
        if isinstance(value, str) and value != "":
            return value
        given = "missing" if value is None else repr(value)
        raise NotConfigured(f'"{name}" in {self._where} is {given}; it must be a text')

    def text_or_none(self, name: str) -> str | None:
        return None if self._content.get(name) is None else self.text(name)

    def texts(self) -> dict[str, str]:
        return {name: self.text(name) for name in self._content}

    def flag(self, name: str, default: bool) -> bool:
        value = self._content.get(name, default)
        if isinstance(value, bool):
            return value
        raise NotConfigured(f'"{name}" in {self._where} is {value!r}; it must be true or false')
