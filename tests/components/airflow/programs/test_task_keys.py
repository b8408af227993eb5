import os
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from programs import load

keys = load("task_keys")


class TaskKeys(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, key in (("platform/dags/report", "GKreport"), ("team/every", "GKteam")):
            place = Path(folder.name) / path
            place.mkdir(parents=True)
            (place / "accessKey").write_text(key)
            (place / "secretKey").write_text(f"secret of {key}")
        patch = mock.patch.dict(os.environ, {"TASK_KEYS_FOLDER": folder.name})
        patch.start()
        self.addCleanup(patch.stop)

    def run_task(self, dag, bundle="platform"):
        """The keys in the environment of a task."""
        task = SimpleNamespace(dag_id=dag, bundle_instance=SimpleNamespace(name=bundle))
        keys.on_task_instance_running(previous_state=None, task_instance=task)
        return os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")

    def test_a_task_finds_the_key_of_its_dag(self):
        self.assertEqual(self.run_task("report"), ("GKreport", "secret of GKreport"))

    def test_a_task_of_another_dag_of_the_image_finds_none(self):
        self.assertEqual(self.run_task("other"), (None, None))

    def test_a_task_of_the_bucket_finds_the_key_of_all_there_whatever_its_dag_is_called(self):
        self.assertEqual(self.run_task("report", "team"), ("GKteam", "secret of GKteam"))

    def test_a_task_finds_the_token_of_a_key_that_ends(self):
        place = Path(os.environ["TASK_KEYS_FOLDER"]) / "platform/dags/report/sessionToken"
        place.write_text("token of GKreport")
        self.run_task("report")
        self.assertEqual(os.environ.get("AWS_SESSION_TOKEN"), "token of GKreport")


if __name__ == "__main__":
    unittest.main()
