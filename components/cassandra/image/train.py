"""Runs a node until it has answered statements of several kinds. When it ends, Java writes the classes that it used to
$CLASS_ARCHIVE."""

import os
import socket
import struct

from training import Untrained, train

PORT = 9042
ARCHIVE = os.environ["CLASS_ARCHIVE"]
OPTIONS = {
    "cassandra.config.allow_system_properties": "true",
    "cassandra.settings.authenticator.class_name": "PasswordAuthenticator",
    "cassandra.settings.authorizer.class_name": "CassandraAuthorizer",
    "cassandra.settings.commitlog_sync": "batch",
    "cassandra.settings.commitlog_sync_period": "0ms",
    "cassandra.skip_wait_for_gossip_to_settle": "0",
    "cassandra.ring_delay_ms": "100",
    "cassandra.superuser_setup_delay_ms": "0",
    "java.io.tmpdir": "/tmp",
}
STATEMENTS = [
    "CREATE ROLE training WITH PASSWORD = 'training' AND LOGIN = true",
    "CREATE KEYSPACE training WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 1}",
    "CREATE TABLE training.samples (series text, minute timestamp, ts timestamp, value double, names set<text>, "
    "PRIMARY KEY ((series, minute), ts)) WITH CLUSTERING ORDER BY (ts DESC) AND default_time_to_live = 86400",
    "GRANT SELECT ON KEYSPACE training TO training",
    "INSERT INTO training.samples (series, minute, ts, value, names) VALUES ('a', 0, 1, 1.5, {'x'})",
    "BEGIN UNLOGGED BATCH INSERT INTO training.samples (series, minute, ts, value) VALUES ('a', 0, 2, 2.5); "
    "INSERT INTO training.samples (series, minute, ts, value) VALUES ('a', 0, 3, 3.5); APPLY BATCH",
    "SELECT * FROM training.samples WHERE series = 'a' AND minute = 0 AND ts > 1 LIMIT 10",
    "SELECT count(*), max(value) FROM training.samples",
    "SELECT * FROM system.peers_v2",
    "SELECT * FROM system_schema.tables",
    "SELECT * FROM system_schema.columns",
    "DELETE FROM training.samples WHERE series = 'a' AND minute = 0",
]
STARTUP, QUERY, AUTH_RESPONSE = 0x01, 0x07, 0x0F
ERROR = 0x00


class Client:
    """As much of CQL's native protocol, version 4, as a login and plain statements take."""

    def __init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", PORT), timeout=600)
        body = struct.pack(">H", 1) + text("CQL_VERSION") + text("3.0.0")
        self.ask(STARTUP, body)
        credentials = b"\0cassandra\0cassandra"
        self.ask(AUTH_RESPONSE, struct.pack(">i", len(credentials)) + credentials)

    def ask(self, operation: int, body: bytes) -> None:
        self.socket.sendall(struct.pack(">BBhBi", 4, 0, 0, operation, len(body)) + body)
        _, _, _, kind, length = struct.unpack(">BBhBi", self.read(9))
        answer = self.read(length)
        if kind == ERROR:
            raise RuntimeError(answer[6:].decode(errors="replace"))

    def read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            if not more:
                raise ConnectionError("Cassandra closed the connection")
            data += more
        return data

    def run(self, statement: str) -> None:
        said = statement.encode()
        # One, without flags.
        self.ask(QUERY, struct.pack(">i", len(said)) + said + struct.pack(">HB", 1, 0))


def text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode()


def connect() -> Client | None:
    try:
        return Client()
    # The superuser is made after the port is open.
    except (OSError, RuntimeError):
        return None


def work(client: Client) -> None:
    for statement in STATEMENTS:
        try:
            client.run(statement)
        except RuntimeError as error:
            raise Untrained(f"{statement}: {error}") from None


if __name__ == "__main__":
    options = [f"-D{key}={value}" for key, value in OPTIONS.items()]
    java = ["-XX:TieredStopAtLevel=1", f"-XX:ArchiveClassesAtExit={ARCHIVE}", "-Xlog:disable", *options]
    environment = {
        "CASSANDRA_LISTEN_ADDRESS": "127.0.0.1",
        "CASSANDRA_DC": "dc1",
        "CASSANDRA_RACK": "rack1",
        "CASSANDRA_ENDPOINT_SNITCH": "GossipingPropertyFileSnitch",
        "JVM_EXTRA_OPTS": " ".join(java),
    }
    train(["docker-entrypoint.sh", "cassandra"], environment, connect, work)
