"""A config value is set back to what it was."""

from __future__ import annotations

from effnb.opportunities import SettingRule, set_value

RULES = (
    SettingRule(
        name="set-back-config",
        title="A changed setting made the service dearer",
        kind="config",
        risk="medium",
        criteria=(
            "the file differs in this one key",
            "its owner agrees",
            "cost falls back where the change had arrived",
        ),
        rationale="The rise follows the arrival of this change, and the value it had before is known.",
        narrows="What the change was made for is lost until its owner decides otherwise.",
        fix=set_value,
    ),
)
