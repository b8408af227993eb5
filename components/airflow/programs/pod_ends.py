"""The executor of task pods, which writes down why a pod ended that could not do so itself: one that took too much memory,
was evicted or was deleted. Its log goes where the task's page looks for it, in S3, with the reason as its last line.
"""

import json
import os
from datetime import datetime, timezone

from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

# Of a log that only the pod has. The scheduler holds it in memory for a moment.
MOST_BYTES = 1024 * 1024
CONTAINER = "base"


class ExplainingExecutor(KubernetesExecutor):
    """KubernetesExecutor that keeps the log and the reason of pods that were ended."""

    def _change_state(self, results, **session):
        if results.state == "failed":
            try:
                self._explain(results)
            except Exception:
                # The task has failed in any case, and other tasks wait.
                self.log.exception("the end of pod %s could not be written down", results.pod_name)
        super()._change_state(results, **session)

    def _explain(self, results):
        words = reason(results.failure_details, self._memory_limit(results))
        logs = remote_logs()
        address = os.path.join(logs.remote_base, path_of_log(results.key))
        is_there = logs.s3_log_exists(address)
        if words is None and is_there:
            return  # The task failed by itself, and has said so.
        last = {
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "level": "error",
            "logger": "executor",
            "event": words or f"The pod of this task ended: {results.failure_details}",
        }
        text = "" if is_there else self._log_of(results)
        logs.write(f"{text}{json.dumps(last)}\n", address)

    def _memory_limit(self, results):
        """Of the pod; None when nobody knows it any more."""
        try:
            pod = self.kube_client.read_namespaced_pod(results.pod_name, results.namespace)
            return pod.spec.containers[0].resources.limits["memory"]
        except Exception:
            return None

    def _log_of(self, results):
        """The log that the pod still has, which is of the form that tasks write; empty when nobody has it any more."""
        try:
            text = self.kube_client.read_namespaced_pod_log(
                results.pod_name, results.namespace, container=CONTAINER, limit_bytes=MOST_BYTES
            )
        except Exception as error:
            self.log.warning("pod %s has no log any more: %s", results.pod_name, error)
            return ""
        return text if text == "" or text.endswith("\n") else f"{text}\n"


def reason(details, memory_limit):
    """Why a pod ended that was ended, in words; None when its program ended by itself. `details`: as Airflow collects them."""
    details = details or {}
    code = details.get("exit_code")
    if details.get("container_reason") == "OOMKilled":
        return (
            f"The task took more memory than its pod may have ({memory_limit or 'its limit'}), and was killed. "
            "Take less at a time, or give the task more: executor_config with a pod_override."
        )
    if details.get("pod_reason"):
        message = details.get("pod_message") or "no message"
        return f"The pod of the task was ended by the cluster: {details['pod_reason']}: {message}"
    if not details:
        return "The pod of the task was deleted before the task had ended, by somebody or with its node."
    if isinstance(code, int) and code > 128:
        why = details.get("container_reason")
        return f"The task was killed by signal {code - 128} of the system; its pod says {why}."
    return None


def path_of_log(key):
    """Of one try of a task, below the folder of all logs."""
    from airflow.utils.helpers import log_filename_template_renderer

    return log_filename_template_renderer()(ti=key)


def remote_logs():
    """Where logs of tasks are."""
    from airflow.providers.amazon.aws.log.s3_task_handler import S3RemoteLogIO
    from small_logs import bound

    # The reason is written behind what is there, which is read for it.
    bound(S3RemoteLogIO)
    return S3RemoteLogIO.from_config()
