"""Spark Connect."""

import logging
import os
import re
import socket
import time
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from ._config import spark_endpoint, user
from ._errors import AccessRefused, MillraceError, NotAvailable, NotConfigured

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

#: Seconds that a server may take to come back.
PATIENCE_SECONDS = 60
_DEFAULT_PORT = 15002
_TIME_ZONE = "spark.sql.session.timeZone"
#: Of new sessions: times as Presto tells them, and errors in a few lines rather than with the server's stack.
_SETTINGS = {_TIME_ZONE: "UTC", "spark.sql.connect.serverStacktrace.enabled": "false"}

#: Spark's words for an object that its key does not open, with the object that it names first.
_REFUSED = re.compile(r"AccessDenied|Status Code: 403|403 Forbidden")
_OBJECT = re.compile(r"s3a://(?P<bucket>[^/:\s]+)(?:/(?P<key>.*?))?(?=: |[\s]*$)", re.MULTILINE)
_NO_SCHEME = re.compile(r'No FileSystem for scheme "(s3n?)"')
#: What reads an object of a kind into pandas, by the end of its name.
_READERS = {"parquet": "read_parquet({})", "json": "read_json({}, lines=True)", "jsonl": "read_json({}, lines=True)"}

_log = logging.getLogger("millrace")


def spark() -> "SparkSession":
    """This program's Spark session: the work is done by executors on the cluster, and only results come here.

    Call it whenever a session is needed: it gives the same one until the server ends it (after 30 minutes without a
    call, or by a restart), then a new one. The time zone of a new session is UTC, and table names without a catalog are
    looked up in the lake.

    Spark works with its own key, which opens the lake and no bucket of yours: what fails for that, here or later, is an
    AccessRefused that names the bucket and the call that brings the object in.

    Raises:
        NotConfigured: there is no Spark Connect here, or its address is none.
        NotAvailable: the server does not answer within a minute.
        AccessRefused: the server does not take the token in MILLRACE_SPARK_TOKEN.
    """
    url = spark_endpoint().url
    _wait(url, PATIENCE_SECONDS)
    # Spark's own logger writes each error of the server as one huge line of JSON, besides raising it.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    session, is_new = _session(url)
    try:
        if is_new:
            _explain_refusals(session.client)
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
        else:
            session.conf.get(_TIME_ZONE)
        return session
    except Exception as error:  # noqa: BLE001 - told apart below
        _drop(session)
        if is_new:
            raise _problem(error, url) from error
    _log.info("the Spark session was over (30 minutes without a call, or a restart); this is a new one")
    return spark()


def _session(url: str) -> "tuple[SparkSession, bool]":
    """The session of this thread or of this program, or else a new one."""
    from pyspark.sql.connect.client.core import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession

    before = SparkSession.getActiveSession() or SparkSession._get_default_session()
    if before is not None:
        return before, False
    channel = DefaultChannelBuilder(url)
    channel.set("user_id", user())
    token = os.environ.get("MILLRACE_SPARK_TOKEN", "")
    if token != "":
        # In the URL or in Spark's own variable it would make the client speak TLS, which the server does not.
        channel.set("authorization", f"Bearer {token}")
    return SparkSession.builder.channelBuilder(channel).create(), True


def _explain_refusals(client: Any) -> None:
    """Makes a client's errors about buckets that Spark may not use say what to do instead."""
    handle = client._handle_error

    def explained(error: Exception) -> NoReturn:
        try:
            handle(error)
        except Exception as told:  # noqa: BLE001 - all but refused buckets go on as they are
            refusal = _refusal(str(told))
            if refusal is None:
                raise
            raise refusal from told
        raise error

    client._handle_error = explained


def _refusal(text: str) -> MillraceError | None:
    scheme = _NO_SCHEME.search(text)
    if scheme is not None:
        return NotAvailable(
            f"Spark reads no addresses with {scheme[1]}://. An object of yours comes into it through the notebook: "
            + _way_in("<bucket>", "<name>.csv")
        )
    found = _OBJECT.search(text)
    if found is None or _REFUSED.search(text) is None:
        return None
    bucket = found["bucket"]
    way_in = _way_in(bucket, found["key"] or "<name>.csv")
    return AccessRefused(
        f'Spark may not use the bucket "{bucket}": it works with its own key, which opens the lake only, whoever asks. An '
        f"object that your key opens comes into it through the notebook: {way_in}. What comes out "
        'goes to a table, writeTo("reports.mine").createOrReplace(), or by toPandas() to the notebook, which saves it with '
        "millrace.s3().put_object(...)"
    )


def _way_in(bucket: str, key: str) -> str:
    content = f'io.BytesIO(millrace.s3().get_object(Bucket="{bucket}", Key="{key}")["Body"].read())'
    reader = _READERS.get(key.rpartition(".")[2].lower(), "read_csv({})").format(content)
    return f"millrace.spark().createDataFrame(pandas.{reader})"


def _drop(session: Any) -> None:
    """Forgets a session: a refused or ended one would be given out again otherwise."""
    try:
        session.stop()
    except Exception:  # noqa: BLE001 - it is over in any case
        pass


def _problem(error: Exception, url: str) -> MillraceError:
    text = str(error)
    if "UNAUTHENTICATED" in text or "authentication token" in text:
        given = (
            "refuses the token in MILLRACE_SPARK_TOKEN"
            if os.environ.get("MILLRACE_SPARK_TOKEN")
            else ("asks for a token, and MILLRACE_SPARK_TOKEN is not set")
        )
        return AccessRefused(
            f"Spark at {url} {given}. On the platform every notebook server and task has the right one"
        )
    return NotAvailable(
        f"Spark at {url} does not take a session: {text.splitlines()[0] if text else type(error).__name__}"
    )


def _wait(url: str, seconds: float) -> None:
    """Waits until the server's port answers: the client itself would try for ten minutes without a word."""
    where = urlsplit(url)
    try:
        port = where.port or _DEFAULT_PORT
    except ValueError:
        port = 0
    if where.scheme != "sc" or not where.hostname or port == 0:
        raise NotConfigured(f'the address of Spark is "{url}"; it must be of the form sc://host:port')
    deadline = time.monotonic() + seconds
    told = False
    while True:
        try:
            socket.create_connection((where.hostname, port), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() >= deadline:
                raise NotAvailable(
                    f"Spark does not answer at {url} ({error.strerror or error}), waited {seconds:.0f} s; "
                    "`npm run status` shows how it is"
                ) from None
            if not told:
                _log.warning("waiting up to %.0f s for Spark at %s (%s)", seconds, url, error.strerror or error)
                told = True
            time.sleep(min(1.0, seconds))
