"""What tasks hand to each other goes through the API server into the database, so it is small: a large value would take the
memory of all. Airflow's `xcom_backend`; it runs in the process of the task."""

import json

from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException

MOST_BYTES = 1024 * 1024


class SmallXCom(BaseXCom):
    """Keeps values as Airflow does, and fails a task, without another try, whose value is too large."""

    @staticmethod
    def serialize_value(value, *, key=None, task_id=None, **where):
        made = BaseXCom.serialize_value(value, key=key, task_id=task_id, **where)
        size = len(json.dumps(made).encode())
        if size > MOST_BYTES:
            raise AirflowFailException(
                f'task "{task_id}" hands on {size / 2**20:.1f} MiB as "{key}"; {MOST_BYTES // 2**20} MiB is the most. '
                "Write it to S3 or to a table, and hand on its address; a task whose result nobody needs returns None."
            )
        return made
