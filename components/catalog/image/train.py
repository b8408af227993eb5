"""Runs a metastore on a database of its own until it has made, found and dropped a table. When it ends, Java writes the
classes that it used to $CLASS_ARCHIVE. There is no S3: a database there must fail, and is tried for the classes."""

import os
import pathlib
import socket
import struct
from typing import Any

from training import Untrained, train

PORT = 9083
CONF = pathlib.Path("/tmp/conf")
SITE = {
    "javax.jdo.option.ConnectionURL": "jdbc:derby:;databaseName=/tmp/metastore_db;create=true",
    "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
    "datanucleus.schema.autoCreateAll": "true",
    "hikari.minimumIdle": "1",
    "metastore.schema.verification": "false",
    "metastore.thrift.port": str(PORT),
    "metastore.warehouse.dir": "/tmp/warehouse",
    "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
    "metastore.task.threads.always": "org.apache.hadoop.hive.metastore.events.EventCleanerTask",
}
CORE = {
    "fs.s3a.endpoint": "http://127.0.0.1:9",
    "fs.s3a.endpoint.region": "training",
    "fs.s3a.path.style.access": "true",
    "fs.s3a.attempts.maximum": "1",
    "fs.s3a.retry.limit": "0",
}
ENVIRONMENT = {
    "HIVE_CUSTOM_CONF_DIR": str(CONF),
    # The database is Derby, which the schema for PostgreSQL is not for.
    "IS_RESUME": "true",
    "SERVICE_OPTS": f"-XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit={os.environ['CLASS_ARCHIVE']} -Xlog:disable",
    "AWS_ACCESS_KEY_ID": "training",
    "AWS_SECRET_ACCESS_KEY": "training",
}
TABLE = {
    1: "samples",
    2: "training",
    3: "training",
    4: 0,
    7: {
        1: [{1: "id", 2: "string"}, {1: "value", 2: "double"}],
        2: "file:/tmp/warehouse/training/samples",
        3: "org.apache.hadoop.mapred.FileInputFormat",
        4: "org.apache.hadoop.mapred.FileOutputFormat",
        7: {2: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"},
    },
    8: [],
    12: "EXTERNAL_TABLE",
}
EXCEPTION = 3
CALLS: list[tuple[str, dict[int, Any]]] = [
    ("get_all_databases", {}),
    ("create_database", {1: {1: "training", 3: "file:/tmp/warehouse/training"}}),
    ("create_table", {1: TABLE}),
    ("get_table", {1: "training", 2: "samples"}),
    ("get_all_tables", {1: "training"}),
    ("get_database", {1: "training"}),
    ("alter_table", {1: "training", 2: "samples", 3: {**TABLE, 3: "other"}}),
    ("drop_table", {1: "training", 2: "samples"}),
]
STORE = ("create_database", {1: {1: "store", 3: "s3a://training/training"}})
TEXT, NUMBER, STRUCT, LIST = 11, 8, 12, 15


def write(name: str, settings: dict[str, str]) -> None:
    lines = [f"<property><name>{key}</name><value>{value}</value></property>" for key, value in settings.items()]
    (CONF / name).write_text("\n".join(['<?xml version="1.0"?>', "<configuration>", *lines, "</configuration>", ""]))


def kind_of(value: Any) -> int:
    return {str: TEXT, int: NUMBER, dict: STRUCT, list: LIST}[type(value)]


def encoded(value: Any) -> bytes:
    """Thrift's binary form of a text, a whole number, a struct by its fields' numbers, or a list of structs."""
    match value:
        case str():
            return struct.pack(">i", len(value.encode())) + value.encode()
        case int():
            return struct.pack(">i", value)
        case list():
            return struct.pack(">bi", STRUCT, len(value)) + b"".join(map(encoded, value))
        case _:
            fields = (struct.pack(">bh", kind_of(one), number) + encoded(one) for number, one in value.items())
            return b"".join(fields) + b"\0"


def call(name: str, arguments: dict[int, Any]) -> bool:
    """Says whether the metastore did it: its answer is then a result, field 0, or nothing."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=600) as connection:
        connection.sendall(b"\x80\x01\x00\x01" + encoded(name) + struct.pack(">i", 1) + encoded(arguments))
        answer = b""
        head = 12 + len(name)
        while len(answer) < head + 1 or (answer[head] != 0 and len(answer) < head + 3):
            more = connection.recv(65536)
            if not more:
                raise ConnectionError(f"the metastore closed the connection at {name}")
            answer += more
    return answer[3] != EXCEPTION and (answer[head] == 0 or answer[head + 1 : head + 3] == b"\0\0")


def is_open() -> bool | None:
    try:
        socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
        return True
    except OSError:
        return None


def work(_: bool) -> None:
    for name, arguments in CALLS:
        if not call(name, arguments):
            raise Untrained(f"the metastore refused {name}")
    print(f"with S3: {call(*STORE)}", flush=True)


if __name__ == "__main__":
    CONF.mkdir()
    write("metastore-site.xml", SITE)
    write("core-site.xml", CORE)
    train(["/entrypoint.sh"], ENVIRONMENT, is_open, work)
