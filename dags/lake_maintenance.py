"""Every hour: few files of many small ones, merged manifests, and no old snapshots, in the tables of the lake.

The log has a line for each table. A table that fails twice fails the run, which names it; the others are maintained all the
same. The stream looks after its own tables (telemetry.samples, telemetry.dead_letter), so they are taken only where named.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, get_current_context, task


@dag(
    dag_id="lake_maintenance",
    description="Merges small files of the lake's tables and removes their old snapshots",
    doc_md=__doc__,
    schedule="40 * * * *",
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=["spark", "maintenance"],
    default_args={
        "retries": 1,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(minutes=30),
    },
    params={
        "tables": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "pattern": "^[^.]+[.][^.]+$"},
            description="Tables to maintain, such as census.people. Default: all but those of the stream",
        ),
        "keep_hours": Param(
            24, type="number", minimum=1, maximum=24 * 366, description="Age in hours at which snapshots are removed"
        ),
    },
)
def lake_maintenance():
    @task
    def maintain() -> None:
        # Imported here, so that the file is read quickly where it only is scheduled.
        import millrace

        params = get_current_context()["params"]
        millrace.maintain(params["tables"], params["keep_hours"])

    maintain()


lake_maintenance()
