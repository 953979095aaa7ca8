"""`import stance` is light, and every public name is there when asked for."""

import subprocess
import sys

import pytest

import stance

HEAVY = {"sklearn", "pandas", "numpy", "pyarrow", "scipy", "datasets", "numba", "pydantic", "matplotlib"}


def test_importing_stance_imports_nothing_heavy():
    code = "import sys, stance; dir(stance); print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "stance" in loaded.split()
    assert not HEAVY & set(loaded.split())


def test_the_errors_alone_import_nothing_heavy():
    code = "import sys, stance; stance.StanceError; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not HEAVY & set(loaded.split())


@pytest.mark.parametrize("name", stance.__all__)
def test_a_public_name_is_there(name):
    assert getattr(stance, name) is getattr(stance, name)
    assert name in dir(stance)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'stance' has no attribute 'StanseClassifier'"):
        _ = stance.StanseClassifier
