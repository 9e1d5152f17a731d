"""``effnb.toml``: every section, and mistakes named with the nearest right word."""

from __future__ import annotations

import re
from datetime import date

import pytest
from pydantic import ValidationError

from effnb.cli._init import TEMPLATE
from effnb.domain.preset import PRESETS
from effnb.errors import ConfigError
from effnb.settings import DetectSettings, ServiceSettings, Settings, find_settings, load_settings

WHOLE = """
[workspace]
name = "shop"
store = "kept"
own_code = ["shop", "lib"]
bucket_seconds = 600
note = "simulated"

[sources]
repository = "repo"
rollouts = "r.jsonl"
config_history = "c.jsonl"
config_repository = "settings"
flags = "f.jsonl"
experiments = "e.jsonl"
docs = "docs"
logs = "logs"
discussions = "d.jsonl"
workloads = "workloads"
kubernetes = "rs.json"
config_files = { "config/defaults.toml" = "*" }
repository_docs = "docs"
metrics = "series"
profiles = "profiles"

[sources.pyroscope]
url = "http://127.0.0.1:4040"
services = { web = '{service_name="web"}' }

[sources.github]
repository = "shop/web"
deployments = true
environments = { production = { service = "web", host_group = "eu" } }

[sources.flagd]
file = "flags.json"
service = "web"

[sources.prometheus]
url = "http://127.0.0.1:9090"
token_env = "TOKEN"
timeout_seconds = 5
step_seconds = 30
queries = { requests = "sum(rate(x[1m]))" }

[services.web]
servers = 40
endpoints = { "/product" = "shop.web:product" }

[services.web.detect]
threshold = 0.02

[detect]
preset = "invoicer-short"
threshold = 0.01
relative_threshold = 0.05
history_days = 20
significance = 1e-5
went_away_share = 0.4
went_away_hours = 24
climb_hours = 24
false_reports = 0.1
traffic_share = 0.3
shift_share = 0.2
merge_hours = 3
carry_share = 0.9
baseline_days = 7

[causes]
look_back_hours = 24
min_score = 0.2
min_lead = 2

[power]
watts_per_server = 350
pue = 1.2
price_per_kwh = 0.1
currency = "EUR"
source = "bill"
as_of = 2026-01-01
"""


@pytest.fixture
def load(tmp_path):
    def write_and_load(text: str) -> Settings:
        path = tmp_path / "effnb.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return write_and_load


def test_every_section_is_read(load):
    settings = load(WHOLE)
    assert settings.workspace.own_code == ("shop", "lib")
    assert settings.sources.prometheus.queries == {"requests": "sum(rate(x[1m]))"}
    assert settings.sources.pyroscope.profile_type == "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
    assert settings.sources.github.environments["production"].host_group == "eu"
    assert settings.sources.flagd.flags == ()
    assert settings.service("web").endpoints == {"/product": "shop.web:product"}
    assert settings.detect.baseline_days == 7
    assert settings.causes.min_lead == 2
    assert settings.power.as_of == date(2026, 1, 1)
    for section in ("workspace", "sources", "detect", "causes", "power"):
        given = getattr(settings, section)
        assert given.model_fields_set == set(type(given).model_fields), section


def test_an_empty_file_is_all_defaults(load):
    assert load("") == Settings()
    assert Settings().power is None
    assert Settings().service("unheard") == ServiceSettings(servers=None, endpoints={})


def test_the_template_of_init_is_valid_and_all_defaults(load):
    settings = load(TEMPLATE.format(name="x", threshold=DetectSettings().threshold))
    assert settings.model_copy(update={"workspace": Settings().workspace}) == Settings()


def test_every_commented_line_of_the_template_is_a_known_setting(load):
    lines = TEMPLATE.format(name="x", threshold=0.005).splitlines()
    body = [line.removeprefix("# ") for line in lines if "=" in line or line.startswith(("[", "# ["))]
    settings = load("\n".join(line for line in body if not line.startswith("Commands")))
    assert settings.services["web"].servers == 40
    assert settings.sources.prometheus.token_env == "PROMETHEUS_TOKEN"
    assert settings.power.pue == 1.5


@pytest.mark.parametrize(
    ("text", "where", "nearest"),
    [
        ("[detct]\nthreshold = 0.1", "detct", "detect"),
        ("[workspace]\nnmae = 'x'", "workspace.nmae", "name"),
        ("[sources]\nrepo = 'x'", "sources.repo", "repository"),
        ("[sources.prometheus]\nurl = 'x'\ntimeout = 3", "sources.prometheus.timeout", "timeout_seconds"),
        ("[services.web]\nserver = 3", "services.web.server", "servers"),
        ("[services.endpoints]\nserver = 3", "services.endpoints.server", "servers"),
        ("[detect]\ntreshold = 0.1", "detect.treshold", "threshold"),
        ("[causes]\nmin_scor = 0.1", "causes.min_scor", "min_score"),
        (
            "[power]\nwatts_per_server = 1\npue = 1\nprice_per_kwh = 0\nsource = 'x'\ncurency = 'X'",
            "power.curency",
            "currency",
        ),
    ],
)
def test_unknown_key_names_the_nearest_in_one_line(load, text, where, nearest):
    with pytest.raises(ConfigError) as failure:
        load(text)
    message = str(failure.value)
    assert f"unknown key {where}; did you mean {nearest!r}? known: " in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[detect]\nthreshold = 2", "detect.threshold = 2: Input should be less than 1"),
        ("[services]\nweb = 3", "services.web = 3: "),
        ("[workspace]\nbucket_seconds = 0", "workspace.bucket_seconds = 0: Input should be greater than 0"),
        ("[power]\npue = 1.5", "power.watts_per_server = "),
        ("[workspace\nname = 1", "is not valid TOML"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(load, text, said):
    with pytest.raises(ConfigError) as failure:
        load(text)
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "effnb.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_settings(path)


def test_the_nearest_file_above_is_found(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "effnb.toml").write_text("")
    assert find_settings(inner) == tmp_path.resolve() / "effnb.toml"
    (inner / "effnb.toml").write_text("")
    assert find_settings(inner) == inner.resolve() / "effnb.toml"


def test_no_file_above_says_what_to_run(tmp_path):
    with pytest.raises(ConfigError, match=r"no effnb\.toml in .* or above; run `effnb init` here"):
        find_settings(tmp_path)
    with pytest.raises(ConfigError, match="No such file or directory; run `effnb init`"):
        load_settings(tmp_path / "effnb.toml")


def test_settings_cannot_be_changed(load):
    with pytest.raises(ValidationError):
        load("").detect.threshold = 0.5


def test_every_setting_has_a_description():
    def sections(model):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
                if isinstance(part, type) and issubclass(part, type(Settings()).__base__):
                    sections(part)

    sections(Settings)


def test_the_twelve_rows_of_the_paper_and_the_default_are_presets():
    assert len(PRESETS) == 13
    assert DetectSettings().preset == "small-fleet"
    assert DetectSettings(preset="frontfaas-small").threshold == 0.00005
    assert DetectSettings(preset="frontfaas-small").history_days == pytest.approx(10 + 10 / 24)
    assert DetectSettings(preset="ct-demand").relative_threshold == 0.05


def test_what_is_set_by_hand_counts_more_than_the_preset():
    one = DetectSettings(preset="invoicer-short", threshold=0.02)
    assert (one.threshold, one.history_days) == (0.02, 16)
    assert one.model_fields_set == {"preset", "threshold"}


def test_an_unknown_preset_is_refused_with_the_nearest(load):
    with pytest.raises(ConfigError, match="no preset 'frontfas-small'; did you mean 'frontfaas-small'"):
        load('[detect]\npreset = "frontfas-small"')


def test_a_service_has_detection_settings_of_its_own(load):
    settings = load(
        "[detect]\nthreshold = 0.01\nmerge_hours = 3\n[services.web.detect]\nmerge_hours = 2\n"
        '[services.api.detect]\npreset = "frontfaas-large"\n'
    )
    assert settings.detect_for("other") == settings.detect
    web, api = settings.detect_for("web"), settings.detect_for("api")
    assert (web.threshold, web.merge_hours) == (0.01, 2)
    assert (api.threshold, api.merge_hours) == (0.03, 3)


def test_the_page_about_presets_lists_each_with_its_threshold(root):
    page = (root / "docs/stages/presets.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([\d.]+) %", page, re.M))
    assert {name: float(value) / 100 for name, value in rows.items()} == {
        name: pytest.approx(preset.relative_threshold or preset.threshold) for name, preset in PRESETS.items()
    }
