"""The page about sources shows settings that are read as they stand, and names every kind."""

from __future__ import annotations

import tomllib

from effnb.settings import Settings


def test_the_settings_on_the_page_are_valid(root):
    text = (root / "docs/how-to/connect-your-sources.md").read_text(encoding="utf-8")
    settings = Settings.model_validate(tomllib.loads(text.split("```toml")[1].split("```")[0]))
    assert settings.sources.pyroscope.services == {"web": '{service_name="web"}'}
    assert settings.sources.github.environments["production-eu"].host_group == "eu"


def test_every_implementation_is_named(root):
    text = (root / "docs/how-to/connect-your-sources.md").read_text(encoding="utf-8").lower()
    words = (
        "pyroscope",
        "prometheus",
        "github deployments",
        "kubernetes",
        "flagd",
        "journald",
        "pull requests",
        "yaml",
    )
    assert [word for word in words if word not in text] == []
