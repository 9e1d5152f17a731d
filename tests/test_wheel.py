"""The wheel, installed where the repository is not: what a person gets from ``pip install effnb``."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# Development files that happen to lie in these folders on a working machine.
LITTER = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
BUNDLED = ("skills", "notebooks", "data/storefront")


def run(*arguments: str | Path, cwd: Path) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EFFNB"))}
    done = subprocess.run(list(map(str, arguments)), cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A new environment with the wheel in it; dependencies come from this one, effnb does not."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, root, cwd=folder)
    (wheel,) = folder.glob("effnb-*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-index", "--no-deps")
    run(sys.executable, "-m", "pip", "--python", python, "install", *quiet, wheel, cwd=folder)
    # A path in a .pth file is searched, but the .pth files there are not read: the editable effnb stays unseen.
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder / "venv"


def test_the_command_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "bin" / "python", "-c", "import effnb; print(effnb.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed)
    said = run(installed / "bin" / "effnb", "--help", cwd=tmp_path)
    assert all(command in said for command in ("demo", "detect", "investigate", "record"))


@pytest.mark.parametrize("folder", BUNDLED)
def test_skills_notebooks_and_demo_data_travel_along(installed: Path, root: Path, folder: str) -> None:
    (packages,) = installed.glob("lib/python*/site-packages")
    assert files_below(packages / "effnb" / "_bundled" / folder) == files_below(root / folder) != set()


def test_nothing_else_is_in_the_wheel(installed: Path) -> None:
    (packages,) = installed.glob("lib/python*/site-packages")
    assert {path.name for path in packages.iterdir()} - LITTER == {
        "dependencies.pth",
        "effnb",
        *(path.name for path in packages.glob("effnb-*.dist-info")),
    }


def files_below(folder: Path) -> set[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in files if LITTER.isdisjoint(path.parts)}
