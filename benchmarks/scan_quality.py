"""How well ``effnb scan`` tells patterns from their look-alikes, and how fast, beside ruff, ast-grep and semgrep.

    python benchmarks/scan_quality.py [--quick] [--json]

106 labelled functions (see ``_labels.py``), 58 of them look-alikes. A hit is a pattern reported in the function that
has it; a false report is any other one, and any fix written for a form that has to be refused. Speed is measured on the
pure Python sources of the installed packages, 100,000 lines of them (quick: the same), by one process: lines a second
of its CPU time, for the wall clock of a busy machine times the others.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from _labels import FOLDER, HALVES, Labelled, labelled_functions

from effnb.domain import Opportunity
from effnb.opportunities import scan_folder

ROOT = Path(__file__).resolve().parents[1]
LINES = 100_000
Reports = dict[tuple[Path, str], set[str]]
"""Patterns reported by file and function; a pattern with a leading ``!`` was reported without a fix."""


def our_reports() -> Reports:
    """What effnb reports on the labelled files."""
    found: Reports = {}
    for half in HALVES:
        for one in scan_folder(FOLDER / half).opportunities:
            found.setdefault(_key(half, one), set()).add(one.pattern if one.fixable else f"!{one.pattern}")
    return found


def _key(half: str, one: Opportunity) -> tuple[Path, str]:
    return FOLDER / half / one.file, one.function.partition(":")[2]


def score(cases: Iterable[Labelled], reports: Mapping[tuple[Path, str], set[str]]) -> dict[str, Any]:
    """Recall, precision and the share of true sites with a fix."""
    hits = missed = false = fixed = 0
    wrong: list[str] = []
    for case in cases:
        said = reports.get((case.file, case.qualname), set())
        for pattern in case.expected:
            found = pattern in said or f"!{pattern}" in said
            hits, missed, fixed = hits + found, missed + (not found), fixed + (pattern in said)
            wrong += [] if found else [f"{case.file.name} {case.qualname}: {pattern} missed"]
        extra = {one for one in said if one.removeprefix("!") not in case.expected and one != f"!{case.refused}"}
        false += len(extra)
        wrong += [f"{case.file.name} {case.qualname}: {one} is wrong" for one in sorted(extra)]
    return {
        "recall": hits / (hits + missed) if hits + missed else 1.0,
        "precision": hits / (hits + false) if hits + false else 1.0,
        "fixed": fixed / (hits + missed) if hits + missed else 1.0,
        "wrong": wrong,
    }


RUFF = {
    "G001": "eager-log-formatting",
    "G002": "eager-log-formatting",
    "G003": "eager-log-formatting",
    "G004": "eager-log-formatting",
    "RUF017": "list-sum",
    "FURB192": "sorted-for-one",
    "SIM118": "keys-list-membership",
    "PLR6201": "list-membership",
    "PERF401": "",
}
"""ruff's rules about cost, and which pattern each is; the last is none of ours."""
NAIVE = {
    "constant-regex-per-call": ['re.$F("$$$A", $$$B)', "re.$F('$$$A', $$$B)", 're.compile("$$$A")'],
    "maximum-compression-level": ["zlib.compress($A, 9)", "gzip.compress($A)"],
    "list-sum": ["sum($A, [])", "sum($A, start=[])"],
    "sorted-for-one": ["sorted($$$A)[0]", "sorted($$$A)[-1]"],
    "list-pop-front": ["$A.pop(0)", "$A.insert(0, $B)"],
    "deepcopy-of-literal": ["copy.deepcopy($A)", "deepcopy($A)"],
    "keys-list-membership": ["$A in $B.keys()", "$A not in $B.keys()", "$A in list($B.keys())"],
    "session-per-call": ["requests.get($$$A)", "httpx.Client($$$A)"],
    "constant-object-per-call": ["struct.Struct($A)", "Template($A)", "TypeAdapter($A)"],
    "loop-invariant-parse": ["json.loads($A)"],
}
"""What one writes when one has patterns only: text with holes, for ast-grep and semgrep alike."""


def _reports_by_line(cases: list[Labelled], lines: Iterable[tuple[Path, int, str]]) -> Reports:
    """Reports by line, each given to the labelled function around it; others are nobody's."""
    found: Reports = {}
    for file, line, pattern in lines:
        for case in cases:
            if case.file.name == file.name and case.half == file.parent.name and case.line <= line <= case.last_line:
                found.setdefault((case.file, case.qualname), set()).add(pattern)
    return found


def ruff_reports(cases: list[Labelled]) -> Reports:
    """What ruff says about cost on the same files."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--preview", "--exit-zero", "--output-format=json"]
    done = subprocess.run(
        [*command, f"--select={','.join(RUFF)}", str(FOLDER)], capture_output=True, text=True, check=True
    )
    rows = json.loads(done.stdout)
    lines = ((Path(row["filename"]), row["location"]["row"], RUFF[row["code"]] or row["code"]) for row in rows)
    return _reports_by_line(cases, lines)


def ast_grep_reports(cases: list[Labelled]) -> Reports:
    """What patterns alone find, by ast-grep."""
    from ast_grep_py import SgRoot

    lines = []
    for file in sorted(FOLDER.glob("*/*.py")):
        root = SgRoot(file.read_text(encoding="utf-8"), "python").root()
        for pattern, texts in NAIVE.items():
            for text in texts:
                lines += [(file, node.range().start.line + 1, pattern) for node in root.find_all(pattern=text)]
    return _reports_by_line(cases, lines)


def semgrep_reports(cases: list[Labelled]) -> Reports | None:
    """What the same patterns find by semgrep; None where it is not installed."""
    program = _semgrep()
    if program is None:
        return None
    rules = [
        {
            "id": pattern,
            "languages": ["python"],
            "severity": "WARNING",
            "message": pattern,
            "pattern-either": [{"pattern": re.sub(r"\$\$\$[A-Z]", "...", text)} for text in texts],
        }
        for pattern, texts in NAIVE.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "rules.json"
        config.write_text(json.dumps({"rules": rules}))
        command = [program, "scan", "--metrics=off", "--disable-version-check", "--json", "--quiet", "--no-git-ignore"]
        done = subprocess.run(
            [*command, "--config", str(config), str(FOLDER)], capture_output=True, text=True, check=False, cwd=folder
        )
    rows = json.loads(done.stdout)["results"]
    lines = ((Path(row["path"]), row["start"]["line"], row["check_id"].rpartition(".")[2]) for row in rows)
    return _reports_by_line(cases, lines)


def _semgrep() -> str | None:
    beside = ROOT / ".venv-bench" / "bin" / "semgrep"
    return str(beside) if beside.exists() else shutil.which("semgrep")


def write_tree(folder: Path) -> int:
    """Copy pure Python sources of the installed packages until there are enough lines; how many there are."""
    lines = 0
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for file in sorted(Path(site).rglob("*.py")):
            if lines >= LINES:
                return lines
            data = file.read_bytes()
            if len(data) < 500_000 and b"\0" not in data:
                target = folder / file.relative_to(site)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                lines += data.count(b"\n")
    return lines


def measure_speed() -> dict[str, float]:
    """Lines a second of CPU over the tree, the seconds by the wall clock beside it, and what was found in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tree(folder)
        wall, cpu = time.perf_counter(), time.process_time()
        scan = scan_folder(folder)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "lines": scan.lines,
        "seconds": wall,
        "cpu_seconds": cpu,
        "lines_per_s": scan.lines / cpu,
        "found_per_1000_lines": 1000 * len(scan.opportunities) / scan.lines,
    }


def run() -> dict[str, Any]:
    """All figures."""
    cases = labelled_functions()
    ours = our_reports()
    total = score(cases, ours)
    peers = {"ruff": ruff_reports(cases), "ast_grep": ast_grep_reports(cases), "semgrep": semgrep_reports(cases)}
    kinds = Counter("true" if one.expected else "look-alike" for one in cases)
    return {
        **total,
        "functions": len(cases),
        "look_alikes": kinds["look-alike"],
        **{half: score([one for one in cases if one.half == half], ours) for half in HALVES},
        "peers": {name: score(cases, found) if found is not None else "not installed" for name, found in peers.items()},
        **measure_speed(),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the same: it takes less than a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON value")
    asked = parser.parse_args()
    figures = run()
    if asked.json:
        print(json.dumps(figures))
        return
    print(f"{figures['functions']} functions, {figures['look_alikes']} of them look-alikes")
    rows = {"effnb": figures, "  first half": figures["first"], "  second half": figures["second"], **figures["peers"]}
    for name, row in rows.items():
        if isinstance(row, str):
            print(f"{name:14} {row}")
        else:
            print(
                f"{name:14} recall {row['recall']:.3f}  precision {row['precision']:.3f}  with a fix {row['fixed']:.3f}"
            )
    for one in figures["wrong"]:
        print(f"  {one}")
    print(
        f"{figures['lines']:,} lines in {figures['seconds']:.1f} s, {figures['cpu_seconds']:.1f} s of CPU: "
        f"{figures['lines_per_s']:,.0f} lines a second of CPU, {figures['found_per_1000_lines']:.2f} found per 1,000"
    )


if __name__ == "__main__":
    main()
