"""Running notebooks: declared parameters, this interpreter, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest
from report_notebooks import write_notebook

from effnb.errors import AnalysisError, ConfigError
from effnb.report import notebook_parameters, render_report, run_notebook

PARAMETERS = '#parameters\nservice: str = "checkout"  # which\nlimit = 5\nfolder = Path("x")'
PROBE = "import os, sys\nprint(os.environ['EFFNB_MODE'], sys.executable, os.getcwd(), service, limit)"


@pytest.fixture
def notebook(tmp_path):
    return write_notebook(
        tmp_path / "nb.ipynb", "#md\n# A question", "from pathlib import Path", PARAMETERS, "print(service)"
    )


def printed(path):
    cells = nbformat.read(path, as_version=4).cells
    return "".join(out.text for cell in cells for out in cell.get("outputs", []) if out.output_type == "stream")


def test_declared_parameters_are_listed_with_their_defaults(notebook):
    assert notebook_parameters(notebook) == {"service": "checkout", "limit": 5, "folder": None}


@pytest.mark.slow
def test_a_run_uses_the_parameters_this_interpreter_report_mode_and_the_folder(tmp_path):
    notebook = write_notebook(tmp_path / "nb.ipynb", PARAMETERS.replace('\nfolder = Path("x")', ""), PROBE)
    folder = tmp_path / "elsewhere {service}"
    folder.mkdir()
    before = dict(os.environ), Path.cwd()
    out = run_notebook(notebook, tmp_path / "{service}.ipynb", {"service": 'a"; raise', "limit": 2}, cwd=folder)
    assert printed(out) == f'report {sys.executable} {folder} a"; raise 2\n'
    assert out.name == "{service}.ipynb"
    assert (dict(os.environ), Path.cwd()) == before
    assert "injected-parameters" in out.read_text()


@pytest.mark.parametrize(
    "name", ["region", "Service", "service = 1; import os", "__class__ ", "service\nx", "", "os.system", "sérvice"]
)
def test_other_parameter_names_are_refused_with_the_allowed_ones(notebook, tmp_path, name):
    with pytest.raises(ConfigError, match="it declares: service, limit, folder"):
        run_notebook(notebook, tmp_path / "out.ipynb", {name: 1})
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize(
    "value", [{1: 2}, [{"a": {b"k": 1}}], (1,), float("nan"), float("inf"), object(), {"a": {1}}, print]
)
def test_values_that_json_cannot_hold_are_refused(notebook, tmp_path, value):
    with pytest.raises(ConfigError, match="parameter service"):
        run_notebook(notebook, tmp_path / "out.ipynb", {"service": value})


def test_a_notebook_without_parameters_takes_none(tmp_path):
    with pytest.raises(ConfigError, match="it declares: none"):
        run_notebook(write_notebook(tmp_path / "nb.ipynb", "1"), tmp_path / "out.ipynb", {"x": 1})


@pytest.mark.slow
def test_a_failing_cell_leaves_an_incomplete_report_and_names_the_failure(tmp_path):
    notebook = write_notebook(tmp_path / "nb.ipynb", "print('so far')", "raise ValueError('no\\nsamples')", "print(1)")
    with pytest.raises(
        AnalysisError, match=r"cell 2 failed: ValueError: no samples; the incomplete report is .*r\.html"
    ):
        render_report(notebook, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "Incomplete report." in page and "so far" in page and "papermill" not in page


@pytest.mark.slow
def test_a_cell_that_hangs_ends_with_its_time_and_its_kernel(tmp_path):
    pid = tmp_path / "pid"
    code = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))"
    notebook = write_notebook(tmp_path / "nb.ipynb", code, "time.sleep(600)")
    with pytest.raises(AnalysisError, match="a cell did not end within 2 s"):
        render_report(notebook, tmp_path / "r.html", cell_seconds=2)
    assert "Incomplete report.</b> a cell did not end within 2 s" in (tmp_path / "r.html").read_text()
    assert _is_gone(int(pid.read_text()))


@pytest.mark.slow
def test_a_kernel_that_dies_is_an_incomplete_report(tmp_path):
    notebook = write_notebook(tmp_path / "nb.ipynb", "print('first')", "import os; os._exit(9)")
    with pytest.raises(AnalysisError, match="the kernel died"):
        render_report(notebook, tmp_path / "r.html")
    assert "Incomplete report.</b> the kernel died" in (tmp_path / "r.html").read_text()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_killed_runner_takes_its_kernel_with_it(tmp_path):
    pid = tmp_path / "pid"
    code = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    notebook = write_notebook(tmp_path / "nb.ipynb", code)
    script = f"""
        from pathlib import Path
        from effnb.report import run_notebook
        run_notebook(Path({str(notebook)!r}), Path({str(tmp_path / "out.ipynb")!r}))
    """
    runner = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    _wait(lambda: pid.exists() and pid.read_text())
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    assert _is_gone(int(pid.read_text()))


def _wait(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _is_gone(pid):
    def gone():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        status = Path(f"/proc/{pid}/stat")
        return status.exists() and ") Z " in status.read_text()

    return bool(_wait(gone, 20))
