"""Which snapshots of a table stay: a writer that begins again must find what it had written last."""

import unittest

import programs  # noqa: F401
import spark_names  # noqa: F401
import stream_tables as tables


class Snapshot:
    def __init__(self, number: int, said: dict[str, str]) -> None:
        self._number, self._said = number, said

    def summary(self) -> dict[str, str]:
        return self._said

    def parentId(self) -> int | None:
        return self._number - 1 if self._number > 0 else None


class Table:
    """Snapshots, the oldest first."""

    def __init__(self, *said: dict[str, str]) -> None:
        self._snapshots = [Snapshot(number, one) for number, one in enumerate(said)]

    def currentSnapshot(self) -> Snapshot | None:
        return self._snapshots[-1] if self._snapshots else None

    def snapshot(self, number: int) -> Snapshot:
        return self._snapshots[number]


class KeptSnapshots(unittest.TestCase):
    def test_are_the_newest_where_the_writer_is_among_them(self) -> None:
        for name in ("millrace.epoch", "spark.sql.streaming.epochId", "flink.max-committed-checkpoint-id"):
            self.assertEqual(tables.kept_snapshots(Table({name: "3"}, {}, {})), tables.KEPT_SNAPSHOTS, name)

    def test_reach_back_to_the_writer_behind_the_commits_of_others(self) -> None:
        others: list[dict[str, str]] = [{} for _ in range(40)]
        for name in ("millrace.epoch", "spark.sql.streaming.epochId", "flink.max-committed-checkpoint-id"):
            self.assertEqual(tables.kept_snapshots(Table({}, {name: "3"}, *others)), 41, name)

    def test_are_the_newest_of_a_table_that_nobody_streams_to(self) -> None:
        self.assertEqual(tables.kept_snapshots(Table()), tables.KEPT_SNAPSHOTS)
        self.assertEqual(tables.kept_snapshots(Table(*({} for _ in range(40)))), tables.KEPT_SNAPSHOTS)


if __name__ == "__main__":
    unittest.main()
