"""Plugin for tasks inside the scheduler (LocalExecutor): a task of a DAG with a key of its own finds it in the environment,
as it would in a pod of its own. It keeps DAGs from using the wrong key, not from looking for others.

Environment: TASK_KEYS_FOLDER, with a folder for each DAG that has a key, in it `accessKey` and `secretKey`.
"""

import os
import sys
from pathlib import Path

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

BUNDLE = "platform"


@hookimpl
def on_task_instance_running(previous_state, task_instance):
    """Called in the task's own process before it runs."""
    bundle = getattr(getattr(task_instance, "bundle_instance", None), "name", None)
    folder = Path(os.environ["TASK_KEYS_FOLDER"]) / task_instance.dag_id
    if bundle == BUNDLE and folder.is_dir():
        os.environ["AWS_ACCESS_KEY_ID"] = (folder / "accessKey").read_text()
        os.environ["AWS_SECRET_ACCESS_KEY"] = (folder / "secretKey").read_text()


class TaskKeysPlugin(AirflowPlugin):
    name = "millrace_task_keys"
    listeners = [sys.modules[__name__]]
