"""Starts Airflow's scheduler or its DAG processor. By themselves they ask their database a dozen questions each second, whether
or not anything is to be done. Here they rest until something is, and show their heartbeat on a page of their own process.

    quiet.py scheduler        looks each second, with one question, for what gives it work; all else waits for the end of its rest
    quiet.py dag-processor    rests while no file is to be read
"""

import functools
import sys
import time

import health

LOOK_SECONDS = 1
#: Also how long what the DAG processor does for others waits: callbacks, and files that somebody wants read again.
REST_SECONDS = 5

WORK = """
SELECT EXISTS (SELECT FROM dag_run WHERE state IN ('queued', 'running'))
    OR EXISTS (SELECT FROM dag WHERE next_dagrun_create_after <= now() AND NOT is_paused AND NOT is_stale)
    OR EXISTS (SELECT FROM asset_dag_run_queue)
"""


class Clock:
    """The module `time`, but for its sleep, which ends early when there is work."""

    def __init__(self, has_work, clock=time):
        self._has_work = has_work
        self._clock = clock

    def __getattr__(self, name):
        return getattr(self._clock, name)

    def sleep(self, seconds):
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0:
            self._clock.sleep(min(LOOK_SECONDS, left))
            if self._has_work():
                return


def has_work():
    """Whether the scheduler has something to do, or cannot be told."""
    from airflow.utils.session import create_session
    from sqlalchemy import text

    try:
        with create_session() as session:
            return bool(session.scalar(text(WORK)))
    except Exception:
        # The scheduler has its own ways with a database that does not answer.
        return True


def database_answers():
    from airflow.utils.session import create_session
    from sqlalchemy import text

    try:
        with create_session() as session:
            return session.scalar(text("SELECT 1")) == 1
    except Exception:
        return False


def shown(runner):
    """The class of a job that also shows its heartbeat, as it was last written to the database."""

    class Shown(runner):
        def _execute(self):
            health.serve(self._silence, lambda: self._silence() if database_answers() else "")
            return super()._execute()

        def _silence(self):
            return "" if self.job.is_alive() else f"the last heartbeat was at {self.job.latest_heartbeat}"

    return Shown


def quiet_scheduler():
    from airflow.cli.commands import scheduler_command
    from airflow.jobs import scheduler_job_runner

    scheduler_job_runner.time = Clock(has_work)
    scheduler_command.SchedulerJobRunner = shown(scheduler_command.SchedulerJobRunner)


def quiet_manager(manager):
    """The class of the DAG processor's loop, which waits for its readers a second at most; while there is none it rests."""

    class QuietManager(manager):
        @functools.cached_property
        def client(self):
            return on_demand(self._api_server)

        def _service_processor_sockets(self, timeout=1.0):
            is_idle = not self._processors and not self._file_queue
            super()._service_processor_sockets(timeout=REST_SECONDS if is_idle else timeout)

    return QuietManager


def on_demand(api):
    """Client of Airflow's API inside this process, which takes seconds to build: only where a DAG file asks for a connection or
    a variable while it is read.
    """
    import httpx
    from airflow.sdk.api.client import Client

    class Transport(httpx.BaseTransport):
        def handle_request(self, request):
            return api.transport.handle_request(request)

    client = Client(base_url=None, token="", dry_run=True, transport=Transport())
    client.base_url = "http://in-process.invalid./"
    return client


def quiet_dag_processor():
    from airflow.cli.commands import dag_processor_command

    dag_processor_command.DagFileProcessorManager = quiet_manager(dag_processor_command.DagFileProcessorManager)
    dag_processor_command.DagProcessorJobRunner = shown(dag_processor_command.DagProcessorJobRunner)


PARTS = {"scheduler": quiet_scheduler, "dag-processor": quiet_dag_processor}


def main(part, *options):
    from airflow.__main__ import main as airflow

    PARTS[part]()
    sys.argv = ["airflow", part, *options]
    airflow()


if __name__ == "__main__":
    main(*sys.argv[1:])
