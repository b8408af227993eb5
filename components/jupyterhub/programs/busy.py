"""Server extension: a server with a kernel that computes or a terminal in which a program runs counts as active, also when
nobody looks and nothing is printed. So the rule that stops idle servers never ends work.
"""

from datetime import datetime, timezone
from typing import Any

from tornado.ioloop import PeriodicCallback

INTERVAL_SECONDS = 15
# The server takes every setting with such an end for a time of activity.
SETTING = "millrace_last_activity"


def is_busy(kernels: Any, terminals: Any, children: Any) -> bool:
    """Whether any kernel computes or any terminal runs a program.

    `kernels`: the kernel manager; `terminals`: by name, as terminado keeps them; `children`: gives the processes below one.
    """
    if any(kernel.get("execution_state") == "busy" for kernel in kernels.list_kernels()):
        return True
    return any(children(terminal.ptyproc.pid) for terminal in terminals.values())


def children_of(pid: int) -> list[Any]:
    """Programs that a terminal's shell has started, in the background too."""
    import psutil

    try:
        found: list[Any] = psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []
    return found


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "busy"}]


def _load_jupyter_server_extension(app: Any) -> None:
    settings = app.web_app.settings

    def look() -> None:
        manager = settings.get("terminal_manager")
        if is_busy(app.kernel_manager, {} if manager is None else manager.terminals, children_of):
            settings[SETTING] = datetime.now(timezone.utc)

    look_often = PeriodicCallback(look, INTERVAL_SECONDS * 1000)
    look_often.start()
