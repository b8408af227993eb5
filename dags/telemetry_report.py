"""Every hour: the notebook telemetry-report, run by papermill with this run's name.

The executed notebook goes to s3://notebooks/runs/telemetry-report/<run>.ipynb, also when a cell fails, and the figures to the
table lake.reports.telemetry_summary. A task that is tried again replaces what the try before wrote.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

NOTEBOOK = "telemetry-report.ipynb"


@dag(
    dag_id="telemetry_report",
    description="Reports the last hours of telemetry by a notebook, into the lake and as an executed notebook",
    doc_md=__doc__,
    # Without a start date the first run comes with the next full hour, not at once for the one that has passed.
    schedule="@hourly",
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=4,
    tags=["notebook", "telemetry"],
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(minutes=15),
    },
    params={
        "run": Param(
            None,
            type=["null", "string"],
            pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
            description="Name of the report; it replaces the one of the same name. Default: the DAG run's id",
        ),
        "notebook": Param(
            NOTEBOOK,
            type="string",
            pattern="^.+[.]ipynb$",
            description="The notebook to run: the name of a published one, or a full s3:// address",
        ),
        "hours": Param(
            1, type="number", exclusiveMinimum=0, maximum=24 * 31, description="Hours that the report looks back"
        ),
    },
)
def telemetry_report():
    @task
    def report() -> str:
        """Runs the notebook; gives the address of the executed one."""
        import re

        # Imported here, so that the file is read quickly where it only is scheduled.
        import millrace

        context = get_current_context()
        params = context["params"]
        # An id such as scheduled__2026-11-21T09:00:00+00:00 has characters that file names do not like.
        run = params["run"] or re.sub(r"[^A-Za-z0-9._-]", "-", context["run_id"])
        published = millrace.endpoints().notebooks
        notebook = params["notebook"]
        source = notebook if notebook.startswith("s3://") else f"{published}/{notebook}"
        target = f"{published}/runs/telemetry-report/{run}.ipynb"
        try:
            return millrace.run_notebook(source, target, {"run": run, "hours": params["hours"]})
        except millrace.ParameterError as error:
            # Another try would say the same.
            raise AirflowFailException(str(error)) from None

    report()


telemetry_report()
