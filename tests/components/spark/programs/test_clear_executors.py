import contextlib
import io
import unittest

import programs  # noqa: F401
from clear_executors import clear, pods_path


class Cluster:
    """Pods that go after some deletions; `None`: never."""

    def __init__(self, names, deletions=1):
        self.names = names
        self.deletions = deletions
        self.asked = []

    def ask(self, method, path):
        self.asked.append((method, path))
        if method == "DELETE" and self.deletions is not None:
            self.deletions -= 1
            if self.deletions == 0:
                self.names = []
        return {"items": [{"metadata": {"name": name}} for name in self.names]}


class ClearExecutors(unittest.TestCase):
    def cleared(self, cluster, patience=6):
        slept = []
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            clear("/pods", cluster.ask, slept.append, patience)
        return slept, printed.getvalue()

    def test_names_pods_by_the_labels_of_one_application(self):
        self.assertEqual(
            pods_path("millrace-jobs", "app.kubernetes.io/instance=telemetry"),
            "/api/v1/namespaces/millrace-jobs/pods?labelSelector=app.kubernetes.io%2Finstance%3Dtelemetry",
        )

    def test_deletes_nothing_where_nothing_is_left(self):
        cluster = Cluster([])
        self.assertEqual(self.cleared(cluster), ([], ""))
        self.assertEqual(cluster.asked, [("GET", "/pods")])

    def test_deletes_all_at_once_and_waits_until_they_are_gone(self):
        cluster = Cluster(["spark-telemetry-exec-1", "spark-telemetry-exec-2"], deletions=2)
        slept, printed = self.cleared(cluster)
        self.assertEqual([method for method, _ in cluster.asked], ["GET", "DELETE", "GET", "DELETE", "GET"])
        self.assertEqual(slept, [2, 2])
        self.assertIn("spark-telemetry-exec-1, spark-telemetry-exec-2", printed)

    def test_names_one_that_does_not_go(self):
        with self.assertRaisesRegex(TimeoutError, "spark-telemetry-exec-1"):
            self.cleared(Cluster(["spark-telemetry-exec-1"], deletions=None))


if __name__ == "__main__":
    unittest.main()
