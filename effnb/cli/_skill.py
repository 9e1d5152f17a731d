"""``effnb skill``: what skills there are, whether they are sound, a new one, and running one."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from effnb.cli._common import AsJson, print_json, print_table, session, terminal
from effnb.errors import ConfigError

if TYPE_CHECKING:
    from effnb.skills import Catalogue, Skill
    from effnb.tools import Toolbox

skill_app = typer.Typer(name="skill", help="Skills: list, check, write, pin and run them.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="SKILL", help="Name of a skill.")]
Which = Annotated[
    str | None, typer.Argument(metavar="[SKILL]", help="Name of a skill, or path of its folder; all that may run.")
]
Failed = typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(skill_app, name="skill")
    for command in (show, lint, test, new, pin, run, record):
        skill_app.command()(command)
    skill_app.command("list")(list_skills)
    skill_app.command("eval")(evaluate)


def list_skills(as_json: AsJson = False) -> None:
    """Every skill there is: where it comes from, and whether it may run."""
    entries = _catalogue().entries()
    if as_json:
        print_json([entry.to_json() for entry in entries])
        return
    rows = [
        (
            entry.name,
            entry.source,
            entry.state,
            "playbook" if entry.has_playbook else "language model only",
            entry.reason or entry.description.partition(". ")[0],
        )
        for entry in entries
    ]
    print_table(("skill", "from", "state", "runs by", ""), rows)


def show(name: Name, as_json: AsJson = False) -> None:
    """A skill's prose, as a person or another agent reads it. Runs nothing."""
    from effnb.skills import load_skill

    entry = _catalogue().entry(name)
    if entry.digest == "":
        raise ConfigError(f"skill {name} cannot be read: {entry.reason}")
    body = load_skill(entry.path).body
    if as_json:
        print_json({**entry.to_json(), "body": body})
    else:
        where = f"{entry.source} · {entry.state}{': ' if entry.reason else ''}{entry.reason} · {entry.path}"
        typer.echo(f"{entry.name} · {where}\n\n{body}")


def lint(name: Which = None, as_json: AsJson = False) -> None:
    """What is wrong with skills: format, prose, tools they call, cases. Exits 1 when something is."""
    from effnb.skills import lint_skill

    catalogue, toolbox = _catalogue(), _toolbox()
    found = {skill.name: lint_skill(skill, toolbox, catalogue.get) for skill in _chosen(catalogue, name)}
    if as_json:
        print_json([{"skill": skill, "faults": list(faults)} for skill, faults in found.items()])
    else:
        for skill, faults in found.items():
            typer.echo(f"{skill}: {'sound' if not faults else f'{len(faults)} fault(s)'}")
            for fault in faults:
                typer.echo(f"  {fault}")
    if any(found.values()):
        raise Failed


def test(name: Which = None, as_json: AsJson = False) -> None:
    """Play the cases of skills: recorded results in, expected conclusions out. Exits 1 when one ends otherwise."""
    scores = _scores(name)
    if as_json:
        print_json([{"skill": score.skill, "cases": [case.to_json() for case in score.cases]} for score in scores])
    else:
        for score in scores:
            for case in score.cases:
                typer.echo(f"{'ok  ' if case.as_expected else 'FAIL'} {score.skill}/{case.case} ({case.calls} calls)")
                for wrong in case.wrong:
                    typer.echo(f"     {wrong}")
        cases = [case for score in scores for case in score.cases]
        typer.echo(f"{sum(case.as_expected for case in cases)} of {len(cases)} cases end as expected")
    if not all(case.as_expected for score in scores for case in score.cases):
        raise Failed


def evaluate(name: Which = None, as_json: AsJson = False) -> None:
    """How good skills are on their cases, beside a guess without their knowledge: top mover and nearest deploy."""
    from effnb.skills import share_of

    scores = _scores(name)
    if as_json:
        print_json([{**score.to_json(), "as_expected": score.as_expected, "lift": score.lift} for score in scores])
        return
    rows = [
        (
            score.skill,
            str(len(score.cases)),
            f"{100 * score.as_expected:.0f} %",
            str(sum(case.ungrounded for case in score.cases)),
            f"{100 * share_of(case.guess_right for case in score.cases):.0f} %",
            f"{100 * score.lift:+.0f}",
        )
        for score in scores
    ]
    columns = ("skill", "cases", "as expected", "ungrounded", "guess right", "lift, points")
    print_table(columns, rows, right=columns[1:])


def new(
    name: Name,
    folder: Annotated[
        Path | None, typer.Option("--in", help="Folder to write it in; the workspace's own `skills`.")
    ] = None,
) -> None:
    """Write a new skill with a playbook that runs and four cases that pass; replace what it knows by what you know."""
    from effnb.skills import new_skill

    made = new_skill(name, folder if folder is not None else _workspace_folder() / "skills")
    shown = made.path.relative_to(Path.cwd()) if made.path.is_relative_to(Path.cwd()) else made.path
    typer.echo(f"wrote {shown}\nnext: edit it, effnb skill test ./{shown}, then effnb skill pin {name}")


def pin(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without being asked, after you have looked.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who approves; the user who is logged in.")] = "",
) -> None:
    """Look at what a skill holds, or how it changed since it was approved, and let it run in this workspace."""
    from effnb.skills import load_skill

    catalogue = session().skills
    entry = catalogue.entry(name)
    pins = catalogue.pins
    if entry.state == "ready":
        typer.echo(f"skill {name} may run already: {entry.source}, {entry.digest[:12]}")
        return
    if entry.state == "broken" or pins is None:
        raise ConfigError(f"skill {name} cannot be pinned: {entry.reason}")
    skill = load_skill(entry.path)
    terminal().print(pins.difference(skill), markup=False, highlight=False, end="")
    if not yes and not _confirmed(f"Let skill {name} ({skill.digest[:12]}) run in this workspace?"):
        raise ConfigError(f"skill {name} was not pinned; when you have looked at it: effnb skill pin {name} --yes")
    pins.pin(skill, entry.source, by or getpass.getuser(), datetime.now(UTC))
    typer.echo(f"pinned {skill.label} in {pins.path.name}")


def run(
    name: Name,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="An input of its playbook; may be repeated.")
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="Who decides: playbook (no language model), guided or free.")
    ] = "playbook",
    as_json: AsJson = False,
) -> None:
    """Run a skill in this workspace, step by step. By default no language model."""
    from effnb.cli._investigate import checked_mode, follow

    now = session()
    inputs = dict(_input(text) for text in parameter or [])
    follow(now.run_skill(name, mode=checked_mode(mode), **inputs), as_json)


def record(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The skill's folder, e.g. skills/my-skill.")],
    case: Annotated[str, typer.Argument(help="Name of the case, e.g. true_rise.")],
    about: Annotated[str, typer.Option("--about", help="What happened, in one sentence.")],
    kind: Annotated[
        str, typer.Option("--kind", help="cause, look-alike, missing-data or failing-tool: what it is an example of.")
    ] = "cause",
    parameter: Annotated[
        list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="An input of its playbook; may be repeated.")
    ] = None,
) -> None:
    """Run a skill you are writing in this workspace and keep what the tools returned as a case."""
    from effnb.skills import CaseKind, load_skill, write_case

    if kind not in get_args(CaseKind):
        raise ConfigError(f"--kind {kind!r} is none of {', '.join(get_args(CaseKind))}")
    run = session().run_skill(load_skill(folder), **dict(_input(text) for text in parameter or []))
    transcript, path = run.finish_blocking(), folder / "cases" / f"{case}.json"
    made = write_case(transcript, run.result, path, kind=cast("CaseKind", kind), about=about)
    summary = transcript.resolution.summary if transcript.resolution is not None else ""
    typer.echo(f"wrote {path}: {len(made.results)} steps, {made.expect.status}\n{summary}")
    typer.echo("next: is that the right conclusion? If not, mend what the case expects, then the playbook")


def _chosen(catalogue: Catalogue, name: str | None) -> list[Skill]:
    """One skill that may run by its name, or however it stands by its folder; all that may run without either."""
    from effnb.skills import load_skill

    if name is None:
        held = [entry.name for entry in catalogue.entries() if entry.state == "held"]
        if held:
            typer.echo(f"left out, not pinned: {', '.join(held)}", err=True)
        return [skill for skill in catalogue.ready() if (skill.path / "playbook.py").is_file()]
    return [load_skill(Path(name)) if "/" in name or Path(name).is_absolute() else catalogue.get(name)]


def _scores(name: str | None) -> list[Any]:
    from effnb.skills import score_skill

    catalogue = _catalogue()
    return [score_skill(skill, catalogue.get) for skill in _chosen(catalogue, name)]


def _catalogue() -> Catalogue:
    """The workspace's; outside of one that of effnb and the installed packages."""
    from effnb.skills import Catalogue

    try:
        return session().skills
    except ConfigError:
        return Catalogue()


def _toolbox() -> Toolbox:
    from effnb.settings import Settings
    from effnb.tools import Toolbox
    from effnb.workspace import Workspace

    try:
        return session().tools
    except ConfigError:
        return Toolbox(Workspace(Path.cwd(), Settings()))


def _workspace_folder() -> Path:
    try:
        return session().workspace.root
    except ConfigError:
        return Path.cwd()


def _confirmed(question: str) -> bool:
    try:
        return typer.confirm(question)
    except (typer.Abort, EOFError):
        return False


def _input(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"-p {text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
