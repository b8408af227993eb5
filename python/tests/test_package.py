"""The package's metadata agrees with the program, with the images, and with what the library imports."""

import ast
import json
import re
import sys
import tomllib
import unittest

import support
import millrace

#: Distributions whose modules have another name.
DISTRIBUTIONS = {
    "botocore": "boto3",
    "confluent_kafka": "confluent-kafka",
    "numpy": "pandas",
    "prestodb": "presto-python-client",
    "pyspark": "pyspark-client",
}


def requirements() -> dict[str, str]:
    """Every dependency and its version specifier, those of the extras included."""
    project = tomllib.loads((support.ROOT / "python/pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    return {name: specifier for name, _, specifier in (one.partition(" ") for one in listed)}


def locked() -> dict[str, str]:
    text = (support.ROOT / "images/python/pypi.lock.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def imported() -> set[str]:
    """Modules of other projects that the library imports, anywhere in its files."""
    found = set()
    for file in (support.ROOT / "python/millrace").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"millrace"}


class Package(unittest.TestCase):
    def test_has_the_version_of_the_program(self) -> None:
        program = json.loads((support.ROOT / "package.json").read_text(encoding="utf-8"))
        self.assertEqual(millrace.__version__, program["version"])

    def test_requires_every_package_that_it_imports(self) -> None:
        missing = {DISTRIBUTIONS.get(module, module) for module in imported()} - set(requirements())
        self.assertEqual(missing, set())

    def test_requires_nothing_that_the_images_do_not_have_in_that_version(self) -> None:
        versions = locked()
        for name, specifier in requirements().items():
            with self.subTest(name=name):
                self.assertIn(name, versions)
                operator, bound = re.fullmatch(r"(==|<|)(.*)", specifier).groups()
                if operator == "==":
                    self.assertEqual(versions[name], bound)
                elif operator == "<":
                    self.assertLess(int(versions[name].split(".")[0]), int(bound))
