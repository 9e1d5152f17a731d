"""The detectors others use, at default settings, in one shape: values in, first indices of levels out.

What cannot be imported here is looked for in ``.venv-bench`` (``make bench-deps``: some peers need an older NumPy) and
asked there, in the same run and on the same series. What is in neither place is said to be absent. Nothing of effnb is
imported.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Detector = Callable[[Floats], list[int]]
ROOT = Path(__file__).resolve().parents[1]


def ruptures_rbf(values: Floats) -> list[int]:
    """KernelCPD of ruptures with an rbf kernel on standardised values, penalty 10."""
    import ruptures

    return ruptures.KernelCPD(kernel="rbf", min_size=2).fit(_standardised(values)).predict(pen=10)[:-1]


def ruptures_window(values: Floats) -> list[int]:
    """The sliding window with a squared-error cost, penalty 2 log n times the variance of differences."""
    import ruptures

    series = _standardised(values)
    width = max(4, min(100, len(values) // 5))
    noise = float(np.median(np.abs(np.diff(series[:, 0])))) ** 2 / 0.91
    search = ruptures.Window(width=width, model="l2", jump=1).fit(series)
    return search.predict(pen=max(2 * np.log(len(values)) * noise, 1e-9))[:-1]


def changeforest_mean(values: Floats) -> list[int]:
    """Binary segmentation for a change in mean, by changeforest."""
    import changeforest

    return list(changeforest.changeforest(_standardised(values), "change_in_mean", "bs").split_points())


def skchange_window(values: Floats) -> list[int]:
    """The moving window of skchange with its default score and penalty."""
    from skchange.detectors import MovingWindow

    return [int(index) for index in MovingWindow().fit_predict(_standardised(values))]


def otava(values: Floats) -> list[int]:
    """Apache Otava's E-divisive search with its default significance (0.001) and window (50)."""
    from otava.analysis import compute_change_points

    found, _weak = compute_change_points(list(map(float, values)), window_len=50, max_pvalue=0.001)
    return [int(point.index) for point in found]


PEERS: dict[str, tuple[str, Detector]] = {
    "ruptures rbf": ("ruptures", ruptures_rbf),
    "ruptures Window": ("ruptures", ruptures_window),
    "changeforest": ("changeforest", changeforest_mean),
    "skchange": ("skchange", skchange_window),
    "Otava": ("otava", otava),
}


def _standardised(values: Floats) -> Floats:
    return ((values - values.mean()) / (values.std() or 1.0)).reshape(-1, 1)


def answers(name: str, series: Iterable[Floats], budget: float) -> list[list[int]] | None:
    """A peer's changes for as many of the series as fit into ``budget`` seconds; ``None`` where it is not installed."""
    module, detector = PEERS[name]
    if importlib.util.find_spec(module) is not None:
        return _answers_here(detector, series, budget)
    python = ROOT / ".venv-bench" / "bin" / "python"
    if not python.exists():
        return None
    command = [str(python), str(Path(__file__).resolve()), name, str(budget)]
    text = json.dumps([values.tolist() for values in series])
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def _answers_here(detector: Detector, series: Iterable[Floats], budget: float) -> list[list[int]]:
    stop = time.perf_counter() + budget
    found: list[list[int]] = []
    for values in series:
        try:
            found.append([int(index) for index in detector(np.asarray(values, float))])
        except Exception as error:  # noqa: BLE001  # a peer that fails on a series reports nothing there
            print(f"{detector.__name__}: {error}", file=sys.stderr)
            found.append([])
        if time.perf_counter() > stop:
            break
    return found


def main(arguments: list[str]) -> None:
    """Answer for one peer: its name and seconds as arguments, series as JSON on standard input."""
    _module, detector = PEERS[arguments[0]]
    series: list[list[Any]] = json.load(sys.stdin)
    print(json.dumps(_answers_here(detector, map(np.asarray, series), float(arguments[1]))))


if __name__ == "__main__":
    main(sys.argv[1:])
