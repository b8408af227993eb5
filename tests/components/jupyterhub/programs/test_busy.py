import sys
import types
import unittest
from datetime import datetime, timedelta, timezone
from unittest import mock

import programs  # noqa: F401


class Callback:
    """tornado's periodic callback, called by hand."""

    made = []

    def __init__(self, call, milliseconds):
        self.call, self.milliseconds = call, milliseconds
        Callback.made.append(self)

    def start(self):
        self.started = True


tornado = types.ModuleType("tornado")
ioloop = types.ModuleType("tornado.ioloop")
ioloop.PeriodicCallback = Callback
with mock.patch.dict(sys.modules, {"tornado": tornado, "tornado.ioloop": ioloop}):
    import busy


def server(*states, terminals=None):
    kernels = types.SimpleNamespace(list_kernels=lambda: [{"execution_state": state} for state in states])
    settings = {} if terminals is None else {"terminal_manager": types.SimpleNamespace(terminals=terminals)}
    return types.SimpleNamespace(kernel_manager=kernels, web_app=types.SimpleNamespace(settings=settings))


def terminal(pid):
    return types.SimpleNamespace(ptyproc=types.SimpleNamespace(pid=pid))


class Busy(unittest.TestCase):
    def looked(self, app):
        Callback.made.clear()
        busy._load_jupyter_server_extension(app)
        [callback] = Callback.made
        self.assertTrue(callback.started)
        callback.call()
        return app.web_app.settings.get("millrace_last_activity")

    def test_is_a_server_with_a_kernel_that_computes(self):
        age = datetime.now(timezone.utc) - self.looked(server("idle", "busy"))
        self.assertLess(age, timedelta(seconds=5))

    def test_is_a_server_with_a_terminal_that_runs_a_program(self):
        with mock.patch.object(busy, "children_of", lambda pid: ["python"] if pid == 7 else []):
            self.assertIsNotNone(self.looked(server("idle", terminals={"1": terminal(5), "2": terminal(7)})))
            self.assertIsNone(self.looked(server("idle", terminals={"1": terminal(5)})))

    def test_is_no_server_where_nothing_runs(self):
        self.assertIsNone(self.looked(server("idle", "starting")))
        self.assertIsNone(self.looked(server()))

    def test_ends_no_terminal_by_itself(self):
        config = (programs.pathlib.Path(sys.path[0]) / "jupyter_server_config.py").read_text()
        self.assertIn('"busy": True', config)
        self.assertNotIn("cull_inactive_timeout", config)
        self.assertNotIn("cull_busy", config)


if __name__ == "__main__":
    unittest.main()
