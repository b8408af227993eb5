"""The DAGs with stand-ins for Airflow: what they declare, and what their tasks do."""

import re
from datetime import timedelta
from typing import Any
from unittest import mock

import support
import millrace

LATEST: dict[str, Any] = {}


class Param:
    def __init__(self, default: Any, **schema: Any) -> None:
        self.default, self.schema = default, schema


class AirflowFailException(Exception):
    pass


class Operator:
    def __init__(self, **settings: Any) -> None:
        LATEST["operator"] = settings


def dag(**settings: Any) -> Any:
    def decorate(function: Any) -> Any:
        LATEST["dag"] = settings
        return function

    return decorate


def task(function: Any) -> Any:
    """Remembers the function, and gives what the DAG's file calls."""
    LATEST["task"] = function
    return lambda: None


def loaded(name: str, context: dict[str, Any] | None = None) -> dict[str, Any]:
    LATEST.clear()
    sdk = support.module("airflow.sdk", dag=dag, task=task, Param=Param, get_current_context=lambda: context)
    exceptions = support.module("airflow.sdk.exceptions", AirflowFailException=AirflowFailException)
    pod = support.module("airflow.providers.cncf.kubernetes.operators.pod", KubernetesPodOperator=Operator)
    stand_ins = {"airflow__sdk": sdk, "airflow__sdk__exceptions": exceptions}
    with support.modules(**stand_ins, airflow__providers__cncf__kubernetes__operators__pod=pod):
        support.load(f"dags/{name}.py", name)
    return dict(LATEST)


class TelemetryReport(support.PlatformCase):
    def report(self, run_id: str = "manual__1", **params: Any) -> list[Any]:
        context = {
            "run_id": run_id,
            "params": {"run": None, "notebook": "telemetry-report.ipynb", "hours": 1, **params},
        }
        run = loaded("telemetry_report", context)["task"]
        with mock.patch("millrace.run_notebook", side_effect=lambda *given: list(given)):
            found: list[Any] = run()
            return found

    def test_runs_every_hour_from_its_first_day_without_a_click_and_is_tried_again(self) -> None:
        settings = loaded("telemetry_report")["dag"]
        self.assertEqual((settings["dag_id"], settings["schedule"]), ("telemetry_report", "@hourly"))
        self.assertEqual((settings["is_paused_upon_creation"], settings["catchup"]), (False, False))
        self.assertEqual(settings["default_args"]["retries"], 2)
        self.assertEqual(settings["default_args"]["retry_delay"], timedelta(seconds=10))

    def test_runs_the_published_notebook_under_the_name_given(self) -> None:
        self.assertEqual(
            self.report(run="proof-1", hours=2),
            [
                "s3://notebooks/telemetry-report.ipynb",
                "s3://notebooks/runs/telemetry-report/proof-1.ipynb",
                {"run": "proof-1", "hours": 2},
            ],
        )

    def test_takes_the_id_of_the_run_as_a_name_that_files_can_have(self) -> None:
        source, target, parameters = self.report("scheduled__2026-11-21T09:00:00+00:00")
        self.assertEqual(parameters["run"], "scheduled__2026-11-21T09-00-00-00-00")
        self.assertEqual(target, "s3://notebooks/runs/telemetry-report/scheduled__2026-11-21T09-00-00-00-00.ipynb")

    def test_does_not_try_again_where_a_parameter_is_missing(self) -> None:
        context = {"run_id": "a", "params": {"run": None, "notebook": "other.ipynb", "hours": 1}}
        run = loaded("telemetry_report", context)["task"]
        with mock.patch(
            "millrace.run_notebook", side_effect=millrace.MissingParameter("other.ipynb needs parameter day")
        ):
            with self.says(AirflowFailException, "other.ipynb needs parameter day"):
                run()
        with mock.patch("millrace.run_notebook", side_effect=millrace.NotAvailable("no Presto")):
            with self.says(millrace.NotAvailable, "no Presto"):
                run()

    def test_takes_a_notebook_from_elsewhere(self) -> None:
        self.assertEqual(self.report(notebook="s3://home-ana/mine.ipynb")[0], "s3://home-ana/mine.ipynb")

    def test_finds_the_notebooks_in_a_bucket_of_another_name(self) -> None:
        self.endpoints({**support.ENDPOINTS, "notebooks": "s3://team/books/"})
        source, target, _ = self.report(run="a")
        self.assertEqual(source, "s3://team/books/telemetry-report.ipynb")
        self.assertEqual(target, "s3://team/books/runs/telemetry-report/a.ipynb")

    def test_takes_no_name_that_leaves_its_folder(self) -> None:
        pattern = loaded("telemetry_report")["dag"]["params"]["run"].schema["pattern"]
        for name in ("proof-1795253000000-1a2b3c4d", "a", "A.b_c-1"):
            self.assertRegex(name, pattern)
        for name in ("", "../x", "a/b", ".hidden", "a b", "x" * 129):
            self.assertIsNone(re.search(pattern, name), name)


class CensusBatch(support.PlatformCase):
    def test_starts_the_driver_from_the_platforms_template_with_the_programs_arguments(self) -> None:
        operator = loaded("census_batch")["operator"]
        self.assertEqual(operator["pod_template_file"], "/opt/airflow/spark-batch/census-batch.yaml")
        self.assertEqual(
            operator["arguments"],
            ["--rows={{ params.rows }}", "--seed={{ params.seed }}", "--run={{ params.run or run_id }}"],
        )
        # What the template says must not be said again: it would win over the template.
        for name in ("image", "name", "namespace", "cmds", "service_account_name", "container_resources", "env_vars"):
            self.assertNotIn(name, operator)

    def test_follows_the_log_and_leaves_no_pod_behind(self) -> None:
        operator = loaded("census_batch")["operator"]
        wanted = {"in_cluster": True, "get_logs": True, "do_xcom_push": False, "deferrable": False}
        self.assertEqual({name: operator[name] for name in wanted}, wanted)
        self.assertEqual(operator["on_finish_action"], "delete_pod")
        self.assertTrue(operator["reattach_on_restart"])

    def test_takes_what_the_program_takes(self) -> None:
        settings = loaded("census_batch")["dag"]
        self.assertIsNone(settings["schedule"])
        program = support.load("components/census/programs/census-batch.py", "census_batch_program")
        rows, seed = settings["params"]["rows"], settings["params"]["seed"]
        self.assertEqual((rows.schema["minimum"], rows.schema["maximum"]), (1, program.MOST_ROWS))
        for number, least, most in ((rows.default, 1, program.MOST_ROWS), (seed.default, 0, seed.schema["maximum"])):
            self.assertEqual(program.whole_number("n", least, most)(str(number)), number)
        given = program.arguments(
            [f"--rows={rows.default}", f"--seed={seed.default}", "--run=manual__2026-11-21T09:00:00+00:00"]
        )
        wanted = {"input": None, "rows": 100_000, "seed": 1, "run": "manual__2026-11-21T09-00-00-00-00"}
        self.assertEqual(vars(given), wanted)


class LakeMaintenance(support.PlatformCase):
    def test_runs_every_hour_at_minute_40_one_run_at_a_time_and_is_tried_again(self) -> None:
        settings = loaded("lake_maintenance")["dag"]
        self.assertEqual((settings["dag_id"], settings["schedule"]), ("lake_maintenance", "40 * * * *"))
        self.assertEqual((settings["is_paused_upon_creation"], settings["catchup"]), (False, False))
        self.assertEqual((settings["max_active_runs"], settings["default_args"]["retries"]), (1, 1))

    def test_maintains_the_tables_and_keeps_the_hours_that_are_given(self) -> None:
        parameters = loaded("lake_maintenance")["dag"]["params"]
        defaults = {name: parameter.default for name, parameter in parameters.items()}
        for given in (defaults, {"tables": ["census.people"], "keep_hours": 1.5}):
            run = loaded("lake_maintenance", {"params": given})["task"]
            with mock.patch("millrace.maintain") as maintain:
                run()
            maintain.assert_called_once_with(given["tables"], given["keep_hours"])
        self.assertEqual(defaults, {"tables": None, "keep_hours": 24})

    def test_takes_names_of_tables_with_their_namespace(self) -> None:
        pattern = loaded("lake_maintenance")["dag"]["params"]["tables"].schema["items"]["pattern"]
        self.assertRegex("census.people", pattern)
        for name in ("people", "a.b.c", ".people", ""):
            self.assertIsNone(re.search(pattern, name), name)
