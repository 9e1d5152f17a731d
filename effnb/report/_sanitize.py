"""Makes HTML from notebook outputs harmless: names and titles in it may come from anyone who can commit or deploy.

Every HTML output passes here, ours too, so that nothing has to be trusted for where it seems to come from. Charts
are added afterwards, by the exporter itself.
"""

from __future__ import annotations

import re
import warnings

import bleach

TEXT = "a abbr b br code del em i ins kbd mark s samp small span strong sub summary sup time u var"
BLOCKS = "blockquote dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr img li ol p pre section ul"
TABLES = "caption col colgroup table tbody td tfoot th thead tr"
TAGS = frozenset(f"{TEXT} {BLOCKS} {TABLES}".split())
EVERYWHERE = frozenset(
    {"class", "title", "lang", "dir", "role", "id", "scope", "colspan", "rowspan", "open", "datetime"}
)
# shown text must not hold what was code or style: the sanitiser would keep it as words
SILENT = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
INERT_LINK = re.compile(r"(?:https?:|mailto:|#|[\w./-]+(?:[?#]|$))", re.IGNORECASE)
INLINE_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*$")


def sanitize(fragment: str) -> str:
    """The fragment with only harmless tags and attributes; no script, style, frame, form, handler or outside image."""
    with warnings.catch_warnings():
        # bleach warns when a style attribute is met without a CSS sanitizer; none is allowed here
        warnings.simplefilter("ignore", category=bleach.sanitizer.NoCssSanitizerWarning)
        clean: str = bleach.clean(
            SILENT.sub("", fragment),
            tags=TAGS,
            attributes=_is_harmless,
            protocols={"http", "https", "mailto", "data"},
            strip=True,
        )
    return clean


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if name in EVERYWHERE or name.startswith("aria-"):
        return True
    if (tag, name) == ("a", "href"):
        return INERT_LINK.match(value.strip()) is not None
    return tag == "img" and (name == "alt" or (name == "src" and INLINE_IMAGE.match(value) is not None))
