from __future__ import annotations

import subprocess

import pytest

from effnb.errors import NotFound
from effnb.opportunities import Refused, Target, fix_for

PARSES_IN_LOOP = """\
import json

TABLE = '{"a": 1}'


def total(names: list[str]) -> int:
    count = 0
    for name in names:
        table = json.loads(TABLE)  # small
        count += table[name]
    return count
"""


def apply(folder, file: str, text: bytes, diff: str) -> bytes:
    """The file after ``git apply``, which is how a fix is delivered."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, input=diff.encode(), check=True)
    return path.read_bytes()


def test_the_diff_applies_and_changes_only_the_site(tmp_path):
    fix = fix_for(PARSES_IN_LOOP, "shop/total.py", Target("shop.total:total", "loop-invariant-parse"), base="abc")
    after = apply(tmp_path, "shop/total.py", PARSES_IN_LOOP.encode(), fix.diff).decode()
    assert "\n_TABLE = json.loads(TABLE)\n" in after
    assert "        count += _TABLE[name]\n" in after
    assert after.count("json.loads") == 1
    assert (fix.kind, fix.pattern, fix.base, fix.function) == (
        "code",
        "loop-invariant-parse",
        "abc",
        "shop.total:total",
    )


def test_byte_order_mark_and_line_ends_are_kept(tmp_path):
    text = "\ufeff" + PARSES_IN_LOOP.replace("\n", "\r\n")
    fix = fix_for(text, "total.py", Target("total:total", "loop-invariant-parse"))
    after = apply(tmp_path, "total.py", text.encode(), fix.diff)
    assert after.startswith(b"\xef\xbb\xbfimport json\r\n")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert b"_TABLE[name]\r\n" in after


def test_the_same_fix_has_the_same_id():
    target = Target("total:total", "loop-invariant-parse")
    ids = {fix_for(PARSES_IN_LOOP, "total.py", target, base=base).id for base in ("a", "a", "b")}
    assert len(ids) == 2


def test_a_fix_does_not_apply_twice():
    target = Target("total:total", "loop-invariant-parse")
    mended = PARSES_IN_LOOP.replace("json.loads(TABLE)", "{'a': 1}")
    with pytest.raises(Refused, match="mended or moved"):
        fix_for(mended, "total.py", target)


def test_source_that_does_not_parse_is_refused_in_one_line():
    with pytest.raises(Refused, match=r"old\.py does not parse"):
        fix_for("print 'hello'\n", "old.py", Target("old:f", "loop-invariant-parse"))


def test_an_unknown_pattern_names_those_there_are():
    with pytest.raises(NotFound, match="loop-invariant-parse"):
        fix_for(PARSES_IN_LOOP, "total.py", Target("total:total", "no-such-pattern"))


@pytest.mark.parametrize(
    ("file", "function", "pattern", "expected"),
    [
        (
            "storefront/catalogue/links.py",
            "slugify",
            "unmemoised-pure-function",
            "@lru_cache(maxsize=1024)\ndef slugify",
        ),
        ("storefront/cart/shipping.py", "weight_cost", "loop-invariant-parse", "_ZONES = json.loads(ZONE_TABLE)"),
        ("storefront/jobs/articles.py", "article_numbers", "regex-in-loop", "    shop_sku = re.compile("),
        ("storefront/pricing/annuity.py", "monthly_factor", "unmemoised-pure-function", "@lru_cache("),
        ("storefront/catalogue/text.py", "content_words", "list-membership", "if word not in _STOPWORDS_SET]"),
        ("storefront/jobs/repricing.py", "plan", "list-pop-front", "sku = ready.popleft()"),
        ("storefront/jobs/exports.py", "pack", "maximum-compression-level", "zlib.compress(text.encode(), 6)"),
        ("storefront/search/candidates.py", "matching", "eager-log-formatting", "if log.isEnabledFor(logging.DEBUG):"),
        ("storefront/search/facets.py", "note_facet", "unsampled-logging", "<= 100 or record % 20 == 0:"),
        ("storefront/serialise/records.py", "line_record", "deepcopy-of-literal", '{**LINE_TEMPLATE["amounts"]}}'),
    ],
)
def test_what_is_planted_in_the_storefront_is_mended(storefront, file, function, pattern, expected):
    text = (storefront / file).read_text()
    module = file.removesuffix(".py").replace("/", ".")
    fix = fix_for(text, file, Target(f"{module}:{function}", pattern))
    subprocess.run(["git", "apply", "--check", "-"], cwd=storefront, input=fix.diff.encode(), check=True)
    added = "\n".join(line[1:] for line in fix.diff.splitlines() if line[:1] in "+ ")
    assert expected in added


def test_a_lost_cache_comes_back_as_it_was(storefront):
    command = ["git", "show", "b35318e^:storefront/pricing/instalments.py"]
    earlier = subprocess.run(command, cwd=storefront, capture_output=True, text=True, check=True).stdout
    file = "storefront/pricing/annuity.py"
    target = Target("storefront.pricing.annuity:monthly_factor", "lost-memo")
    fix = fix_for((storefront / file).read_text(), file, target, subject="reg-1", earlier=[earlier])
    assert "+@lru_cache(maxsize=256)\n def monthly_factor" in fix.diff
    assert (fix.subject, fix.risk) == ("reg-1", "low")
