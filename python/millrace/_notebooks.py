"""Notebooks: publishing them, and running them with parameters."""

import ast
import json
import logging
import os
import re
import sys
import time
import uuid
from contextlib import contextmanager
from typing import Any, Iterator, Mapping
from urllib.parse import quote, unquote

from . import _s3
from ._config import has_home, home, notebooks_address, text, user
from ._errors import (
    MissingParameter,
    NotAvailable,
    NotebookFailed,
    ParameterError,
    UnknownParameter,
)
from ._literals import plain

PARAMETERS_TAG = "parameters"
#: Where executed notebooks are, below the place of published ones.
RUNS = "runs/"
#: Where those who publish show it to each other, below the place of published notebooks.
CLAIMS = ".publishing/"
#: Age of a claim that was left by a program that died.
CLAIM_SECONDS = 60
CONTENT_TYPE = "application/x-ipynb+json"
KERNEL = "python3"
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
    source = _in_home(text("path", path, "reports/weekly.ipynb"))
    name = text("name", name or source.rsplit("/", 1)[-1], "weekly.ipynb")
    if not name.endswith(".ipynb") or name.startswith(("/", RUNS, CLAIMS)) or not _is_plain(name):
        raise ParameterError(
            f'"{name}" is no name for a published notebook; give one like "weekly.ipynb", not below {RUNS}'
        )
    try:
        content = _s3.read(source)
    except NotAvailable as error:
        raise NotAvailable(f"{error}{_suggestions(path)}") from None
    notebook_of(content.decode("utf-8", "replace"), source)
    target = f"{notebooks_address()}/{name}"
    with _claimed(name):
        present = _s3.metadata_of(target)
        if present is not None and present.get(_PUBLISHER) != _who() and not replace:
            owner = unquote(present.get(_PUBLISHER) or "the platform or another person")
            raise ParameterError(
                f"{target} was published by {owner}; take another name, or publish(..., replace=True) to replace it"
            )
        _s3.write(target, content, CONTENT_TYPE, {_PUBLISHER: _who()})
    return target


@contextmanager
def _claimed(name: str) -> Iterator[None]:
    """Keeps a name for this person while it is looked at and written: the object store knows no write that only makes.

    Raises:
        ParameterError: somebody else publishes under that name at this moment.
    """
    folder = f"{notebooks_address()}/{CLAIMS}{quote(name, safe='')}/"
    mine = f"{uuid.uuid4()}"
    _s3.write(folder + mine, b"", "text/plain")
    try:
        # Each writes first and looks then, so of two at least one sees the other.
        if any(age < CLAIM_SECONDS for claim, age in _s3.ages(folder).items() if claim != mine):
            raise ParameterError(f'somebody else publishes "{name}" at this moment; look at it, and publish again')
        yield
    finally:
        _s3.remove(folder + mine)


def _who() -> str:
    """The person as metadata of an object takes it."""
    return quote(user(), safe="@.-_ ")


def _in_home(path: str) -> str:
    return path if path.startswith("s3://") else home() + path.lstrip("/")


def _is_plain(name: str) -> bool:
    return not any(step in ("", ".", "..") for step in name.split("/"))


def _suggestions(path: str) -> str:
    if path.startswith("s3://"):
        return ""
    there = [name for name in _s3.names(home()) if name.endswith(".ipynb")][:10]
    return f"; your home has: {', '.join(there)}" if there else "; your home has no notebook yet"


def run_notebook(input: str, output: str | None = None, parameters: Mapping[str, Any] | None = None) -> str:
    """Runs a notebook from its first cell to its last with papermill, and saves it with its outputs; gives its address.

        millrace.run_notebook("reports/weekly.ipynb", parameters={"hours": 2})
        millrace.run_notebook("s3://notebooks/telemetry-report.ipynb", "s3://notebooks/runs/mine.ipynb", {"hours": 2})

    Parameters replace those of the cell tagged `parameters`. One whose default there is None (unless its annotation
    allows None, as in `day: str | None = None`), that has no default at all, or whose line ends in a comment that begins
    with `required`, must be given. What cells print and how far the run is goes to the log (`millrace`, `papermill`). The
    kernel is this machine's Python, whatever the notebook says of its own.

    Args:
        input: The notebook: a name below your home, as `publish` takes it; where there is no home (in tasks of DAGs) that of
            a published one; a full `s3://` address; or a file, by a path that begins with `/` or a dot.
        output: Where the executed notebook goes, also when a cell fails; of the same forms.
            Default: below `runs/`, by the name of the notebook.
        parameters: Values by name: None, bool, int, float, str, and lists and dicts of these. They arrive equal or are
            refused; scalars of numpy and pandas arrive as those of Python.

    Raises:
        MissingParameter: a parameter that the notebook needs is not given; nothing was run.
        UnknownParameter: the notebook has no such parameter; nothing was run.
        ParameterError: a value has no equal in a notebook, or the notebook is not one of Python; nothing was run.
        NotebookFailed: a cell failed, or the kernel died (mostly for want of memory).
        NotAvailable: the notebook is not there, or the output cannot be written.
    """
    source = _place(text("input", input, "reports/weekly.ipynb"))
    target = _place(RUNS + _name(source)) if output is None else _place(text("output", output, "runs/weekly.ipynb"))
    if parameters is not None and not isinstance(parameters, Mapping):
        raise ParameterError(f"parameters is {parameters!r}; give values by name, like {{'hours': 2}}")
    given = {name: sendable(value, str(name)) for name, value in (parameters or {}).items()}
    content = _read(source)
    check_parameters(content, source, given)
    _check_language(content, source)
    papermill = _papermill()
    try:
        if not target.startswith("s3://"):
            os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        _execute(papermill, source, target, given)
    except OSError as error:
        raise NotAvailable(f"cannot write {target}: {error.strerror or error}") from None
    return target


def _execute(papermill: Any, source: str, target: str, given: Mapping[str, Any]) -> None:
    started = time.monotonic()
    _log.info("%s -> %s with %s", source, target, json.dumps(given, sort_keys=True))
    try:
        papermill.execute_notebook(
            _unformatted(source),
            _unformatted(target),
            parameters=given,
            engine_name="millrace",
            progress_bar=False,
            log_output=True,
            language="python",
            kernel_name=KERNEL,
        )
    except papermill.exceptions.PapermillExecutionError as error:
        for line in _plain("\n".join(error.traceback)).splitlines():
            _log.error("%s", line)
        raise NotebookFailed(
            f"cell [{error.exec_count}] of {source} failed: {error.ename}: {_first_line(error.evalue)}; "
            f"the executed notebook is {target}"
        ) from None
    except Exception as error:
        if type(error).__name__ == "NoSuchKernel":
            raise NotAvailable(
                f'there is no kernel "{KERNEL}" here to run {source}; install ipykernel: python -m ipykernel install --user'
            ) from None
        if type(error).__name__ not in ("DeadKernelError", "CellTimeoutError"):
            raise
        raise NotebookFailed(
            f"the kernel of {source} died, mostly for want of memory; as far as it came the notebook is {target}"
        ) from error
    _log.info("%s is done after %.0f s", target, time.monotonic() - started)


def _place(path: str) -> str:
    """Where a notebook is that somebody names."""
    if path.startswith(("s3://", "/", "./", "../")):
        return path
    return (home() if has_home() else notebooks_address() + "/") + path


def _name(source: str) -> str:
    """A notebook's name below the place it comes from."""
    places = [home()] if has_home() else []
    places += [f"{notebooks_address()}/"] if source.startswith("s3://") else []
    below = next((source[len(place) :] for place in places if source.startswith(place)), "")
    return below.removeprefix(RUNS) or source.rsplit("/", 1)[-1]


def sendable(value: Any, name: str) -> Any:
    """A parameter of a notebook as plain data, equal to what is given.

    Raises:
        ParameterError: it would arrive as something else.
    """
    value = plain(value, name)
    # bool is an int, and subclasses such as those of enum would arrive as their base.
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [sendable(item, f"{name}[{index}]") for index, item in enumerate(value)]
    if type(value) is dict:
        for key in value:
            if type(key) is not str:
                raise ParameterError(f"parameter {name} has the key {key!r}, which would arrive as a text; use texts as keys")
        return {key: sendable(item, f"{name}[{key!r}]") for key, item in value.items()}
    ways = {
        "datetime": "give its text, value.isoformat(), and read it in the notebook by datetime.fromisoformat",
        "date": "give its text, value.isoformat(), and read it in the notebook by date.fromisoformat",
        "tuple": "give a list",
        "set": "give a list",
        "ndarray": "give a list, value.tolist()",
        "Series": "give a list, value.tolist()",
        "DataFrame": "write it to a table or to S3, and give the name",
    }
    kind = type(value).__name__
    way = ways.get(kind, "give None, a bool, int, float, str, or lists and dicts of these")
    raise ParameterError(f"parameter {name} is of type {kind}, which would not arrive equal; {way}")


def _check_language(content: str, where: str) -> None:
    metadata = notebook_of(content, where).get("metadata", {})
    spoken = {
        str(part.get(key)).lower()
        for part, key in ((metadata.get("kernelspec") or {}, "language"), (metadata.get("language_info") or {}, "name"))
        if isinstance(part, dict) and part.get(key)
    }
    if spoken - {"python"}:
        raise ParameterError(f"{where} is a notebook of {', '.join(sorted(spoken))}; only those of Python run here")


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
        if isinstance(cell, dict) and PARAMETERS_TAG in ((cell.get("metadata") or {}).get("tags") or [])
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
    try:
        if address.startswith("s3://"):
            return _s3.read(address).decode("utf-8")
        with open(address, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise NotAvailable(f"cannot read {address}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{address} is no notebook: it is not text in UTF-8") from None


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
