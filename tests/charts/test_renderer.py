"""The renderer that needs no network."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import altair as alt
from investigation_story import cause

from effnb.charts import CHART_MIME, chart_bundle, chart_candidates, enable_renderer


def test_a_chart_displays_as_the_vega_lite_of_jupyterlab_with_a_picture_and_words():
    bundle = chart_bundle(chart_candidates(cause()))
    assert set(bundle) == {CHART_MIME, "image/png", "text/plain"}
    assert "$schema" not in bundle[CHART_MIME]
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].startswith("Scores of 3 candidate changes.")
    json.dumps(bundle)


def test_enabling_makes_every_altair_chart_use_it():
    before = alt.renderers.active
    try:
        enable_renderer()
        data = chart_candidates(cause())._repr_mimebundle_()
        assert set(data) == {CHART_MIME, "image/png", "text/plain"}
    finally:
        alt.renderers.enable(before)


def test_escaping_needs_no_chart_library_and_importing_enables_nothing():
    code = "import sys, effnb.charts as c; c.esc('<'); print('altair' in sys.modules, 'vl_convert' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
    code = "import altair, effnb.charts._renderer; print(altair.renderers.active)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "default"
