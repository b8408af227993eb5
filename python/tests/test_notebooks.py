import json
import os
import sys
import tempfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import support
import millrace
from millrace import _notebooks

PARAMETERS = """
run: str = None  # the run's name
table = None
day: str | None = None
month: "Optional[str]" = None
until: str
hours: float = 1
metrics = [
    "a = b",
    "c",
]  # Required: which ones
text = "x=y"
"""


class PapermillExecutionError(Exception):
    def __init__(self) -> None:
        super().__init__("papermill's own long text")
        self.exec_count, self.ename = 3, "ValueError"
        self.evalue = "\x1b[31mno table\x1b[0m\nmore\n\nJVM stacktrace:\nat org.apache"
        self.traceback = ["\x1b[31mline one\x1b[0m", "line two"]


class DeadKernelError(Exception):
    pass


class FakePapermill:
    """papermill as far as it is called: reads and writes by the handler registered, runs by the engine registered."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}
        self.engines: dict[str, Any] = {}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.raises: Exception | None = None
        self.absent: list[str] = []

    def modules(self) -> Any:
        class NBClientEngine:
            @classmethod
            def execute_managed_notebook(cls, manager: Any, kernel_name: str, **settings: Any) -> None:
                for index, cell in enumerate(manager.nb.cells):
                    manager.cell_start(cell, index)

        io = support.module("papermill_io", register=self.handlers.__setitem__)
        engines = support.module("papermill_engines", register=self.engines.__setitem__)
        exceptions = support.module("papermill.exceptions", PapermillExecutionError=PapermillExecutionError)
        papermill = support.module("papermill", execute_notebook=self.execute, exceptions=exceptions)
        return support.modules(
            papermill=papermill,
            papermill__exceptions=exceptions,
            papermill__engines=support.module(
                "papermill.engines", NBClientEngine=NBClientEngine, papermill_engines=engines
            ),
            papermill__iorw=support.module("papermill.iorw", papermill_io=io),
        )

    def execute(self, source: str, target: str, parameters: dict[str, Any], engine_name: str, **settings: Any) -> None:
        self.calls.append((source, target, parameters))
        self.kernel = settings["kernel_name"]
        read = source.format(**parameters)
        text = self.handlers["s3://"].read(read) if read.startswith("s3://") else Path(read).read_text()
        cells = [Cell(cell, source="".join(cell["source"])) for cell in json.loads(text)["cells"]]
        begun: list[int] = []
        manager = support.module(
            "manager", nb=support.module("nb", cells=cells), cell_start=lambda cell, index: begun.append(index)
        )
        self.engines[engine_name].execute_managed_notebook(manager, "python3")
        assert begun == list(range(len(cells))), begun
        written = target.format(**parameters)
        if written.startswith("s3://"):
            self.handlers["s3://"].write(text, written)
        else:
            Path(written).write_text(text)
        if self.raises is not None:
            raise self.raises


class Cell(dict[str, Any]):
    pass


class Parameters(support.PlatformCase):
    def test_are_those_that_the_tagged_cell_sets(self) -> None:
        text = support.notebook("other = 1", parameters=PARAMETERS).decode()
        self.assertEqual(
            _notebooks.declared_parameters(text, "x"),
            {
                "run": True,
                "table": True,
                "day": False,
                "month": False,
                "until": True,
                "hours": False,
                "metrics": True,
                "text": False,
            },
        )

    def check(self, **given: Any) -> None:
        _notebooks.check_parameters(
            support.notebook(parameters="run = None\nhours = 1").decode(), "report.ipynb", given
        )

    def test_may_be_left_out_where_they_have_a_default(self) -> None:
        self.check(run="a")
        self.check(run="a", hours=2)

    def test_are_named_where_one_is_missing(self) -> None:
        with self.says(millrace.MissingParameter, "report.ipynb needs parameter run, which is not given"):
            self.check(hours=1)
        with self.says(millrace.MissingParameter, "needs parameter run", "has no parameter hour"):
            self.check(run=None, hour=1)

    def test_are_named_where_the_notebook_does_not_know_them(self) -> None:
        with self.says(millrace.UnknownParameter, "no parameters days, hour; its parameters are run, hours"):
            self.check(run="a", days=1, hour=1)
        with self.says(millrace.UnknownParameter, "no parameter run", "no cell is tagged `parameters`"):
            _notebooks.check_parameters(support.notebook("run = 1").decode(), "x", {"run": 1})

    def test_are_not_read_from_a_cell_that_is_not_python(self) -> None:
        with self.says(millrace.ParameterError, "x: line 2 of the cell tagged `parameters` is not Python"):
            _notebooks.declared_parameters(support.notebook(parameters="a = 1\nb = = 2").decode(), "x")

    def test_belong_to_a_notebook(self) -> None:
        for text, words in [
            ("{", "x is no notebook"),
            ("[]", "format 4"),
            ('{"nbformat": 3, "worksheets": []}', "format 4"),
        ]:
            with self.subTest(text=text), self.says(millrace.ParameterError, words):
                _notebooks.declared_parameters(text, "x")


class Run(support.PlatformCase):
    def setUp(self) -> None:
        super().setUp()
        self.report = support.notebook("\n\nprint(run)\n2", parameters="run = None")
        self.client = support.FakeS3(notebooks={"report.ipynb": self.report})
        self.enterContext(support.s3_client(self.client))
        self.papermill = FakePapermill()
        self.enterContext(self.papermill.modules())

    def run_it(self, target: str = "s3://notebooks/runs/a.ipynb", **parameters: Any) -> Any:
        with self.assertLogs("millrace", "INFO") as logged:
            self.logged = logged
            return millrace.run_notebook("s3://notebooks/report.ipynb", target, parameters)

    def test_saves_the_executed_notebook_and_tells_each_cell(self) -> None:
        self.assertEqual(self.run_it(run="a"), "s3://notebooks/runs/a.ipynb")
        self.assertEqual(self.papermill.calls[0][2], {"run": "a"})
        self.assertIn(("notebooks", "runs/a.ipynb"), self.client.objects)
        cells = [line for line in self.logged.output if ":cell " in line]
        self.assertEqual(cells, ["INFO:millrace:cell 1 of 2: run = None", "INFO:millrace:cell 2 of 2: print(run)"])

    def test_runs_nothing_where_a_parameter_is_missing_or_the_notebook(self) -> None:
        with self.says(millrace.MissingParameter, "s3://notebooks/report.ipynb needs parameter run"):
            millrace.run_notebook("s3://notebooks/report.ipynb", "s3://notebooks/runs/a.ipynb")
        with self.says(millrace.NotAvailable, "s3://notebooks/none.ipynb", "no such object"):
            millrace.run_notebook("s3://notebooks/none.ipynb", "s3://notebooks/runs/a.ipynb")
        with self.says(millrace.NotAvailable, "/none.ipynb", "No such file"):
            millrace.run_notebook("/none.ipynb", "s3://notebooks/runs/a.ipynb")
        self.assertEqual(self.papermill.calls, [])

    def test_says_which_cell_failed_and_why_in_one_line(self) -> None:
        self.papermill.raises = PapermillExecutionError()
        words = "cell [3] of s3://notebooks/report.ipynb failed: ValueError: no table; the executed notebook is s3://notebooks/runs/a.ipynb"
        with self.says(millrace.NotebookFailed, words):
            self.run_it(run="a")
        self.assertIn(("notebooks", "runs/a.ipynb"), self.client.objects)
        self.assertEqual(
            [line for line in self.logged.output if "ERROR" in line],
            ["ERROR:millrace:line one", "ERROR:millrace:line two"],
        )

    def test_says_that_the_kernel_died(self) -> None:
        self.papermill.raises = DeadKernelError("Kernel died")
        with self.says(millrace.NotebookFailed, "the kernel of s3://notebooks/report.ipynb died", "memory"):
            self.run_it(run="a")

    def test_lets_other_errors_through(self) -> None:
        self.papermill.raises = RuntimeError("no kernel called python3")
        with self.says(RuntimeError, "no kernel called python3"):
            self.run_it(run="a")

    def test_takes_names_as_publish_does(self) -> None:
        self.client.objects["home-ana", "reports/weekly.ipynb"] = self.report
        with self.assertLogs("millrace", "INFO"):
            found = millrace.run_notebook("reports/weekly.ipynb", parameters={"run": "a"})
            self.assertEqual(found, "s3://home-ana/runs/reports/weekly.ipynb")
            self.assertEqual(
                millrace.run_notebook("reports/weekly.ipynb", "out.ipynb", {"run": "a"}), "s3://home-ana/out.ipynb"
            )
        self.assertEqual(self.papermill.calls[0][0], "s3://home-ana/reports/weekly.ipynb")

    def test_takes_names_of_published_notebooks_where_there_is_no_home(self) -> None:
        del os.environ["MILLRACE_HOME"]
        with self.assertLogs("millrace", "INFO"):
            self.assertEqual(
                millrace.run_notebook("report.ipynb", parameters={"run": "a"}), "s3://notebooks/runs/report.ipynb"
            )
        self.assertEqual(self.papermill.calls[0][0], "s3://notebooks/report.ipynb")

    def test_runs_notebooks_without_a_kernel_and_with_that_of_another_machine(self) -> None:
        for spec in (None, {"name": "my-venv", "language": "python"}):
            content = json.loads(self.report)
            if spec is not None:
                content["metadata"]["kernelspec"] = spec
            self.client.objects["notebooks", "report.ipynb"] = json.dumps(content).encode()
            with self.subTest(spec=spec):
                self.run_it(run="a")
                self.assertEqual(self.papermill.kernel, "python3")

    def test_refuses_a_notebook_of_another_language(self) -> None:
        content = json.loads(self.report)
        content["metadata"] = {"kernelspec": {"name": "ir", "language": "R"}}
        self.client.objects["notebooks", "report.ipynb"] = json.dumps(content).encode()
        with self.says(millrace.ParameterError, "s3://notebooks/report.ipynb is a notebook of r"):
            millrace.run_notebook("s3://notebooks/report.ipynb", parameters={"run": "a"})
        self.assertEqual(self.papermill.calls, [])

    def test_says_what_is_missing_where_there_is_no_kernel(self) -> None:
        NoSuchKernel = type("NoSuchKernel", (KeyError,), {})
        self.papermill.raises = NoSuchKernel("python3")
        with self.says(millrace.NotAvailable, 'no kernel "python3"', "ipykernel"):
            self.run_it(run="a")

    def test_refuses_what_is_no_name(self) -> None:
        for given in (5, None, ""):
            with self.subTest(given=given), self.says(millrace.ParameterError, f"input is {given!r}"):
                millrace.run_notebook(given)  # type: ignore[arg-type]
        with self.says(millrace.ParameterError, "output is 5"):
            millrace.run_notebook("s3://notebooks/report.ipynb", 5)  # type: ignore[arg-type]
        with self.says(millrace.ParameterError, "parameters is ['a']"):
            millrace.run_notebook("s3://notebooks/report.ipynb", None, ["a"])  # type: ignore[arg-type]

    def test_passes_values_that_arrive_equal(self) -> None:
        value = {"a": [1, -0.5, float("inf"), None, True, "x"]}
        self.assertEqual(_notebooks.sendable(value, "p"), value)
        Whole = type("int64", (), {"ndim": 0, "dtype": support.module("dtype", kind="i"), "item": lambda self: 7})
        self.assertEqual(_notebooks.sendable({"a": [Whole()]}, "p"), {"a": [7]})

    def test_refuses_values_that_would_arrive_as_something_else(self) -> None:
        cases: list[tuple[Any, str, str]] = [
            (datetime(2026, 1, 1), "parameter run is of type datetime", "value.isoformat()"),
            (date(2026, 1, 1), "of type date", "date.fromisoformat"),
            ((1, 2), "of type tuple", "give a list"),
            ({1: "a"}, "has the key 1", "use texts as keys"),
            ([{"a": (1,)}], "parameter run[0]['a'] is of type tuple", "give a list"),
            (Decimal(1), "of type Decimal", "None, a bool, int"),
            (object(), "of type object", "None, a bool, int"),
        ]
        for value, words, way in cases:
            with self.subTest(value=value), self.says(millrace.ParameterError, words, way):
                millrace.run_notebook("s3://notebooks/report.ipynb", None, {"run": value})
        self.assertEqual(self.papermill.calls, [])

    def test_takes_braces_in_names_as_they_are(self) -> None:
        self.run_it("s3://notebooks/runs/{run}.ipynb", run="a")
        self.assertIn(("notebooks", "runs/{run}.ipynb"), self.client.objects)

    def test_runs_files_too_and_makes_the_folder_of_the_output(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "in.ipynb").write_bytes(self.report)
        millrace.run_notebook(str(folder / "in.ipynb"), str(folder / "a" / "b" / "out.ipynb"), {"run": "a"})
        self.assertTrue((folder / "a" / "b" / "out.ipynb").exists())

    def test_does_not_load_clients_of_other_clouds(self) -> None:
        self.assertNotIn("gcsfs", sys.modules)
        self.run_it(run="a")
        self.assertNotIn("gcsfs", sys.modules)

    def test_needs_no_home(self) -> None:
        del os.environ["MILLRACE_HOME"]
        self.run_it(run="a")
