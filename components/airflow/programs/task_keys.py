"""Plugin for tasks inside the scheduler (LocalExecutor): a task of a DAG with a key of its own finds it in the environment,
as it would in a pod of its own. It keeps DAGs from using the wrong key, not from looking for others.

Environment: TASK_KEYS_FOLDER, in it `<bundle>/dags/<dag id>` for each DAG with a key of its own and `<bundle>/every` for a key
of all others, each a folder with `accessKey`, `secretKey` and, of keys that end, `sessionToken`.
"""

import os
import sys
from pathlib import Path

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


@hookimpl
def on_task_instance_running(previous_state, task_instance):
    """Called in the task's own process before it runs."""
    bundle = Path(os.environ["TASK_KEYS_FOLDER"]) / task_instance.bundle_instance.name
    for folder in (bundle / "dags" / task_instance.dag_id, bundle / "every"):
        if folder.is_dir():
            os.environ["AWS_ACCESS_KEY_ID"] = (folder / "accessKey").read_text()
            os.environ["AWS_SECRET_ACCESS_KEY"] = (folder / "secretKey").read_text()
            of_session = folder / "sessionToken"
            if of_session.is_file():
                os.environ["AWS_SESSION_TOKEN"] = of_session.read_text()
            return


class TaskKeysPlugin(AirflowPlugin):
    name = "millrace_task_keys"
    listeners = [sys.modules[__name__]]
