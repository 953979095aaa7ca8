"""The rules of the house: floors, docstrings, and what never stands in the package."""

import ast
import re
from pathlib import Path

import pytest

import stance

PACKAGE = Path(stance.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "shipped" not in path.parts)
FLOORS = {
    "core": 0,
    "text": 1,
    "data": 2,
    "classifiers": 3,
    "evaluation": 4,
    "auditing": 5,
    "running": 6,
    "reporting": 7,
    "scoring": 8,
    "__main__": 9,
}
LAZY = stance._PUBLIC
NEVER = re.compile(
    r"pickle|joblib\.load|extractall|yaml\.load|\beval\(|shell=True|\|\s*safe\b|Markup\(|autoescape=False"
)
# (file, the text that may stand there): why.
ALLOWED = {
    ("reporting/html.py", "Markup(svg)"): "our own SVG, in which Matplotlib escapes every text",
    ("text/ngrams.py", "vocabulary is pickled and saved"): "a docstring, of in-memory copies",
}


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def imports(tree):
    """Yield the dotted name of every module of ours that is imported, at the top or inside of a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            for alias in node.names:
                own = LAZY.get(alias.name, f"stance.{alias.name}")
                yield own if node.module == "stance" else str(node.module)


def floor_of(dotted):
    """Return the floor of a module; `stance` itself, and what it defines, is the ground."""
    room = dotted.split(".")[1] if "." in dotted else ""
    return -1 if room in ("", "__version__") else FLOORS[room]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_lower_floors(path):
    if path == PACKAGE / "__init__.py":
        return
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    found = [name for name in imports(ast.parse(path.read_text("utf-8"))) if name.split(".")[0] == "stance"]
    assert not [name for name in found if floor_of(name) > FLOORS[own]], f"{own} is on floor {FLOORS[own]}"


def test_a_higher_floor_is_noticed():
    code = "def f():\n from stance import run, core\n import stance.data.rows\nfrom stance.text import x"
    assert sorted(floor_of(name) for name in imports(ast.parse(code))) == [0, 1, 2, 6]


def undocumented(node, name):
    """Yield the public modules, classes, functions and methods that say nothing of themselves."""
    if ast.get_docstring(node) is None:
        yield name
    for child in node.body if not isinstance(node, ast.FunctionDef) else []:
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
            yield from undocumented(child, f"{name}.{child.name}")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_is_public_has_a_docstring(path):
    assert not list(undocumented(ast.parse(path.read_text("utf-8")), name_of(path)))


def texts():
    kept = (p for p in sorted(PACKAGE.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
    return [(p, line) for p in kept if "shipped" not in p.parts for line in p.read_text("utf-8").splitlines()]


def test_what_can_run_a_stranger_s_code_never_stands_here():
    said = [(name_of(path), line) for path, line in texts() if NEVER.search(line)]
    stands = [(file, line) for file, line in said if not any(f == file and t in line for f, t in ALLOWED)]
    assert not stands
    unused = [key for key in ALLOWED if not any(key[0] == file and key[1] in line for file, line in said)]
    assert not unused, "no longer needed"
