"""On demand: a Spark batch job on the cluster that makes census data and summarizes it (components/census/programs/census-batch.py).

The task starts the job's driver as a pod, follows its log, and removes it with its executors when it ends or when the task is
stopped. The people go to the table lake.census.people, the figures to lake.census.summary, both by `run`: a task that is tried
again replaces what the try before wrote.
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import Param, dag

# The platform mounts it: image, resources, account and key of the driver, and the spark-submit command line.
TEMPLATE = "/opt/airflow/spark-batch/census-batch.yaml"


@dag(
    dag_id="census_batch",
    description="Makes census data in Spark and writes its means and deviations into the lake",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=["spark", "batch"],
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(minutes=30),
    },
    params={
        "rows": Param(100_000, type="integer", minimum=1, maximum=10_000_000, description="Number of people"),
        "seed": Param(
            1, type="integer", minimum=0, maximum=2**31 - 1, description="The same seed makes the same people"
        ),
        "run": Param(
            None,
            type=["null", "string"],
            pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
            description="Name of the result; it replaces one of the same name. Default: the DAG run's id",
        ),
    },
)
def census_batch():
    KubernetesPodOperator(
        task_id="census",
        pod_template_file=TEMPLATE,
        arguments=[
            "--rows={{ params.rows }}",
            "--seed={{ params.seed }}",
            "--run={{ params.run or run_id }}",
        ],
        in_cluster=True,
        get_logs=True,
        log_events_on_failure=True,
        do_xcom_push=False,
        deferrable=False,
        on_finish_action="delete_pod",
        termination_grace_period=5,
        startup_timeout_seconds=300,
        # A driver whose task was killed goes on: the next try follows it rather than starting a second one beside it.
        reattach_on_restart=True,
    )


census_batch()
