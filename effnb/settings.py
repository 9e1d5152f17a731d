"""``effnb.toml`` as typed settings; an unknown key is refused with the nearest known one."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from effnb.domain import ActorKind, Tier
from effnb.domain.preset import DEFAULT_PRESET, PRESETS
from effnb.errors import ConfigError

FILE_NAME = "effnb.toml"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class WorkspaceSettings(_Section):
    """``[workspace]``: what this workspace is."""

    name: str = "effnb workspace"
    """Shown in reports."""
    store: str = ".effnb"
    """Folder of samples and state, relative to ``effnb.toml``."""
    own_code: tuple[str, ...] = ()
    """Module prefixes of the code you own; a regression is named after the deepest such function."""
    bucket_seconds: int = Field(default=1800, gt=0, le=86_400)
    """Width of the buckets that ingested profiles are counted in."""
    note: str = ""
    """Said at the foot of every report, e.g. which data are simulated."""


class PrometheusSettings(_Section):
    """``[sources.prometheus]``: a server to fetch series from."""

    url: str
    """Base address, e.g. ``http://127.0.0.1:9090``."""
    token_env: str | None = None
    """Environment variable that holds the bearer token; never the token itself."""
    timeout_seconds: float = Field(default=30.0, gt=0)
    """Longest wait for one answer."""
    step_seconds: int = Field(default=60, gt=0)
    """Grid of the fetched series; the scrape interval is right."""
    queries: dict[str, str] = Field(default_factory=dict)
    """Metric name → query, fetched by ``effnb ingest --prometheus``."""


class PyroscopeSettings(_Section):
    """``[sources.pyroscope]``: a server to fetch profiles from."""

    url: str
    """Base address, e.g. ``http://127.0.0.1:4040``."""
    token_env: str | None = None
    """Environment variable that holds the bearer token; never the token itself."""
    timeout_seconds: float = Field(default=60.0, gt=0)
    """Longest wait for one answer."""
    profile_type: str = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
    """Which profiles; the server's own name of the type."""
    services: dict[str, str] = Field(default_factory=dict)
    """Service → label selector, e.g. ``{service_name="web"}``; fetched by ``effnb ingest --pyroscope``."""


class EnvironmentSettings(_Section):
    """``[sources.github.environments.NAME]``: what deployments to an environment reach."""

    service: str
    """Service that is deployed."""
    host_group: str = "all"
    """Hosts it reaches."""


class GitHubSettings(_Section):
    """``[sources.github]``: a repository on GitHub, or a server with its REST API, to read context from."""

    repository: str
    """``owner/name``."""
    api: str = "https://api.github.com"
    """Base address of the API."""
    token_env: str | None = None
    """Environment variable that holds the token; reading is all it needs to allow."""
    timeout_seconds: float = Field(default=30.0, gt=0)
    """Longest wait for one answer."""
    deployments: bool = False
    """Whether its deployments are rollouts."""
    discussions: bool = False
    """Whether pull requests and comments are discussions."""
    environments: dict[str, EnvironmentSettings] = Field(default_factory=dict)
    """What each environment stands for; one not named is ``service`` or ``service/host group``."""


class FlagdSettings(_Section):
    """``[sources.flagd]``: experiments from an OpenFeature flag definition (flagd's format) in the repository."""

    file: str
    """Path of the definition inside the repository."""
    service: str
    """Service whose requests take part, where a flag's metadata does not say."""
    flags: tuple[str, ...] = ()
    """Flags to read; all when empty."""


class SourceSettings(_Section):
    """``[sources]``: where the context of an investigation lies; paths are relative to ``effnb.toml``."""

    repository: str | None = None
    """Git repository whose commits are deployed."""
    rollouts: str | None = None
    """JSON Lines of rollout records."""
    kubernetes: str | None = None
    """``kubectl get rs,deploy -o json``: a file, or a folder with one for each cluster."""
    config_history: str | None = None
    """JSON Lines of config changes."""
    config_files: dict[str, str] = Field(default_factory=dict)
    """Config files in the repository (TOML, JSON, YAML) → the service that reads each, ``*`` for all."""
    config_repository: str | None = None
    """Git repository of the files that hold the settings in force; a fix of a setting is a change there."""
    flags: str | None = None
    """JSON Lines of flag changes."""
    experiments: str | None = None
    """JSON Lines of experiments with their steps and planned cost."""
    docs: str | None = None
    """Folder of Markdown pages."""
    repository_docs: str | None = None
    """Folder of Markdown pages inside the repository, read at its head; ``.`` for all of it."""
    logs: str | None = None
    """Folder of log extracts, one file a service: JSON Lines, plain text (.log), journald's JSON (.journal)."""
    discussions: str | None = None
    """JSON Lines of messages."""
    workloads: str | None = None
    """Folder of recorded workloads, one folder a service, as `effnb record` writes it."""
    metrics: str | None = None
    """Folder of CSV and Parquet series that ``metric_range`` reads beside the store."""
    profiles: str | None = None
    """Folder with a subfolder of profiles for each service, taken in by ``effnb ingest --profiles``."""
    prometheus: PrometheusSettings | None = None
    """A Prometheus server."""
    pyroscope: PyroscopeSettings | None = None
    """A Pyroscope server."""
    github: GitHubSettings | None = None
    """A repository on GitHub."""
    flagd: FlagdSettings | None = None
    """A flag definition in the repository."""


class DetectSettings(_Section):
    """``[detect]``: what counts as a regression."""

    preset: str = DEFAULT_PRESET
    """Kind of workload: gives ``threshold``, ``relative_threshold`` and ``history_days`` where they are not set."""
    threshold: float = Field(default=PRESETS[DEFAULT_PRESET].threshold, gt=0, lt=1)
    """Smallest lasting rise that is reported, in gCPU (share of the service's samples)."""
    relative_threshold: float = Field(default=0.0, ge=0)
    """Smallest lasting rise over the function's own level before it, besides ``threshold``; 0 asks for none."""
    history_days: float = Field(default=PRESETS[DEFAULT_PRESET].history_days, ge=1)
    """How many of the latest days are looked at."""
    significance: float = Field(default=1e-6, gt=0, lt=0.5)
    """Chance that pure noise passes the scan, for one function."""
    went_away_share: float = Field(default=0.5, gt=0, lt=1)
    """A rise that loses at least this share of itself again within the data went away."""
    went_away_hours: float = Field(default=48.0, gt=0)
    """A rise that stayed longer than this did not go away: it was there, and something else took its cost back."""
    traffic_share: float = Field(default=0.5, gt=0, lt=1)
    """A rise of share is not one of cost when, at constant traffic, less than this part of it is left."""
    shift_share: float = Field(default=0.5, gt=0, lt=1)
    """A rise is moved cost when its callers keep less than this share of it."""
    merge_hours: float = Field(default=6.0, gt=0)
    """Change points of one service closer than this may be one cause."""
    carry_share: float = Field(default=0.8, gt=0.5, le=1)
    """Share of a cause's rise a function must carry to give it its name."""
    baseline_days: float = Field(default=5.0, gt=0)
    """Longest span before a change point that its level is measured in."""
    climb_hours: float = Field(default=18.0, gt=0)
    """Causes of one function in one direction, each within this many hours of the last, are one staged launch."""
    false_reports: float = Field(default=0.05, gt=0, lt=1)
    """Share of false reports that is tolerated, over everything scanned in a run."""

    @model_validator(mode="wrap")
    @classmethod
    def _of_preset(cls, data: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        """Fills in what the preset says; ``model_fields_set`` holds what was set by hand."""
        if not isinstance(data, Mapping):
            return build(data)
        name = data.get("preset", DEFAULT_PRESET)
        if name not in PRESETS:
            near = difflib.get_close_matches(str(name), PRESETS, n=1, cutoff=0.0)[0]
            raise ValueError(f"no preset {name!r}; did you mean {near!r}? known: {', '.join(PRESETS)}")
        one = build({**PRESETS[name].settings, **data})
        one.model_fields_set.intersection_update(data)
        return one

    @property
    def penalty(self) -> float:
        """What one more level must save in squared error, in units of the noise variance."""
        return NormalDist().inv_cdf(1 - self.significance / 2) ** 2


class OverrideSettings(_Section):
    """``[services.NAME.config_override]``: how one run of a service gets another value of a config key or flag.

    Filled in everywhere: ``{key}``; ``{KEY}``, the same as a name of a variable (``A_B`` for ``a.b``); ``{value}``, for
    a flag ``on`` or ``off``; ``{json}``, the value as JSON, which for plain values is TOML too.
    """

    arguments: tuple[str, ...] = ()
    """Words to append to the command."""
    file: str | None = None
    """File to write into the root of the checkout first."""
    text: str = "{key} = {json}\n"
    """What is in it."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables to set."""


class ServiceSettings(_Section):
    """``[services.NAME]``: one service."""

    servers: int | None = Field(default=None, gt=0)
    """Servers it runs on; needed for servers-equivalent, kW and money."""
    endpoints: dict[str, str] = Field(default_factory=dict)
    """Endpoint name → ``module:qualname`` of its handler; lets traffic mix be told from cost."""
    config_override: OverrideSettings | None = None
    """How a replay gets another config value; without it a config change cannot be tried."""
    flag_override: OverrideSettings | None = None
    """How a replay switches a flag."""
    detect: DetectSettings | None = None
    """What differs from ``[detect]`` for this service; its preset counts more than what ``[detect]`` sets."""


class CauseSettings(_Section):
    """``[causes]``: which changes are considered and how sure a conclusion must be."""

    look_back_hours: float = Field(default=12.0, gt=0)
    """How long before a change point a change may have arrived."""
    min_score: float = Field(default=0.3, gt=0, le=1)
    """No cause is named below this score."""
    min_lead: float = Field(default=1.5, ge=1)
    """The best score must be this many times the second best."""


class PowerSettings(_Section):
    """``[power]``: constants that turn CPU into power and money; each with the source you took it from."""

    watts_per_server: float = Field(gt=0)
    """Average electrical power of one server under its usual load, W."""
    pue: float = Field(gt=0.99)
    """Power usage effectiveness of the data centre."""
    price_per_kwh: float = Field(ge=0)
    """Price of energy."""
    currency: str = "USD"
    """Currency of the price."""
    source: str
    """Where these figures come from."""
    as_of: date | None = None
    """When they were looked up."""


class VerifySettings(_Section):
    """``[verify]``: when a fix counts as proved, and what keeps candidate code in."""

    min_saved_share: float = Field(default=0.001, ge=0, lt=1)
    """Smallest saving worth a change, as a share of the service's CPU; the lower end of the interval must reach it."""
    min_tests: int = Field(default=6, ge=0)
    """Tests that must cover the changed lines; or ``min_examples`` inputs."""
    min_examples: int = Field(default=200, ge=0)
    """Distinct inputs covering the changed lines that do instead."""
    tests_seconds: float = Field(default=120.0, gt=0)
    """Longest run of the repository's own tests."""
    tests: tuple[str, ...] = ("python", "-m", "pytest", "-q")
    """Command that runs them; it has to be pytest, more arguments may follow."""
    memory_bytes: int = Field(default=2 << 30, gt=0)
    """Address space of each process in the sandbox."""
    image: str = "python:3.11-slim"
    """Container image for Docker or Podman, where bubblewrap is not available; it is not fetched."""


class ForgeSettings(_Section):
    """``[forge]``: where fixes are offered as pull requests."""

    kind: Literal["local", "github"] = "local"
    """A bare repository in a folder of the workspace, or GitHub (also a server with GitHub's REST API)."""
    folder: str = ".effnb/forge"
    """Folder of the local forge, relative to ``effnb.toml``."""
    repository: str = ""
    """``owner/name`` on GitHub."""
    api: str = "https://api.github.com"
    """Base address of the REST API."""
    remote: str | None = None
    """Git address to push to; derived from the API's host when unset."""
    token_env: str = "GITHUB_TOKEN"  # noqa: S105  # the name of a variable, not a token
    """Environment variable that holds the access token; never the token itself."""
    base_branch: str = "main"
    """Branch that fixes are to be merged into."""
    logins: dict[str, str] = Field(default_factory=dict)
    """Author's address → login, so that the author of a cause can be asked to review."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.kind == "github" and not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository):
            raise ValueError(f"[forge] repository is {self.repository!r}; kind = github needs owner/name")
        return self


class ToolServerSettings(_Section):
    """``[mcp.servers.NAME]``: a program whose tools join ours as ``NAME__tool``."""

    command: str | None = None
    """Program to start; it is talked to on its stdin and stdout."""
    args: tuple[str, ...] = ()
    """Its arguments."""
    env: tuple[str, ...] = ()
    """Names of environment variables it may see besides PATH and HOME."""
    url: str | None = None
    """Address of a server that runs already, in place of a command."""
    trusted_read: tuple[str, ...] = ()
    """Its tools that only read, by your judgement; all others count as writing and wait for a person."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds until a call counts as failed."""
    max_bytes: int = Field(default=1_000_000, gt=0)
    """Largest result that is taken."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either command or url")
        return self


class McpSettings(_Section):
    """``[mcp]``: tools of other programs."""

    servers: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")], ToolServerSettings] = Field(
        default_factory=dict
    )
    """The servers, by name: lowercase letters, digits, hyphens."""


class SkillSettings(_Section):
    """``[skills]``: where skills lie besides the workspace's own folder ``skills``."""

    paths: tuple[str, ...] = ()
    """Skill folders, or folders that hold some, relative to ``effnb.toml``."""


class Rule(_Section):
    """``[permissions.users.NAME]``, ``.agents.NAME``: what one caller may do; what is not set stays as for its kind."""

    allow: tuple[Literal["read", "propose"], ...] = ()
    """Tiers it may call freely."""
    ask: tuple[Tier, ...] = ()
    """Tiers it may call once a person has approved that very call."""
    tools: tuple[str, ...] | None = None
    """Tools it may call, ``*`` stands for anything; all when left out."""
    sources: tuple[str, ...] | None = None
    """Sources whose tools it may call, as ``effnb tool list`` names them; all when left out."""
    services: tuple[str, ...] | None = None
    """Services it may see and touch; all when left out."""
    paths: tuple[str, ...] | None = None
    """Folders its path arguments must lie in, relative to ``effnb.toml``; any when left out."""
    calls: int | None = Field(default=None, gt=0)
    """Most calls in one run or session."""
    seconds: float | None = Field(default=None, gt=0)
    """Longest time all its calls may take together, in one run or session."""


class UserRule(Rule):
    """``[permissions.user]``: a person in a notebook or on the command line."""

    allow: tuple[Literal["read", "propose"], ...] = ("read", "propose")
    """Tiers a person may call freely."""
    ask: tuple[Tier, ...] = ("write",)
    """Tiers a person approves call by call."""


class AgentRule(UserRule):
    """``[permissions.agent]``: the run of a skill."""

    paths: tuple[str, ...] | None = (".",)
    """Folders its path arguments must lie in, relative to ``effnb.toml``."""
    calls: int | None = Field(default=200, gt=0)
    """Most calls in one run."""
    seconds: float | None = Field(default=3600.0, gt=0)
    """Longest time all calls of one run may take together."""


class McpRule(Rule):
    """``[permissions.mcp]``: another program over MCP, where nobody can be asked; it never writes."""

    allow: tuple[Literal["read", "propose"], ...] = ("read",)
    """Tiers it may call."""
    ask: tuple[Tier, ...] = Field(default=(), max_length=0)
    """Nothing: over MCP there is nobody to ask."""
    paths: tuple[str, ...] | None = (".",)
    """Folders its path arguments must lie in, relative to ``effnb.toml``."""


class ApproveSettings(_Section):
    """``[permissions.approve]``: approvals given in advance, for jobs that nobody watches."""

    tools: tuple[str, ...] = ()
    """Tools whose calls need no person, ``*`` stands for anything; never over MCP."""
    minutes: float = Field(default=60.0, gt=0)
    """How long a person's approval holds."""


class PermissionSettings(_Section):
    """``[permissions]``: who may call what."""

    user: UserRule = UserRule()
    """People."""
    agent: AgentRule = AgentRule()
    """Runs of skills."""
    mcp: McpRule = McpRule()
    """Other programs."""
    users: dict[str, Rule] = Field(default_factory=dict)
    """One person, by login."""
    agents: dict[str, Rule] = Field(default_factory=dict)
    """One skill, by name."""
    clients: dict[str, McpRule] = Field(default_factory=dict)
    """One MCP client, by name."""
    approve: ApproveSettings = ApproveSettings()
    """Approvals given in advance."""

    def rule(self, kind: ActorKind, name: str) -> Rule:
        """What holds for a caller: the rule of its kind, with what is set for its name in place of that."""
        rules: dict[ActorKind, tuple[Rule, Mapping[str, Rule]]] = {
            "user": (self.user, self.users),
            "agent": (self.agent, self.agents),
            "mcp": (self.mcp, self.clients),
        }
        base, named = rules[kind][0], rules[kind][1].get(name)
        if named is None:
            return base
        return base.model_copy(update={field: getattr(named, field) for field in named.model_fields_set})


class LanguageModelSettings(_Section):
    """``[models.NAME]``: one language model, and how much it may be used in one run."""

    kind: Literal["openai", "anthropic", "ollama"]
    """Which API it speaks; ``openai`` is what most servers are compatible with."""
    name: str
    """Model name, as the server knows it."""
    base_url: str | None = None
    """Address of the API; the vendor's own when left out, ``http://127.0.0.1:11434/v1`` for Ollama."""
    token_env: str | None = None
    """Environment variable that holds the key; never the key itself."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """Longest wait for one answer."""
    retries: int = Field(default=2, ge=0, le=10)
    """How often a request that failed on the way is sent again."""
    requests: int = Field(default=50, gt=0)
    """Most requests in one run."""
    tool_calls: int = Field(default=50, gt=0)
    """Most tool calls it may ask for in one run."""
    tokens: int = Field(default=500_000, gt=0)
    """Most tokens in one run, in and out."""
    money: float | None = Field(default=None, gt=0)
    """Most it may cost in one run; needs both prices."""
    price_in: float | None = Field(default=None, ge=0)
    """Price of a million tokens in."""
    price_out: float | None = Field(default=None, ge=0)
    """Price of a million tokens out."""
    currency: str = "USD"
    """Currency of the prices."""

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.money is not None and (self.price_in is None or self.price_out is None):
            raise ValueError("a limit of money needs price_in and price_out")
        return self


class AgentSettings(_Section):
    """``[agent]``: which language model, if any."""

    model: str | None = None
    """Name of a ``[models.NAME]``; without it runs are made by playbooks alone."""


class Settings(_Section):
    """The whole file."""

    workspace: WorkspaceSettings = WorkspaceSettings()
    """What this workspace is."""
    sources: SourceSettings = SourceSettings()
    """Where context comes from."""
    services: dict[str, ServiceSettings] = Field(default_factory=dict)
    """The services."""
    detect: DetectSettings = DetectSettings()
    """What counts as a regression."""
    causes: CauseSettings = CauseSettings()
    """Which changes are considered."""
    verify: VerifySettings = VerifySettings()
    """When a fix counts as proved."""
    forge: ForgeSettings = ForgeSettings()
    """Where fixes are offered."""
    skills: SkillSettings = SkillSettings()
    """Where skills lie."""
    mcp: McpSettings = McpSettings()
    """Tools of other programs."""
    power: PowerSettings | None = None
    """Constants for power and money; without them only gCPU is shown."""
    permissions: PermissionSettings = PermissionSettings()
    """Who may call what."""

    models: dict[str, LanguageModelSettings] = Field(default_factory=dict)
    """Language models, by a name of your own."""
    agent: AgentSettings = AgentSettings()
    """Which of them is used."""

    def language_model(self) -> tuple[str, LanguageModelSettings]:
        """The model that ``[agent]`` names, with its name; ``ConfigError`` says what to set when there is none."""
        name = self.agent.model
        if name is None:
            raise ConfigError(
                'no language model is configured; set [agent] model = "NAME" and [models.NAME] in effnb.toml, '
                "or use the mode playbook, which needs none"
            )
        if name not in self.models:
            known = ", ".join(sorted(self.models)) or "none"
            raise ConfigError(
                f"[agent] names the model {name!r}, and effnb.toml has no [models.{name}]; it has: {known}"
            )
        return name, self.models[name]

    def secrets(self) -> tuple[str, ...]:
        """The tokens that the variables named in this file hold now."""
        names = _token_variables(self.model_dump())
        return tuple(os.environ[name] for name in names if os.environ.get(name))

    def service(self, name: str) -> ServiceSettings:
        """Settings of a service; the defaults when the file does not name it."""
        return self.services.get(name, ServiceSettings())

    def detect_for(self, service: str) -> DetectSettings:
        """``[detect]`` with what ``[services.NAME.detect]`` sets in place of it."""
        own = self.service(service).detect
        if own is None:
            return self.detect
        base = self.detect.model_dump(exclude_unset=True)
        if "preset" in own.model_fields_set:
            base = {key: value for key, value in base.items() if key not in PRESETS[own.preset].settings}
        return DetectSettings.model_validate({**base, **own.model_dump(exclude_unset=True)})


def find_settings(start: Path) -> Path:
    """The ``effnb.toml`` in a folder or the nearest one above it."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigError(f"no {FILE_NAME} in {start} or above; run `effnb init` here, or `effnb demo` for an example")


def load_settings(path: Path) -> Settings:
    """Settings from a file."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os.strerror(error.errno or 0)}; run `effnb init`") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}; mend that line") from error
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error)}") from error


def _token_variables(values: Any) -> list[str]:
    """Every ``token_env`` in nested values."""
    if not isinstance(values, dict):
        return []
    found = [value for key, value in values.items() if key == "token_env" and value]
    return found + [name for value in values.values() for name in _token_variables(value)]


def _explain(error: ValidationError) -> str:
    """The first problem as one line: where, what, and the nearest known key."""
    problem = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        return f"{where} = {problem.get('input')!r}: {problem['msg']}"
    known = _keys_beside(problem["loc"])
    near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1, cutoff=0.0)
    return f"unknown key {where}; did you mean {near[0]!r}? known: {', '.join(known)}"


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """Field names of the section a location lies in."""
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        field = section.model_fields.get(str(part))
        section = (_section_in(field.annotation) if field else None) or section
    return sorted(section.model_fields)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section class inside ``X``, ``X | None`` or ``dict[str, X]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _section_in(part))), None)
