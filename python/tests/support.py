"""What the tests share: a platform's settings, and stand-ins for the third-party modules that the library loads."""

import contextlib
import importlib.util
import json
import os
import sys
import tempfile
import types
import unittest
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Iterator
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "python") not in sys.path:
    sys.path.insert(0, str(ROOT / "python"))

ENDPOINTS: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka.example:9092", "securityProtocol": "PLAINTEXT"},
    "presto": {"url": "http://presto.example:8080", "catalog": "lake"},
    "spark": {"url": "sc://spark.example:15002"},
    "s3": {"endpoint": "http://s3.example:9000", "region": "eu-1", "pathStyle": True},
    "notebooks": "s3://notebooks",
}
SECRETS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hush", "MILLRACE_SPARK_TOKEN": "token-1"}


class PlatformCase(unittest.TestCase):
    """A test with the platform's addresses, keys and home, and nothing else of the environment."""

    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = Path(folder) / "endpoints.json"
        environment = {
            **SECRETS,
            "MILLRACE_CONFIG": str(self.file),
            "MILLRACE_HOME": "s3://home-ana/",
            "JUPYTERHUB_USER": "ana",
        }
        self.enterContext(mock.patch.dict(os.environ, environment, clear=True))
        self.endpoints(ENDPOINTS)

    def endpoints(self, content: Any) -> None:
        self.file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def says(self, error: type[Exception], *parts: str) -> Any:
        """For `with`: an error is raised that has all of these words."""
        return _Says(self, error, parts)


class _Says:
    def __init__(self, case: unittest.TestCase, error: type[Exception], parts: tuple[str, ...]) -> None:
        self._case, self._error, self._parts = case, error, parts

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, _trace: Any) -> bool:
        if kind is None:
            self._case.fail(f"no {self._error.__name__} was raised")
        if not issubclass(kind, self._error):
            return False
        for part in self._parts:
            self._case.assertIn(part, str(error))
        for secret in ("hush", "token-1"):
            self._case.assertNotIn(secret, str(error))
        return True


def module(name: str, **content: Any) -> types.ModuleType:
    made = types.ModuleType(name)
    made.__dict__.update(content)
    return made


@contextlib.contextmanager
def modules(**by_name: types.ModuleType) -> Iterator[None]:
    """Stands in for modules; `a__b` names the module `a.b`, and packages above are made."""
    named = {name.replace("__", "."): made for name, made in by_name.items()}
    for name in list(named):
        parts = name.split(".")
        for depth in range(1, len(parts)):
            parent = ".".join(parts[:depth])
            named.setdefault(parent, module(parent))
        if len(parts) > 1:
            setattr(named[".".join(parts[:-1])], parts[-1], named[name])
    for made in named.values():
        made.__path__ = []  # type: ignore[attr-defined]
    with mock.patch.dict(sys.modules, named):
        yield


def schema(room: str, topic: str) -> str:
    """The JSON Schema of a topic's records."""
    return (ROOT / f"components/{room}/schemas/{topic}.v1.json").read_text(encoding="utf-8")


def load(path: str, name: str) -> Any:
    """A file of the repository as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


class ClientError(Exception):
    """As botocore raises it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"An error occurred ({code})")
        self.response = {"Error": {"Code": code}}


class FakeS3:
    """Buckets in memory, with the part of boto3's client that the library uses."""

    def __init__(self, **buckets: dict[str, bytes]) -> None:
        self.objects = {
            (bucket.replace("_", "-"), key): body for bucket, keys in buckets.items() for key, body in keys.items()
        }
        self.hooks: dict[str, Any] = {}
        self.meta = module("meta", events=module("events", register=self.hooks.__setitem__))
        self.metadata: dict[tuple[str, str], dict[str, str]] = {}
        self.refused: set[str] = set()
        self.written: dict[str, datetime] = {}

    def _check(self, bucket: str) -> None:
        if bucket in self.refused:
            raise ClientError("AccessDenied")

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self._check(Bucket)
        if (Bucket, Key) not in self.objects:
            raise ClientError("NoSuchKey")
        body = self.objects[Bucket, Key]
        return {"Body": module("body", read=lambda: body)}

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str, Metadata: dict[str, str]) -> None:
        self._check(Bucket)
        self.objects[Bucket, Key] = Body
        self.metadata[Bucket, Key] = Metadata

    def delete_object(self, Bucket: str, Key: str) -> None:
        self._check(Bucket)
        self.objects.pop((Bucket, Key), None)

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self._check(Bucket)
        if (Bucket, Key) not in self.objects:
            raise ClientError("404")
        return {"Metadata": self.metadata.get((Bucket, Key), {})}

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:
        self._check(Bucket)
        keys = [key for bucket, key in sorted(self.objects) if bucket == Bucket and key.startswith(Prefix)]
        now = datetime.now(timezone.utc)
        return {"Contents": [{"Key": key, "LastModified": self.written.get(key, now)} for key in keys[:MaxKeys]]}


@contextlib.contextmanager
def s3_client(client: FakeS3) -> Iterator[list[dict[str, Any]]]:
    """boto3 gives this client; what it was asked for is in the list."""
    from millrace import _s3

    made: list[dict[str, Any]] = []

    class Session:
        def client(self, service: str, **settings: Any) -> FakeS3:
            made.append({"service": service, **settings})
            return client

    _s3._client.cache_clear()
    session = module("boto3.session", Session=Session)
    config = module("botocore.config", Config=dict)
    with modules(boto3=module("boto3", session=session), boto3__session=session, botocore__config=config):
        yield made
    _s3._client.cache_clear()


def notebook(*cells: str, parameters: str | None = None) -> bytes:
    """A notebook of code cells; `parameters` is the first one's source."""
    made = [] if parameters is None else [_cell(parameters, ["parameters"])]
    made += [_cell(source, []) for source in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _cell(source: str, tags: list[str]) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    return {"cell_type": "code", "metadata": {"tags": tags}, "source": lines, "outputs": [], "execution_count": None}
