import json
import re
import unittest
from typing import Any

import support
from millrace import _notebooks

FOLDER = support.ROOT / "notebooks"
FILES = sorted(FOLDER.glob("*.ipynb"))


class PlatformNotebooks(unittest.TestCase):
    def each(self) -> list[tuple[str, dict[str, Any]]]:
        self.assertGreater(len(FILES), 0)
        return [(path.name, json.loads(path.read_text(encoding="utf-8"))) for path in FILES]

    def code(self, notebook: dict[str, Any]) -> str:
        return "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")

    def test_are_of_the_format_that_jupyter_saves(self) -> None:
        for _, notebook in self.each():
            self.assertEqual((notebook["nbformat"], notebook["nbformat_minor"]), (4, 5))
            self.assertEqual(set(notebook), {"cells", "metadata", "nbformat", "nbformat_minor"})
            self.assertEqual(notebook["metadata"]["kernelspec"]["name"], "python3")
            fields = {"markdown": {"cell_type", "id", "metadata", "source"}}
            fields["code"] = fields["markdown"] | {"outputs", "execution_count"}
            for cell in notebook["cells"]:
                self.assertEqual(set(cell), fields[cell["cell_type"]])
                self.assertRegex(cell["id"], r"^[A-Za-z0-9_-]{1,64}$")
            ids = [cell["id"] for cell in notebook["cells"]]
            self.assertEqual(len(ids), len(set(ids)))

    def test_carry_no_outputs(self) -> None:
        for _, notebook in self.each():
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    self.assertEqual((cell["outputs"], cell["execution_count"]), ([], None))

    def test_are_python(self) -> None:
        for name, notebook in self.each():
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    source = re.sub(r"^[%!].*$", "", "".join(cell["source"]), flags=re.MULTILINE)
                    compile(source, f"{name}:{cell['id']}", "exec")

    def test_hold_no_address_and_no_key_of_the_platform(self) -> None:
        for _, notebook in self.each():
            self.assertNotRegex(self.code(notebook), r"(?i)password|secret_access|AWS_|\.svc|http://|sc://")

    def test_call_only_what_the_library_offers(self) -> None:
        import millrace

        for _, notebook in self.each():
            called = set(re.findall(r"\bmillrace\.(\w+)", self.code(notebook)))
            self.assertEqual(called - set(millrace.__all__), set())
            self.assertNotEqual(called, set())

    def test_the_report_cannot_run_without_a_name(self) -> None:
        text = (FOLDER / "telemetry-report.ipynb").read_text(encoding="utf-8")
        declared = _notebooks.declared_parameters(text, "telemetry-report.ipynb")
        self.assertEqual(declared, {"run": True, "hours": False, "table": False, "summary_table": False})
