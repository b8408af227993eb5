"""Plugin of the API server: of a long log only the end is read. Airflow reads a log whole, so that the page of a task that
printed a gigabyte would take the memory of all. The executor of task pods reads logs by it, too.
"""

import json

from airflow.plugins_manager import AirflowPlugin

MOST_BYTES = 4 * 1024 * 1024


def bound(logs):
    """Makes Airflow's class of logs in S3 read at most the end of each; once is enough."""
    whole = logs.s3_read
    if getattr(whole, "is_bound", False):
        return

    def s3_read(self, remote_log_location, return_error=False):
        end = None
        try:
            end = end_of(self.hook, remote_log_location)
        except Exception:
            # What reads it whole has words for a log that can't be read.
            pass
        return whole(self, remote_log_location, return_error) if end is None else end

    s3_read.is_bound = True
    logs.s3_read = s3_read


def end_of(hook, address):
    """The last lines of a log that is too long, below a line that says so; None where it is short."""
    bucket, key = hook.parse_s3_url(address)
    client = hook.get_conn()
    found = client.head_object(Bucket=bucket, Key=key)
    size = found["ContentLength"]
    if size <= MOST_BYTES:
        return None
    part = client.get_object(Bucket=bucket, Key=key, Range=f"bytes={size - MOST_BYTES}-{size - 1}")
    text = part["Body"].read().decode("utf-8", "replace")
    # The first line is cut, unless it is the only one.
    lines = text.partition("\n")[2] or text
    note = {
        "timestamp": found["LastModified"].isoformat(),
        "level": "warning",
        "logger": "millrace",
        "event": f"This log has {size / 2**20:.0f} MiB, of which only the last {MOST_BYTES // 2**20} are shown. "
        "What is meant to be read by others is better written to S3 or to a table.",
    }
    return f"{json.dumps(note)}\n{lines}"


class SmallLogsPlugin(AirflowPlugin):
    name = "millrace_small_logs"

    @classmethod
    def on_load(cls, *args, **kwargs):
        from airflow.providers.amazon.aws.log.s3_task_handler import S3RemoteLogIO

        bound(S3RemoteLogIO)
