import json
import sys
import types
import unittest
from unittest import mock

from programs import load

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"
ADDRESS = f"s3://airflow/logs/{PATH}"


class KubernetesExecutor:
    """Airflow's, as far as it is built upon."""

    def __init__(self):
        self.log = mock.Mock()
        self.changed = []

    def _change_state(self, results, **session):
        self.changed.append(results.state)


executors = types.ModuleType("airflow.providers.cncf.kubernetes.executors.kubernetes_executor")
executors.KubernetesExecutor = KubernetesExecutor
with mock.patch.dict(sys.modules, {executors.__name__: executors}):
    ends = load("pod_ends")


class Logs:
    remote_base = "s3://airflow/logs"

    def __init__(self):
        self.there = {}

    def s3_log_exists(self, address):
        return address in self.there

    def write(self, text, address):
        self.there[address] = self.there.get(address, "") + text


class Cluster:
    def __init__(self, log):
        self.log = log

    def read_namespaced_pod(self, name, namespace):
        if self.log is None:
            raise RuntimeError("404")
        container = types.SimpleNamespace(resources=types.SimpleNamespace(limits={"memory": "1024Mi"}))
        return types.SimpleNamespace(spec=types.SimpleNamespace(containers=[container]))

    def read_namespaced_pod_log(self, name, namespace, container, limit_bytes):
        if self.log is None:
            raise RuntimeError("404")
        return self.log


class PodEnds(unittest.TestCase):
    def end(self, state="failed", details=None, log='{"event": "half way"}', written=""):
        """The task's log in S3 after its pod has ended, as lines."""
        self.executor = ends.ExplainingExecutor()
        self.executor.kube_client = Cluster(log)
        logs = Logs()
        if written:
            logs.there[ADDRESS] = written
        results = types.SimpleNamespace(state=state, key="key", pod_name="p", namespace="n", failure_details=details)
        with (
            mock.patch.object(ends, "remote_logs", lambda: logs),
            mock.patch.object(ends, "path_of_log", {"key": PATH}.__getitem__),
        ):
            self.executor._change_state(results)
        self.assertEqual(self.executor.changed, [state])
        return [json.loads(line)["event"] for line in logs.there.get(ADDRESS, "").splitlines()]

    def test_of_memory_keep_the_log_and_say_so(self):
        details = {"container_reason": "OOMKilled", "exit_code": 137, "pod_reason": None}
        lines = self.end(details=details)
        self.assertEqual(lines[0], "half way")
        self.assertRegex(lines[1], r"more memory than its pod may have \(1024Mi\).*pod_override")

    def test_by_eviction_or_deletion_say_so_also_where_the_log_is_lost(self):
        details = {"pod_reason": "Evicted", "pod_message": "The node was low on resource: memory."}
        [line] = self.end(details=details, log=None)
        self.assertIn("Evicted: The node was low on resource: memory.", line)
        [line] = self.end(details=None, log=None)
        self.assertIn("deleted before the task had ended", line)

    def test_add_the_reason_to_a_log_that_the_task_has_saved(self):
        details = {"container_reason": "Error", "exit_code": 137}
        self.assertEqual(len(self.end(details=details, written='{"event": "saved"}\n')), 2)

    def test_of_a_task_that_failed_by_itself_change_nothing(self):
        details = {"container_reason": "Error", "exit_code": 1}
        self.assertEqual(self.end(details=details, written='{"event": "saved"}\n'), ["saved"])
        self.assertEqual(self.end(state=None), [])

    def test_never_hold_the_executor_up(self):
        with mock.patch.object(ends, "reason", side_effect=RuntimeError("no")):
            self.assertEqual(self.end(), [])
        self.executor.log.exception.assert_called_once()


if __name__ == "__main__":
    unittest.main()
