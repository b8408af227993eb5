"""Notebooks: publishing them, and running them with parameters."""

import ast
import json
import logging
import os
import re
import sys
import time
from typing import Any, Mapping

from . import _s3
from ._config import home, notebooks_address, user
from ._errors import (
    MissingParameter,
    NotAvailable,
    NotebookFailed,
    ParameterError,
    UnknownParameter,
)

PARAMETERS_TAG = "parameters"
#: Where executed notebooks are, below the place of published ones.
RUNS = "runs/"
CONTENT_TYPE = "application/x-ipynb+json"
_PUBLISHER = "millrace-publisher"

_log = logging.getLogger("millrace")


def publish(path: str, name: str | None = None, replace: bool = False) -> str:
    """Copies a notebook to where everyone, and Airflow, finds it; gives its address.

        millrace.publish("reports/weekly.ipynb")            # home -> s3://notebooks/weekly.ipynb

    Args:
        path: The notebook: below your home (as the file browser shows it), or a full `s3://` address.
        name: Its name there; folders are allowed. Default: the file's own name.
        replace: Also replace one that somebody else has published. Your own is replaced anyway.

    Raises:
        NotAvailable: there is no such notebook; the message names those in your home.
        ParameterError: it is no notebook, the name is not allowed, or somebody else's notebook has that name.
    """
    source = path if path.startswith("s3://") else home() + path.lstrip("/")
    name = name or source.rsplit("/", 1)[-1]
    if not name.endswith(".ipynb") or name.startswith(("/", RUNS)) or ".." in name.split("/"):
        raise ParameterError(
            f'"{name}" is no name for a published notebook; give one like "weekly.ipynb", not below {RUNS}'
        )
    try:
        content = _s3.read(source)
    except NotAvailable as error:
        raise NotAvailable(f"{error}{_suggestions(path)}") from None
    notebook_of(content.decode("utf-8", "replace"), source)
    target = f"{notebooks_address()}/{name}"
    me = user()
    present = _s3.metadata_of(target)
    if present is not None and present.get(_PUBLISHER) != me and not replace:
        owner = present.get(_PUBLISHER) or "the platform or another person"
        raise ParameterError(
            f"{target} was published by {owner}; take another name, or publish(..., replace=True) to replace it"
        )
    _s3.write(target, content, CONTENT_TYPE, {_PUBLISHER: me})
    return target


def _suggestions(path: str) -> str:
    if path.startswith("s3://"):
        return ""
    there = [name for name in _s3.names(home()) if name.endswith(".ipynb")][:10]
    return f"; your home has: {', '.join(there)}" if there else "; your home has no notebook yet"


def run_notebook(input: str, output: str, parameters: Mapping[str, Any] | None = None) -> str:
    """Runs a notebook from its first cell to its last with papermill, and saves it with its outputs; gives `output`.

        millrace.run_notebook("s3://notebooks/telemetry-report.ipynb", "s3://notebooks/runs/mine.ipynb", {"hours": 2})

    Parameters replace those of the cell tagged `parameters`. One whose default there is None (unless its annotation
    allows None, as in `day: str | None = None`), that has no default at all, or whose line ends in a comment that begins
    with `required`, must be given. What cells print and how far the run is goes to the log (`millrace`, `papermill`).

    Args:
        input: The notebook: `s3://` address or path.
        output: Where the executed notebook goes, also when a cell fails.
        parameters: Values by name: None, bool, int, float, str, and lists and dicts of these.

    Raises:
        MissingParameter: a parameter that the notebook needs is not given; nothing was run.
        UnknownParameter: the notebook has no such parameter; nothing was run.
        NotebookFailed: a cell failed, or the kernel died (mostly for want of memory).
        NotAvailable: the notebook is not there, or the output cannot be written.
    """
    given = dict(parameters or {})
    check_parameters(_read(input), input, given)
    papermill = _papermill()
    if not output.startswith("s3://"):
        os.makedirs(os.path.dirname(os.path.abspath(output)), exist_ok=True)
    started = time.monotonic()
    _log.info("%s -> %s with %s", input, output, json.dumps(given, default=str, sort_keys=True))
    try:
        papermill.execute_notebook(
            _unformatted(input),
            _unformatted(output),
            parameters=given,
            engine_name="millrace",
            progress_bar=False,
            log_output=True,
            language="python",
        )
    except papermill.exceptions.PapermillExecutionError as error:
        for line in _plain("\n".join(error.traceback)).splitlines():
            _log.error("%s", line)
        raise NotebookFailed(
            f"cell [{error.exec_count}] of {input} failed: {error.ename}: {_first_line(error.evalue)}; "
            f"the executed notebook is {output}"
        ) from None
    except Exception as error:
        if type(error).__name__ not in ("DeadKernelError", "CellTimeoutError"):
            raise
        raise NotebookFailed(
            f"the kernel of {input} died, mostly for want of memory; as far as it came the notebook is {output}"
        ) from error
    _log.info("%s is done after %.0f s", output, time.monotonic() - started)
    return output


def check_parameters(text: str, where: str, given: Mapping[str, Any]) -> None:
    """Fails if values do not fit the cell of a notebook that is tagged `parameters`.

    Raises:
        MissingParameter, UnknownParameter: naming every parameter in question.
    """
    declared = declared_parameters(text, where)
    missing = [name for name, required in declared.items() if required and given.get(name) is None]
    unknown = [name for name in given if name not in declared]
    if missing:
        raise MissingParameter(
            f"{where} needs {_named(missing)}, which {'is' if len(missing) == 1 else 'are'} not given"
            + (f"; and it has no {_named(unknown)}" if unknown else "")
        )
    if unknown:
        there = (
            f"its parameters are {', '.join(declared)}"
            if declared
            else (f"it has none: no cell is tagged `{PARAMETERS_TAG}`, or that cell sets nothing")
        )
        raise UnknownParameter(f"{where} has no {_named(unknown)}; {there}")


def declared_parameters(text: str, where: str) -> dict[str, bool]:
    """The parameters of a notebook by name, and whether they must be given."""
    cells = [
        cell
        for cell in notebook_of(text, where)["cells"]
        if isinstance(cell, dict) and PARAMETERS_TAG in cell.get("metadata", {}).get("tags", [])
    ]
    if not cells:
        return {}
    source = cells[0].get("source", "")
    source = source if isinstance(source, str) else "".join(source)
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ParameterError(
            f"{where}: line {error.lineno} of the cell tagged `{PARAMETERS_TAG}` is not Python: {error.msg}"
        ) from None
    lines = source.splitlines()
    found: dict[str, bool] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            optional = False
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
            annotation = ast.unparse(node.annotation)
            optional = "None" in annotation or "Optional" in annotation
        else:
            continue
        value = node.value
        empty = value is None or (isinstance(value, ast.Constant) and value.value is None)
        comment = re.search(r"#\s*required\b", lines[(node.end_lineno or node.lineno) - 1], re.IGNORECASE) is not None
        for name in names:
            found[name] = comment or value is None or (empty and not optional)
    return found


def notebook_of(text: str, where: str) -> dict[str, Any]:
    """A notebook of format 4 as a dict."""
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise ParameterError(f"{where} is no notebook: {error}") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list) or notebook.get("nbformat") != 4:
        raise ParameterError(f"{where} is no notebook of format 4: save it with JupyterLab")
    return notebook


def _read(address: str) -> str:
    if address.startswith("s3://"):
        return _s3.read(address).decode("utf-8")
    try:
        with open(address, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise NotAvailable(f"cannot read {address}: {error.strerror}") from None


class S3Files:
    """papermill's reader and writer of s3:// addresses, with the platform's client."""

    def read(self, path: str) -> str:
        return _s3.read(path).decode("utf-8")

    def write(self, text: str, path: str) -> None:
        _s3.write(path, text.encode("utf-8"), CONTENT_TYPE)

    def listdir(self, path: str) -> list[str]:
        address = path.rstrip("/") + "/"
        return [address + name for name in _s3.names(address)]

    def pretty_path(self, path: str) -> str:
        return path


def _papermill() -> Any:
    """papermill with our files and an engine that tells how far it is."""
    # Only papermill looks for these clients of other clouds, and they take seconds and 80 MB to load.
    others = ("gcsfs", "azure.datalake.store", "azure.storage.blob", "github")
    absent = [name for name in others if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import papermill
        from papermill.engines import NBClientEngine, papermill_engines
        from papermill.iorw import papermill_io
    finally:
        for name in absent:
            sys.modules.pop(name, None)

    class Engine(NBClientEngine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **settings: Any) -> Any:
            total = len(nb_man.nb.cells)
            begin = nb_man.cell_start

            def tell(cell: Any, cell_index: int | None = None, **rest: Any) -> None:
                if cell.get("cell_type") == "code":
                    first = next((line for line in cell["source"].splitlines() if line.strip()), "")
                    _log.info("cell %d of %d: %s", (cell_index or 0) + 1, total, first[:100])
                begin(cell, cell_index, **rest)

            nb_man.cell_start = tell
            nb_man.log_output = False  # its own lines about cells; what cells print is logged all the same
            return super().execute_managed_notebook(nb_man, kernel_name, **settings)

    papermill_engines.register("millrace", Engine)
    papermill_io.register("s3://", S3Files())
    return papermill


def _unformatted(path: str) -> str:
    """papermill formats paths with the parameters; braces in ours mean themselves."""
    return path.replace("{", "{{").replace("}", "}}")


def _plain(text: str) -> str:
    """Without the colours of a terminal, and without the stack of Spark's server."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).split("\n\nJVM stacktrace:")[0]


def _first_line(text: str) -> str:
    lines = _plain(text).strip().splitlines()
    return lines[0].rstrip(";") if lines else "no message"


def _named(names: list[str]) -> str:
    word = "parameter" if len(names) == 1 else "parameters"
    return f"{word} {', '.join(names)}"
