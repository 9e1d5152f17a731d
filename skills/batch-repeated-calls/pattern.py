"""Connections and clients that are made anew for every call."""

from __future__ import annotations

import ast

from effnb.opportunities import Edits, Module, Ratio, Refused, Rule, Site, bound_in, is_plain_constant, names_in

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
PER_CALL = {f"requests.{verb}": "requests.Session" for verb in VERBS} | {
    f"httpx.{verb}": "httpx.Client" for verb in VERBS
}
"""Calls that open a connection of their own, and what keeps connections."""
CLIENTS = frozenset(
    {"requests.Session", "requests.session", "httpx.Client", "boto3.client", "boto3.resource", "boto3.Session"}
    | {"urllib3.PoolManager", "redis.Redis", "redis.StrictRedis", "pymongo.MongoClient", "http.client.HTTPSConnection"}
)
SETTERS = frozenset({"update", "mount", "close", "auth", "headers", "cookies", "proxies", "verify", "cert"})


def find_sessions(module: Module) -> list[Site]:
    """A client made, or a call without one, once a round of a loop."""
    found: dict[ast.AST, Site] = {}
    for call in module.calls:
        origin = module.called(call)
        loop = module.loop(call)
        if loop is None or module.function(call) is None:
            continue
        if origin in PER_CALL:
            found.setdefault(
                loop, module.site(call, callees=("requests.sessions:Session.__init__", "ssl:create_default_context"))
            )
        elif origin in CLIENTS and not names_in(call) & bound_in(loop):
            found.setdefault(loop, module.site(call))
    return list(found.values())


def plan_session(module: Module, site: Site) -> Edits:
    """One session around the loop."""
    call = site.expect(ast.Call)
    origin = module.called(call)
    loop = module.loop(call)
    function = module.function(call)
    if function is None or isinstance(function, ast.AsyncFunctionDef):
        raise Refused("only plain functions are understood")
    if origin in CLIENTS:
        return _hoist_client(module, call, loop, function)
    statement = loop if isinstance(loop, (ast.For, ast.While)) else module.statement(loop or call)
    if isinstance(statement, ast.Return) and not isinstance(loop, (ast.ListComp, ast.SetComp, ast.DictComp)):
        raise Refused("the generator outlives the function, and so would its session")
    if isinstance(loop, ast.GeneratorExp):
        raise Refused("the generator may outlive the session")
    if any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in ast.walk(function)):
        raise Refused("the function is a generator: its session could stay open between rounds")
    library, _, kind = PER_CALL[origin].rpartition(".")
    alike = [one for one in module.calls if module.called(one) in PER_CALL and _inside(module, one, statement)]
    for one in alike:
        _check_call(module, one)
        if PER_CALL[module.called(one)] != PER_CALL[origin]:
            raise Refused("the loop mixes two libraries")
    edits = Edits(module)
    name = edits.free_name("session" if kind == "Session" else "client")
    for one in alike:
        edits.replace(one.func, f"{name}.{module.called(one).rpartition('.')[2]}")
    owner = module.text(call.func.value) if isinstance(call.func, ast.Attribute) else edits.import_module(library)
    edits.wrap(statement, f"with {owner}.{kind}() as {name}:")
    return edits


def _inside(module: Module, node: ast.AST, holder: ast.AST) -> bool:
    return holder in module.ancestors(node)


def _check_call(module: Module, call: ast.Call) -> None:
    for one in call.keywords:
        if one.arg is None:
            raise Refused("its arguments are unpacked")
        if one.arg in ("cookies", "auth", "cert"):
            raise Refused(f"it passes {one.arg}, which a shared session could carry over to the next call")
    if "httpx" in module.called(call) and any(one.arg in ("verify", "proxy", "trust_env") for one in call.keywords):
        raise Refused("it passes options that belong to the client")


def _hoist_client(module: Module, call: ast.Call, loop: ast.AST | None, function: ast.FunctionDef) -> Edits:
    holder = module.parent(call)
    if not isinstance(holder, ast.Assign) or len(holder.targets) != 1 or not isinstance(holder.targets[0], ast.Name):
        raise Refused("only a client that is assigned to a name is understood")
    name = holder.targets[0].id
    if not isinstance(loop, ast.For) or holder not in loop.body:
        raise Refused("it is made under a condition")
    if module.locals_of(function).get(name) != 1:
        raise Refused(f"{name} is bound more than once")
    if not all(
        is_plain_constant(one) or isinstance(one, ast.Name) for one in (*call.args, *(k.value for k in call.keywords))
    ):
        raise Refused("it is made from computed arguments")
    for use in module.uses(name, function):
        outer = module.parent(use)
        if isinstance(use.ctx, ast.Load) and not (isinstance(outer, ast.Attribute) and outer.attr not in SETTERS):
            raise Refused(f"{name} is configured, closed or handed on in the loop")
        if isinstance(use.ctx, ast.Load) and not _inside(module, use, loop):
            raise Refused(f"{name} is used after the loop")
    if len(loop.body) < 2:
        raise Refused("the loop does nothing else")
    edits = Edits(module)
    edits.replace_statement(holder)
    edits.insert_before(loop, module.text(holder))
    return edits


RULES = (
    Rule(
        name="session-per-call",
        title="A connection is set up anew in every round of a loop",
        advice="Keep one session in {function}",
        risk="high",
        criteria=(
            "the same answers",
            "fewer connections, counted by a test server",
            "no cookie or credential of one call may reach another",
        ),
        ratio=Ratio(1.1, 3.0, 20.0, "one handshake in the place of one a call; counted, not timed"),
        find=find_sessions,
        plan=plan_session,
        words=("requests.", "httpx.", "boto3.", "PoolManager", "Redis(", "MongoClient", "HTTPSConnection"),
        part="callees",
        rationale="All calls of the loop go through one session, which keeps connections open and is closed after it.",
        narrows="Cookies that one answer sets are sent with the next call to the same host.",
    ),
)
