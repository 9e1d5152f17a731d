"""Names of modules and spans of functions."""

from __future__ import annotations

import pytest

from effnb.sources.changes import Span, function_spans, module_of


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("shop/tax.py", "shop.tax"),
        ("src/shop/tax.py", "shop.tax"),
        ("shop/__init__.py", "shop"),
        ("tax.py", "tax"),
        ("shop/src/tax.py", "shop.src.tax"),
    ],
)
def test_module_of_a_path(path, module):
    assert module_of(path) == module


def test_spans_hold_decorators_and_inner_functions():
    source = (
        "@a\n@b\ndef f():\n    if x:\n        def g():\n            pass\n    return g\n\n"
        "class C:\n    class D:\n        async def h(self): pass\n"
    )
    assert function_spans(source) == [Span("f", 1, 7), Span("f.<locals>.g", 5, 6), Span("C.D.h", 11, 11)]


@pytest.mark.parametrize("source", ["def f(:\n", "\0", ""])
def test_what_does_not_parse_has_no_functions(source):
    assert function_spans(source) == []
