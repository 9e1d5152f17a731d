"""``effnb compare A B`` as a person runs it."""

from __future__ import annotations

import html.parser
import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from effnb.cli import _compare
from effnb.domain import ProfileDiff
from effnb.errors import AnalysisError, ConfigError, EffnbError, NotFound, SourceError
from effnb.report._diff import headline

HOSTILE = '<script>alert("x")</script>&\x1b[31m\u202e[bold]'


@pytest.fixture
def app() -> typer.Typer:
    """The command beside another one, as in the real program."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("other")(lambda: None)
    _compare.register(app)
    return app


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    before, after = tmp_path / "before.folded", tmp_path / "after.folded"
    before.write_text("main;load 300\nmain;render 700\n")
    after.write_text("main;load 500\nmain;render 500\n")
    return str(before), str(after)


def run(app: typer.Typer, *args: str) -> Result:
    result = CliRunner().invoke(app, ["compare", *args])
    if isinstance(result.exception, EffnbError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def test_largest_rise_comes_first_with_its_interval(app, pair):
    lines = run(app, *pair).stdout.splitlines()
    assert lines[0] == "Largest rise: load, 30.00 % → 50.00 % (+20.00 points, 95 % interval +15.75 … +24.14)."
    assert "1,000 samples → 1,000 samples" in " ".join(lines)
    table = next(line for line in lines if line.startswith("load"))
    assert table.split() == ["load", "30.00", "%", "50.00", "%", "+20.00", "+15.75", "…", "+24.14"]


def test_json_is_the_difference_and_nothing_else(app, pair):
    result = run(app, *pair, "--json", "--limit", "1")
    diff = ProfileDiff.model_validate(json.loads(result.stdout))
    assert (len(diff.rows), diff.functions, diff.rows[0].function) == (1, 3, "load")
    assert result.stderr == ""


def test_limit_says_how_to_see_more(app, pair):
    assert "1 of 3 functions; --limit shows more" in run(app, *pair, "--limit", "1").stdout


def test_headline_names_the_largest_rise_even_where_the_limit_hides_it(app, tmp_path):
    path, other = tmp_path / "a.folded", tmp_path / "b.folded"
    path.write_text("main 200\nmain;gone 800\n")
    other.write_text("main 600\nmain;x 250\nmain;y 150\n")
    printed = run(app, str(path), str(other), "--limit", "1", "--html", str(tmp_path / "d.html")).stdout
    assert printed.startswith("Largest rise: x, 0.00 % → 25.00 %")
    assert "Largest rise: x" in (tmp_path / "d.html").read_text()


def test_function_filter_ignores_case_and_refuses_what_is_not_there(app, pair):
    diff = json.loads(run(app, *pair, "--json", "--function", "REND").stdout)
    assert [row["function"] for row in diff["rows"]] == ["render"]
    with pytest.raises(NotFound, match="no function contains 'nothing' among the 3"):
        run(app, *pair, "--function", "nothing")


def test_files_of_different_formats_can_be_compared(app, pair, tmp_path):
    other = tmp_path / "b.json"
    entry = {"type": "sampled", "unit": "none", "name": "", "samples": [[0, 1]], "weights": [1]}
    frames = [{"name": "main"}, {"name": "load"}]
    other.write_text(json.dumps({"profiles": [entry], "shared": {"frames": frames}}))
    diff = json.loads(run(app, pair[0], str(other), "--json").stdout)
    assert {row["function"]: row["after"] for row in diff["rows"]} == {"load": 1.0, "render": 0.0, "main": 1.0}


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"nonsense", SourceError, "none of pprof"),
        (b"", SourceError, "is empty"),
        (b"a 9 1.0: 5 cpu-clock:\n\t1 f (x)\n", AnalysisError, "cannot compare samples .* with nanoseconds"),
        (b"main 0\n", AnalysisError, "it holds no samples"),
    ],
)
def test_bad_input_is_one_line(app, pair, tmp_path, content, error, words):
    bad = tmp_path / "bad"
    bad.write_bytes(content)
    with pytest.raises(error, match=words) as caught:
        run(app, pair[0], str(bad))
    assert "\n" not in str(caught.value)


def test_moved_line_numbers_are_pointed_out(app, tmp_path):
    path, other = tmp_path / "a.folded", tmp_path / "b.folded"
    path.write_text("main (app.py:3);work (app.py:10) 5\n")
    other.write_text("main (app.py:3);work (app.py:12) 5\n")
    assert "names hold line numbers" in run(app, str(path), str(other), "--json").stderr
    assert run(app, str(path), str(path), "--json").stderr == ""


def test_long_names_keep_their_end(app, tmp_path):
    name = "package." * 40 + "Class.method"
    path = tmp_path / "a.folded"
    path.write_text(f"{name} 5\n")
    lines = run(app, str(path), str(path)).stdout.splitlines()
    assert any(line.startswith("…") and "Class.method" in line for line in lines)
    assert all(len(line) <= 120 for line in lines)


def test_names_cannot_steer_the_terminal(app, tmp_path):
    path, other = tmp_path / "a.folded", tmp_path / "b.folded"
    path.write_text(f"main;{HOSTILE} 5\nmain 5\n")
    other.write_text(f"main;{HOSTILE} 9\nmain 5\n")
    printed = run(app, str(path), str(other)).stdout
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert "[bold]" in printed


class Page(html.parser.HTMLParser):
    """Tags and text of a page, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_page_stands_alone_and_escapes_every_name(app, tmp_path):
    path, other, page = tmp_path / "<b>a.folded", tmp_path / "b.folded", tmp_path / "diff.html"
    path.write_text(f"main;{HOSTILE} 5\nmain 5\n")
    other.write_text(f"main;{HOSTILE} 9000\nmain 5\n")
    assert run(app, str(path), str(other), "--html", str(page), "--json").stderr == f"wrote {page}\n"
    text = page.read_text(encoding="utf-8")
    seen = Page(text)
    tags = {tag for tag, _ in seen.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "b"}
    assert not any(key in ("src", "href") or key.startswith("on") for _, attrs in seen.tags for key in attrs)
    assert HOSTILE in "".join(seen.texts)
    assert str(path) in "".join(seen.texts)
    assert "prefers-color-scheme: dark" in text
    assert "10 samples" in text
    assert "9,005 samples" in text


def test_bars_point_to_the_side_of_the_change(app, pair, tmp_path):
    page = tmp_path / "diff.html"
    run(app, *pair, "--html", str(page))
    bars = [attrs for tag, attrs in Page(page.read_text()).tags if tag == "i"]
    assert [(bar.get("class"), bar["style"]) for bar in bars] == [
        ("rise", "left:50.00%;width:50.00%"),
        ("fall", "left:0.00%;width:50.00%"),
        (None, "left:50.00%;width:0.00%"),
    ]


def test_page_that_cannot_be_written_is_named(app, pair, tmp_path):
    with pytest.raises(ConfigError, match=r"cannot write .*nowhere"):
        run(app, *pair, "--html", str(tmp_path / "nowhere" / "diff.html"))


def diff_of(app: typer.Typer, tmp_path: Path, before: str, after: str) -> str:
    (tmp_path / "a").write_text(before)
    (tmp_path / "b").write_text(after)
    return headline(
        ProfileDiff.model_validate_json(run(app, str(tmp_path / "a"), str(tmp_path / "b"), "--json").stdout)
    )


def test_headline_says_when_it_may_be_noise_when_nothing_rose_and_when_nothing_changed(app, tmp_path):
    assert "no more than sampling noise" in diff_of(app, tmp_path, "a 5\nb 5\n", "a 6\nb 5\n")
    assert diff_of(app, tmp_path, "m;a 500\nm 500\n", "m;a 100\nm 900\n").startswith("Largest fall: a, 50.00 %")
    assert diff_of(app, tmp_path, "a 5\n", "a 50\n").startswith("No difference")


def test_recorded_profile_does_not_differ_from_itself(app, root):
    folder = Path(os.environ.get("EFFNB_SHARED", root.parent / "shared"))
    path = folder / "profiles" / "pprof" / "large.cpu"
    if not path.is_file():
        pytest.skip("the recorded profiles are not here; set EFFNB_SHARED to the folder that holds profiles/")
    assert run(app, str(path), str(path)).stdout.startswith("No difference")
