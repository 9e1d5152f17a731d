"""Code that could be cheaper: rules that find patterns and mend them, ranked by what profiles say they cost."""

from effnb.opportunities._diff import fix_id
from effnb.opportunities._edit import Edits
from effnb.opportunities._effects import (
    Impurity,
    bound_in,
    changes,
    check_pure,
    constant_name,
    escapes,
    has_effects,
    is_fresh,
    is_own_object,
    may_change,
    names_in,
    result_is_immutable,
    weight,
)
from effnb.opportunities._fix import Target, find_site, fix_for
from effnb.opportunities._load import bundled_folder, bundled_rules, load_rules, load_setting_rules, rule_named
from effnb.opportunities._module import FunctionNode, Module, count_bindings, parameters
from effnb.opportunities._rank import Evidence, Repeats, rank
from effnb.opportunities._rule import Ratio, Refused, Rule, Site
from effnb.opportunities._scan import Scan, name_search, scan_folder
from effnb.opportunities._setting import SettingRule, fix_setting, set_value
from effnb.opportunities._types import (
    element_type,
    is_dict,
    is_immutable_type,
    is_literal,
    is_plain_constant,
    is_str,
    loop_target,
    only_assignment,
    parameter,
    type_name,
)

__all__ = [
    "Edits",
    "Evidence",
    "FunctionNode",
    "Impurity",
    "Module",
    "Ratio",
    "Refused",
    "Repeats",
    "Rule",
    "Scan",
    "SettingRule",
    "Site",
    "Target",
    "bound_in",
    "bundled_folder",
    "bundled_rules",
    "changes",
    "check_pure",
    "constant_name",
    "count_bindings",
    "element_type",
    "escapes",
    "find_site",
    "fix_for",
    "fix_id",
    "fix_setting",
    "has_effects",
    "is_dict",
    "is_fresh",
    "is_immutable_type",
    "is_literal",
    "is_own_object",
    "is_plain_constant",
    "is_str",
    "load_rules",
    "load_setting_rules",
    "loop_target",
    "may_change",
    "name_search",
    "names_in",
    "only_assignment",
    "parameter",
    "parameters",
    "rank",
    "result_is_immutable",
    "rule_named",
    "scan_folder",
    "set_value",
    "type_name",
    "weight",
]
