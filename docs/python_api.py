"""Prints the reference of the Python library as Markdown, from the docstrings in python/millrace. Imports nothing of it."""

import ast
import re
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "python" / "millrace"
SECTIONS = ("Args", "Raises", "Returns", "Yields")


def public_names(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return ast.literal_eval(node.value)
    raise SystemExit("python/millrace/__init__.py has no __all__")


def is_overload(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in getattr(node, "decorator_list", []))


def definitions() -> dict[str, ast.FunctionDef | ast.ClassDef]:
    found = {}
    for file in sorted(SOURCES.glob("_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not is_overload(node):
                found[node.name] = node
    return found


def signature(node: ast.FunctionDef, owner: str = "") -> str:
    arguments = re.sub(r"^self(, )?", "", ast.unparse(node.args)) if owner else ast.unparse(node.args)
    if "property" in (getattr(one, "id", "") for one in node.decorator_list):
        return f"{owner}{node.name}"
    result = f" -> {unquoted(node.returns)}" if node.returns is not None else ""
    return f"{owner}{node.name}({arguments}){result}"


def unquoted(annotation: ast.expr) -> str:
    return annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)


def markdown(docstring: str) -> list[str]:
    """A docstring whose sections ("Raises:") become lists."""
    lines: list[str] = []
    in_section = False
    for line in docstring.splitlines():
        if line.rstrip(":") in SECTIONS and line.endswith(":"):
            in_section = True
            lines += [f"**{line.rstrip(':')}**", ""]
        elif in_section and (entry := re.match(r" {4}(\w+(?:, \w+)*): (.*)", line)):
            names = ", ".join(f"`{name}`" for name in entry[1].split(", "))
            lines.append(f"- {names}: {entry[2]}")
        elif in_section:
            lines.append(f"  {line.strip()}".rstrip())
        else:
            lines.append(line)
    return lines


def documented(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    return [*markdown(ast.get_docstring(node) or ""), ""]


def fields(node: ast.ClassDef) -> list[str]:
    listed = [
        f"- `{one.target.id}: {unquoted(one.annotation)}`"
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and not one.target.id.startswith("_")
    ]
    return [*listed, ""] if listed else []


def methods(node: ast.ClassDef) -> list[str]:
    lines: list[str] = []
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            lines += [f"### `{signature(one, f'{node.name}.')}`", "", *documented(one)]
    return lines


def main() -> None:
    package = ast.parse((SOURCES / "__init__.py").read_text(encoding="utf-8"))
    found = definitions()
    names = public_names(package)
    missing = [name for name in names if name not in found]
    if missing:
        sys.exit(f"no definition of {', '.join(missing)} in python/millrace")
    functions = [node for name in names if isinstance(node := found[name], ast.FunctionDef)]
    classes = [node for name in names if isinstance(node := found[name], ast.ClassDef)]
    errors = [node for node in classes if any("Error" in ast.unparse(base) for base in node.bases)]
    body = ["## Functions", ""]
    for node in functions:
        body += [f"### `{signature(node)}`", "", *documented(node)]
    body += ["## Classes", ""]
    for node in classes:
        if node not in errors:
            body += [f"### `{node.name}`", "", *documented(node), *fields(node), *methods(node)]
    body += ["## Errors", ""]
    for node in errors:
        bases = ", ".join(f"`{ast.unparse(base)}`" for base in node.bases)
        body += [f"### `{node.name}`", "", f"A {bases}.", "", *documented(node)]
    lines = ["# The library `millrace`: reference", "", *documented_module(package), *contents(body), "", *body]
    print("\n".join(lines))


def contents(body: list[str]) -> list[str]:
    """Links to the headings, methods left out."""
    entries = []
    for line in body:
        if heading := re.fullmatch(r"(##+) (.*)", line):
            anchor = re.sub(r"[^\w -]", "", heading[2].lower()).replace(" ", "-")
            name = re.sub(r"^(`[\w.]+).*`$", r"\1`", heading[2])
            if "." not in name:
                entries.append(f"{'  ' * (len(heading[1]) - 2)}- [{name}](#{anchor})")
    return entries


def documented_module(package: ast.Module) -> list[str]:
    return [*markdown(ast.get_docstring(package) or ""), ""]


if __name__ == "__main__":
    main()
