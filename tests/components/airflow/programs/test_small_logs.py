import json
import unittest
from datetime import datetime, timezone

from programs import load

small = load("small_logs")
ADDRESS = "s3://airflow/logs/dag_id=d/attempt=1.log"
WRITTEN = datetime(2026, 11, 27, tzinfo=timezone.utc)


class Body:
    def __init__(self, content):
        self.content = content

    def read(self):
        return self.content


class Store:
    """S3 and Airflow's hook to it, with one object."""

    def __init__(self, content):
        self.content = content
        self.read_bytes = 0

    def parse_s3_url(self, address):
        bucket, _, key = address.removeprefix("s3://").partition("/")
        return bucket, key

    def get_conn(self):
        return self

    def head_object(self, Bucket, Key):
        if self.content is None:
            raise RuntimeError("404")
        return {"ContentLength": len(self.content), "LastModified": WRITTEN}

    def get_object(self, Bucket, Key, Range):
        first, last = (int(each) for each in Range.removeprefix("bytes=").split("-"))
        part = self.content[first : last + 1]
        self.read_bytes += len(part)
        return {"Body": Body(part)}


def logs_of(content):
    class Logs:
        """Airflow's, as far as it is changed."""

        hook = Store(content)

        def s3_read(self, remote_log_location, return_error=False):
            if self.hook.content is None:
                return "Could not read logs" if return_error else ""
            self.hook.read_bytes += len(self.hook.content)
            return self.hook.content.decode()

    small.bound(Logs)
    small.bound(Logs)
    return Logs()


class SmallLogs(unittest.TestCase):
    def test_are_read_as_airflow_reads_them(self):
        for content in (b"", b'{"event": "a"}\n', b"x" * small.MOST_BYTES):
            self.assertEqual(logs_of(content).s3_read(ADDRESS), content.decode())

    def test_that_can_not_be_read_say_what_airflow_says(self):
        self.assertEqual(logs_of(None).s3_read(ADDRESS, return_error=True), "Could not read logs")
        self.assertEqual(logs_of(None).s3_read(ADDRESS), "")

    def test_that_are_long_take_no_more_memory_than_their_end_and_say_so(self):
        line = json.dumps({"event": "é" * 1000}, ensure_ascii=False).encode() + b"\n"
        logs = logs_of(line * 40_000)
        note, *lines = logs.s3_read(ADDRESS).splitlines()
        self.assertEqual(logs.hook.read_bytes, small.MOST_BYTES)
        self.assertIn("This log has 77 MiB, of which only the last 4 are shown", json.loads(note)["event"])
        self.assertEqual(json.loads(note)["timestamp"], WRITTEN.isoformat())
        self.assertEqual(set(lines), {line.decode().strip()})
        self.assertGreater(len(lines), 2000)

    def test_of_one_line_without_an_end_are_shown_too(self):
        note, line = logs_of(b"x" * (small.MOST_BYTES + 1)).s3_read(ADDRESS).split("\n")
        self.assertIn("only the last 4", note)
        self.assertEqual(line, "x" * small.MOST_BYTES)


if __name__ == "__main__":
    unittest.main()
