"""Runs a notebook as a report: declared parameters only, this interpreter's kernel, nothing left behind."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from effnb.errors import AnalysisError
from effnb.report._export import Incomplete, find_incomplete, read_notebook
from effnb.report._parameters import check_parameters
from effnb.store._files import write_atomically

CELL_SECONDS = 900
LAUNCHER = Path(__file__).with_name("_kernel.py")


class ReportKernel(AsyncKernelManager):
    """A kernel of the running interpreter, whatever kernels are or are not installed; it knows it makes a report."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started; nothing is written to any Jupyter folder."""
        return KernelSpec(
            argv=[sys.executable, "-P", str(LAUNCHER), "-f", "{connection_file}", "--log-level=ERROR"],
            display_name="effnb report",
            language="python",
            env={"EFFNB_MODE": "report"},
        )


def run_notebook(
    notebook_path: Path,
    out_ipynb: Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    cwd: Path | None = None,
    cell_seconds: int = CELL_SECONDS,
) -> Path:
    """Run the notebook in ``cwd`` (default: its own folder) and write it with its outputs to ``out_ipynb``.

    Raises:
        ConfigError: a parameter the notebook does not declare, or a value JSON cannot hold.
        AnalysisError: a cell failed, hung or killed the kernel; ``out_ipynb`` then holds everything up to it.
    """
    checked = check_parameters(notebook_path, parameters or {})
    with tempfile.TemporaryDirectory(prefix="effnb-report-") as folder:
        # fixed names: papermill fills {placeholders} in paths from the parameters
        source, target = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
        shutil.copyfile(notebook_path, source)
        stopped = _execute(source, target, checked, (cwd or notebook_path.parent).resolve(), cell_seconds)
        if target.exists():
            _note(target, stopped)
            write_atomically(out_ipynb, lambda temporary: _copy(target, temporary))
    if stopped is not None:
        raise AnalysisError(
            f"{notebook_path.name} did not run to its end: {stopped}; open {out_ipynb} to see how far it got"
        )
    return out_ipynb


def _execute(source: Path, target: Path, parameters: dict[str, Any], cwd: Path, cell_seconds: int) -> Incomplete | None:
    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            parameters=parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            execution_timeout=cell_seconds,
            kernel_manager_class=ReportKernel,
            resources={"metadata": {"path": str(cwd)}},
        )
    except papermill.PapermillExecutionError:
        return find_incomplete(read_notebook(target))
    except CellTimeoutError:
        return Incomplete(f"a cell did not end within {cell_seconds} s")
    except DeadKernelError:
        return Incomplete("the kernel died; it may have run out of memory")
    return None


def _note(target: Path, stopped: Incomplete | None) -> None:
    """Say in the notebook itself why it is not whole: a time-out leaves no error in any cell."""
    if stopped is not None:
        notebook = read_notebook(target)
        notebook.metadata["effnb"] = {"incomplete": str(stopped)}
        nbformat.write(notebook, target)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
