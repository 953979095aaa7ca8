"""Write the measured parts of README.md: `make readme`, after `make` and the public experiment."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from stance.reporting.leaderboard import make_boards
from stance.reporting.tables import render_table
from stance.running.results import load_results

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "experiments" / "results"


def main() -> None:
    """Put the tables of the last runs, the plot and the installed size into their places."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, shown in (("actors", 1), ("public", None)):
        if not (RESULTS / name / "results.json").is_file():
            continue
        boards = make_boards(load_results(RESULTS / name))[:shown]
        tables = "\n\n".join(render_table(board, speed=shown == 1).strip("\n") for board in boards)
        page = _between(page, name, f"\n\n```text\n{tables}\n```\n\n")
    page = _between(page, "size", f"{_core_megabytes():,} MB")
    (ROOT / "README.md").write_text(page, encoding="utf-8")
    shutil.copyfile(RESULTS / "actors" / "accuracy_throughput.png", ROOT / "docs" / "accuracy_throughput.png")


def _between(page: str, mark: str, text: str) -> str:
    changed, count = re.subn(rf"(<!-- {mark} -->).*?(<!-- /{mark} -->)", rf"\g<1>{text}\g<2>", page, flags=re.S)
    if count != 1:
        raise SystemExit(f"README.md: the marks {mark} stand {count} times, not once")
    return changed


def _core_megabytes() -> int:
    """Return the size of the locked requirements, installed, without what tests and linters add."""
    packages = Path(sys.prefix) / "core-size"
    text = packages.read_text(encoding="utf-8") if packages.is_file() else _du(Path(sys.prefix))
    return round(int(text.split()[0]) / 1024)


def _du(folder: Path) -> str:
    return subprocess.run(["du", "-sk", folder], capture_output=True, text=True, check=True).stdout  # noqa: S607


if __name__ == "__main__":
    main()
