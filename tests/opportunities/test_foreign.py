from __future__ import annotations

import pytest

from effnb.opportunities import scan_folder

GO = """\
package shop

import "regexp"

var ready = regexp.MustCompile("a+")

func clean(s string, names []string) string {
    re := regexp.MustCompile(`b+`)
    out := ""
    n := 0
    for _, name := range names {
        out += name + ","
        n += 1
        defer f.Close()
    }
    return re.ReplaceAllString(out, "")
}
"""
JAVA = """\
class Shop {
  static final Pattern READY = Pattern.compile("a+");
  String join(List<String> names) {
    Pattern pattern = Pattern.compile("b+");
    String out = "";
    int n = 0;
    for (String name : names) { out += name + ","; n += 1; }
    return out;
  }
}
"""
JS = """\
async function load(ids) {
  const rows = [];
  for (const id of ids) {
    rows.push(await fetchOne(id));
    const copy = JSON.parse(template);
  }
  await Promise.all(ids.map(async (id) => { await fetchOne(id); }));
  return rows;
}
"""
CPP = """\
std::vector<int> grow(int n) {
  std::vector<int> v;
  for (int i = 0; i < n; i++) { v.push_back(i); }
  return v;
}
std::vector<int> ready(int n) {
  std::vector<int> v;
  v.reserve(n);
  for (int i = 0; i < n; i++) { v.push_back(i); }
  return v;
}
"""
RUST = """\
static READY: Lazy<Regex> = Lazy::new(|| Regex::new("a").unwrap());
fn count(names: &[String]) -> usize {
    let re = Regex::new(r"b+").unwrap();
    for name in names { let own = name.clone(); }
    names[0].clone().len()
}
"""


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "shop.go",
            GO,
            [
                ("go-regexp-per-call", 8, "clean"),
                ("go-string-building", 12, "clean"),
                ("go-defer-in-loop", 14, "clean"),
            ],
        ),
        ("Shop.java", JAVA, [("java-pattern-per-call", 4, "join"), ("java-string-building", 7, "join")]),
        ("shop.js", JS, [("js-await-in-loop", 4, "load"), ("js-json-in-loop", 5, "load")]),
        ("shop.ts", JS, [("js-await-in-loop", 4, "load"), ("js-json-in-loop", 5, "load")]),
        ("shop.cpp", CPP, [("cpp-push-back-without-reserve", 3, "grow")]),
        ("shop.rs", RUST, [("rust-regex-per-call", 3, "count"), ("rust-clone-in-loop", 4, "count")]),
    ],
)
def test_patterns_are_found_and_their_look_alikes_are_not(tmp_path, file, text, expected):
    (tmp_path / file).write_text(text)
    found = scan_folder(tmp_path).opportunities
    assert [(one.pattern, one.line, one.function.rpartition(":")[2]) for one in found] == expected
    assert not any(one.fixable for one in found)
    assert all("Python only" in one.refusal for one in found)
