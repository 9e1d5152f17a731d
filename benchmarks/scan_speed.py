"""How many series a second ``find_change_points.batch`` gets through, beside peers on the same rows in the same run.

    python benchmarks/scan_speed.py [--quick] [--json]

800,000 series of 1,000 points (quick: 40,000), float32, memory-mapped: noise that hangs together, a third with a day,
one in a hundred changed. Everything counts: scan, search of what passes, the lists that come back. Memory is what the
scan adds to the process, the map's pages included, over the size of the map.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from _peers import PEERS, ROOT, Detector

from effnb.stats import find_change_points

POINTS = 1000
BLOCK = 4000
CHANGED = 0.01
SEASONAL = 1 / 3
AR = (0.0, 0.6)
RISE = (1.0, 4.0)
PLACE = (0.3, 0.9)
DAYS = (96, 144)
DAY_SIZE = (0.5, 2.5)
"""Ranges of the simulated fleet; sizes in standard deviations of the noise, days in points."""

Floats = npt.NDArray[np.float64]


def write_fleet(path: Path, series: int) -> npt.NDArray[np.bool_]:
    """Write the series block by block; returns which ones change."""
    changed = np.zeros(series, np.bool_)
    fleet = np.lib.format.open_memmap(path, "w+", np.float32, (series, POINTS))
    for first in range(0, series, BLOCK):
        stop = min(first + BLOCK, series)
        rng = np.random.default_rng([7, first])
        fleet[first:stop], changed[first:stop] = _block(rng, stop - first)
    fleet.flush()
    return changed


def _block(rng: np.random.Generator, rows: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    values = _noise(rng, rows)
    time_of_day = np.arange(POINTS)[None, :] / rng.choice(DAYS, (rows, 1)) + rng.uniform(size=(rows, 1))
    day = np.sin(2 * np.pi * time_of_day) + 0.4 * np.sin(4 * np.pi * time_of_day)
    values += rng.uniform(*DAY_SIZE, (rows, 1)) * (rng.uniform(size=(rows, 1)) < SEASONAL) * day
    changed = rng.uniform(size=rows) < CHANGED
    place = (rng.uniform(*PLACE, rows) * POINTS).astype(int)
    values += (changed * rng.uniform(*RISE, rows))[:, None] * (np.arange(POINTS) >= place[:, None])
    level = np.exp(rng.uniform(np.log(1e-5), np.log(0.2), (rows, 1)))
    return level * (1 + 0.02 * values), changed


def _noise(rng: np.random.Generator, rows: int) -> Floats:
    """First-order autoregressive noise of variance one, all rows in step."""
    memory = rng.uniform(*AR, rows)
    noise = rng.standard_normal((POINTS, rows))
    for t in range(1, POINTS):
        noise[t] = memory * noise[t - 1] + np.sqrt(1 - memory**2) * noise[t]
    return np.ascontiguousarray(noise.T)


def numpy_cusum(values: Floats) -> list[int]:
    """The largest CUSUM of one change, with a fixed limit."""
    n = values.size
    split = np.arange(1, n)
    size = np.abs(np.cumsum(values - values.mean())[:-1]) / np.sqrt(split * (n - split) / n)
    best = int(np.argmax(size))
    return [best + 1] if size[best] > 4 * values.std() else []


def ruptures_linear(values: Floats) -> list[int]:
    """The exact kernel search of ruptures with a linear kernel."""
    import ruptures

    series = ((values - values.mean()) / values.std()).reshape(-1, 1)
    return ruptures.KernelCPD(kernel="linear", min_size=2).fit(series).predict(pen=3 * np.log(values.size))[:-1]


def rate(detector: Detector, rows: npt.NDArray[np.float32], budget: float) -> float:
    """Series a second of a detector called row by row."""
    detector(rows[0].astype(float))
    start = time.perf_counter()
    done = 0
    for row in rows:
        detector(row.astype(float))
        done += 1
        if time.perf_counter() - start > budget:
            break
    return done / (time.perf_counter() - start)


def changeforest_rate(rows: npt.NDArray[np.float32], budget: float) -> float | None:
    """Bare segmentation by changeforest, all its threads; from here or from .venv-bench."""
    if importlib.util.find_spec("changeforest") is not None:
        return rate(PEERS["changeforest"][1], rows, budget)
    python = ROOT / ".venv-bench" / "bin" / "python"
    if not python.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "rows.npy", rows)
        code = (
            "import sys, time, numpy; from pathlib import Path; sys.path.insert(0, sys.argv[2]); import _peers\n"
            "rows = numpy.load(sys.argv[1]).astype(float); d = _peers.changeforest_mean; d(rows[0])\n"
            "start = time.perf_counter(); done = 0\n"
            "for row in rows:\n"
            "    d(row); done += 1\n"
            "    if time.perf_counter() - start > float(sys.argv[3]): break\n"
            "print(done / (time.perf_counter() - start))"
        )
        command = [str(python), "-c", code, f"{folder}/rows.npy", str(Path(__file__).parent), str(budget)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def resident_bytes() -> int:
    """Memory of this process, mapped pages included; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def with_peak_memory(work: Callable[[], Any]) -> tuple[Any, int]:
    """What ``work`` returns, and by how many bytes the process grew at most meanwhile."""
    before = peak = resident_bytes()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    return result, max(peak, resident_bytes()) - before


def measure(quick: bool, folder: Path) -> dict[str, Any]:
    """Rates, ratios, memory and, so that speed is not bought with blindness, what was found."""
    series = 40_000 if quick else 800_000
    path = folder / "fleet.npy"
    changed = write_fleet(path, series)
    fleet = np.load(path, mmap_mode="r")
    # Compiled, or loaded, for a read-only map and for what passes the scan.
    find_change_points.batch(fleet[:512])
    start = time.perf_counter()
    found, grown = with_peak_memory(lambda: find_change_points.batch(fleet))
    seconds = time.perf_counter() - start
    sample = np.asarray(fleet[: 4000 if quick else 20_000])
    budget = 3.0 if quick else 10.0
    peers = {
        "changeforest": changeforest_rate(sample, budget),
        "ruptures KernelCPD": rate(ruptures_linear, sample, budget),
        "NumPy CUSUM": rate(numpy_cusum, sample, budget),
    }
    flagged = np.array([bool(changes) for changes in found])
    ours = series / seconds
    return {
        "series": series,
        "points": POINTS,
        "seconds": seconds,
        "series_per_s": ours,
        "ratio_changeforest": ours / peers["changeforest"] if peers["changeforest"] else None,
        "ratio_ruptures": ours / peers["ruptures KernelCPD"],
        "ratio_numpy_cusum": ours / peers["NumPy CUSUM"],
        "peer_series_per_s": peers,
        "memory_ratio": grown / path.stat().st_size,
        "changed_found": float(flagged[changed].mean()),
        "unchanged_flagged": float(flagged[~changed].mean()),
        "processors": len(os.sched_getaffinity(0)),
    }


def show(result: dict[str, Any]) -> None:
    """The table."""
    print(f"{result['series']:,} series × {result['points']:,} points, {result['processors']} processors")
    print(f"  {'effnb batch, scan and search':32s} {result['series_per_s']:12,.0f} series/s")
    for name, each in result["peer_series_per_s"].items():
        ratio = f"{each:12,.0f} series/s  ours ×{result['series_per_s'] / each:.2f}" if each else ""
        print(f"  {name:32s} {ratio or 'not installed: make bench-deps'}")
    print(f"  memory {result['memory_ratio']:.2f} × the input")
    found, flagged = result["changed_found"], result["unchanged_flagged"]
    print(f"  {found:.1%} of changed series found, {flagged:.2%} of the others flagged")


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of a table")
    parser.add_argument("--folder", type=Path, help="where the fleet is written for the time being (3.2 GB)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        result = measure(arguments.quick, Path(folder))
    if arguments.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
