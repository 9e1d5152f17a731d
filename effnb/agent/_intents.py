"""The questions that can be answered: how people put them, what they have to name, and what reads the answer.

Examples are written with kinds of names in capitals, as questions are compared: ``how much cpu does FUNCTION take``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from effnb.agent import _read_context as context
from effnb.agent import _read_costs as costs
from effnb.agent import _read_findings as findings
from effnb.agent._asked import Reader
from effnb.agent._lexicon import meanings


@dataclass(frozen=True)
class Intent:
    """A kind of question."""

    name: str
    """Its name."""
    read: Reader | None
    """Makes the calls and reads the answer; null for what starts a skill."""
    examples: tuple[str, ...]
    """How it is put; the first is offered to people."""
    signs: tuple[str, ...]
    """Meanings of which a question has to have one."""
    takes: tuple[str, ...]
    """Kinds of names it can use; a question with another one is of another kind."""
    needs: tuple[str, ...] = ()
    """Kinds of names of which a question has to have one."""
    timed: bool = True
    """Whether it can be asked of a span."""
    free: bool = False
    """Whether words that are not understood are what it searches for."""
    refuses: tuple[str, ...] = ()
    """Meanings that make a question one of another kind."""
    also: tuple[str, ...] = ()
    """Meanings of which it has to have one besides its sign."""

    @cached_property
    def meant(self) -> tuple[frozenset[str], ...]:
        """What each example says."""
        return tuple(meanings(example)[0] for example in self.examples)


def _said(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


CODE = ("FUNCTION", "ENDPOINT")

INTENTS = (
    Intent(
        "function-cost",
        costs.function_cost,
        _said("""how much cpu does FUNCTION take in SERVICE TIME
            what share of SERVICE goes into FUNCTION
            gcpu of FUNCTION
            what does FUNCTION cost
            how expensive is FUNCTION
            how much does FUNCTION itself cost, selfshare of FUNCTION
            how many samples contain FUNCTION
            cost of the FUNCTION function in SERVICE"""),
        ("cost", "selfshare"),
        (*CODE, "SERVICE"),
        CODE,
        refuses=(
            "perrequest",
            "trafficshare",
            "caller",
            "callee",
            "rise",
            "fall",
            "dropped",
            "request",
            "history",
            "cause",
            "opportunity",
            "power",
            "planned",
            "latency",
            "memory",
            "change",
        ),
    ),
    Intent(
        "top-functions",
        costs.top_functions,
        _said("""what costs most in SERVICE TIME
            which functions of SERVICE are the most expensive
            where does the cpu of SERVICE go
            top functions of SERVICE
            what costs most below FUNCTION in SERVICE
            which function of SERVICE has the largest selfshare"""),
        ("cost", "top", "selfshare"),
        ("SERVICE", "FUNCTION"),
        ("SERVICE",),
        refuses=(
            "compare",
            "perrequest",
            "trafficshare",
            "caller",
            "rise",
            "fall",
            "dropped",
            "request",
            "cause",
            "opportunity",
            "power",
            "metric",
            "log",
            "change",
            "owner",
            "experiment",
            "doc",
            "commit",
            "setting",
            "rollout",
        ),
    ),
    Intent(
        "callers",
        costs.neighbours,
        _said("""who calls FUNCTION in SERVICE TIME
            callers of FUNCTION
            which function calls FUNCTION most
            where does the cost of FUNCTION come from"""),
        ("caller",),
        (*CODE, "SERVICE"),
        CODE,
        refuses=("callee", "rise", "cause", "log", "dropped"),
    ),
    Intent(
        "callees",
        costs.neighbours,
        _said("""callees of FUNCTION
            what does FUNCTION call in SERVICE TIME
            which functions are called by FUNCTION
            where does FUNCTION spend its cpu, what does it call"""),
        ("callee",),
        (*CODE, "SERVICE"),
        CODE,
        refuses=("rise", "cause", "dropped"),
    ),
    Intent(
        "history",
        costs.history,
        _said("""how did FUNCTION develop in SERVICE TIME
            history of FUNCTION
            trend of the cpu of FUNCTION over time
            plot FUNCTION in SERVICE"""),
        ("history",),
        (*CODE, "SERVICE"),
        CODE,
        refuses=("request", "trafficshare", "metric", "cause", "change"),
    ),
    Intent(
        "compare",
        costs.compared,
        _said("""how did the cpu of SERVICE change TIME compared with TIME
            compare SERVICE TIME with TIME
            how does the cpu of SERVICE on TIME differ from TIME
            what changed most in SERVICE between TIME and TIME
            how much more cpu does FUNCTION take TIME than TIME
            which functions moved most TIME against TIME
            by how much did FUNCTION move, TIME against TIME"""),
        ("compare", "change", "rise", "fall", "cost", "top"),
        (*CODE, "SERVICE"),
        (*CODE, "SERVICE"),
        refuses=("cause", "dropped", "request", "rollout", "setting"),
    ),
    Intent(
        "endpoints",
        costs.endpoints,
        _said("""how many requests did ENDPOINT get in SERVICE TIME
            which endpoint of SERVICE has the most traffic
            trafficshare of ENDPOINT
            cost per request of ENDPOINT
            which endpoint of SERVICE costs most per request
            requests a second of SERVICE TIME
            endpoints of SERVICE by traffic
            what share of the cpu of SERVICE does the ENDPOINT endpoint take"""),
        ("request", "perrequest", "trafficshare"),
        ("ENDPOINT", "SERVICE"),
        ("ENDPOINT", "SERVICE"),
        refuses=(
            "log",
            "metric",
            "rise",
            "cause",
            "caller",
            "doc",
            "said",
            "experiment",
            "owner",
            "average",
            "history",
        ),
    ),
    Intent(
        "metric",
        costs.metric,
        _said("""METRIC of ENDPOINT in SERVICE TIME
            how high was the METRIC of SERVICE TIME
            how many METRIC did SERVICE have TIME
            average METRIC of ENDPOINT
            how did METRIC of SERVICE develop TIME
            peak METRIC of SERVICE"""),
        ("METRIC",),
        ("METRIC", "ENDPOINT", "SERVICE"),
        ("METRIC",),
        refuses=("cause", "doc", "said", "log", "reads", "commit", "setting", "rise", "owner"),
    ),
    Intent(
        "regressions",
        findings.filed_changes,
        _said("""which regressions are filed in SERVICE
            what got worse in SERVICE TIME
            how many regressions were found
            what is the largest regression of SERVICE
            what got cheaper in SERVICE
            which improvements are filed
            which planned rises are there"""),
        ("rise", "fall"),
        ("SERVICE",),
        refuses=(
            "cause",
            "near",
            "dropped",
            "power",
            "opportunity",
            "owner",
            "doc",
            "said",
            "request",
            "perrequest",
            "experiment",
            "rollout",
            "setting",
            "commit",
        ),
    ),
    Intent(
        "regression",
        findings.regression,
        _said("""how much did FUNCTION get more expensive in SERVICE
            since when is FUNCTION slower
            when did FUNCTION get worse
            by how much did FUNCTION rise
            what is REGRESSION
            how large is the regression of FUNCTION
            how much cheaper did FUNCTION become
            did FUNCTION get worse TIME
            describe REGRESSION"""),
        ("rise", "fall", "REGRESSION"),
        (*CODE, "SERVICE", "REGRESSION"),
        (*CODE, "REGRESSION"),
        refuses=(
            "cause",
            "dropped",
            "near",
            "power",
            "who",
            "owner",
            "investigate",
            "commit",
            "fix",
            "opportunity",
            "callee",
        ),
    ),
    Intent(
        "cause",
        findings.cause,
        _said("""why did FUNCTION get more expensive in SERVICE
            which change caused REGRESSION
            which change made FUNCTION slower
            what is behind the regression of FUNCTION
            who caused the regression of FUNCTION
            what made SERVICE more expensive TIME
            which commit is responsible for REGRESSION
            cause of REGRESSION
            why did FUNCTION get cheaper"""),
        ("cause", "who", "change"),
        (*CODE, "SERVICE", "REGRESSION"),
        (*CODE, "SERVICE", "REGRESSION"),
        refuses=("dropped", "near", "METRIC", "touch", "reads"),
        also=("rise", "fall", "REGRESSION", "cause"),
    ),
    Intent(
        "investigate",
        None,
        _said("""investigate REGRESSION
            investigate FUNCTION in SERVICE
            investigate the regression of FUNCTION
            start an investigation of SERVICE"""),
        ("investigate",),
        (*CODE, "SERVICE", "REGRESSION"),
        (*CODE, "SERVICE", "REGRESSION"),
    ),
    Intent(
        "triage",
        None,
        _said("""triage SERVICE
            triage the regressions"""),
        ("triage",),
        ("SERVICE",),
        timed=False,
    ),
    Intent(
        "dropped",
        findings.dropped,
        _said("""what was dropped in SERVICE TIME
            how many change points were dropped as STAGE in SERVICE
            why was FUNCTION not reported, dropped
            what was dropped near REGRESSION
            which change points were suppressed"""),
        ("dropped", "near", "STAGE"),
        ("FUNCTION", "SERVICE", "STAGE", "REGRESSION"),
        refuses=("owner", "rollout"),
    ),
    Intent(
        "power",
        costs.power,
        _said("""what is the smallest regression that can be seen in SERVICE
            how small a rise of FUNCTION can be detected in SERVICE
            how soon is a rise of FUNCTION detected"""),
        ("power",),
        (*CODE, "SERVICE"),
        (*CODE, "SERVICE"),
        timed=False,
        refuses=("dropped", "cause"),
    ),
    Intent(
        "opportunities",
        findings.opportunities,
        _said("""which opportunities are there in SERVICE
            what could be cheaper in SERVICE
            how many opportunities of PATTERN
            where can we save cpu, optimise"""),
        ("opportunity", "PATTERN", "OPPORTUNITY"),
        ("SERVICE", "PATTERN", "OPPORTUNITY"),
        timed=False,
        refuses=("cause", "fix", "rise"),
    ),
    Intent(
        "fixes",
        findings.fixes,
        _said("""which fixes were made
            is there a fix for REGRESSION
            show FIX
            how many fixes"""),
        ("fix", "FIX"),
        ("FIX", "REGRESSION", "OPPORTUNITY", "FUNCTION"),
        timed=False,
        refuses=("cause",),
    ),
    Intent(
        "changes",
        context.changes,
        _said("""what changed in SERVICE TIME
            how many changes reached SERVICE TIME
            which commits landed in SERVICE TIME
            list the changes of SERVICE"""),
        ("change", "commit"),
        ("SERVICE",),
        ("SERVICE",),
        refuses=(
            "cause",
            "setting",
            "flag",
            "experiment",
            "rise",
            "fall",
            "dropped",
            "doc",
            "said",
            "touch",
            "cost",
            "top",
            "metric",
            "selfshare",
            "reads",
            "owner",
        ),
    ),
    Intent(
        "change",
        context.change,
        _said("""who wrote CHANGE
            what does CHANGE touch
            when did CHANGE reach GROUP in SERVICE
            what is CHANGE about
            which functions does CHANGE change
            which functions read KEY
            which code reads FLAG
            when was CHANGE deployed, rollout"""),
        ("CHANGE", "reads", "touch"),
        ("CHANGE", "KEY", "FLAG", "GROUP", "SERVICE"),
        ("CHANGE", "KEY", "FLAG"),
        timed=False,
        refuses=("find",),
    ),
    Intent(
        "rollouts",
        context.rollouts,
        _said("""which version was deployed in SERVICE TIME
            how many rollouts did SERVICE have TIME
            when was SERVICE deployed to GROUP
            which releases reached GROUP of SERVICE TIME"""),
        ("rollout",),
        ("SERVICE", "GROUP"),
        ("SERVICE",),
        refuses=("cause", "setting", "experiment", "doc", "said", "rise", "commit", "log", "cost", "owner"),
    ),
    Intent(
        "settings",
        context.settings,
        _said("""what is the value of KEY
            who changed KEY and when
            which settings changed in SERVICE TIME
            what was KEY before
            from what to what was KEY changed
            how many settings of SERVICE changed TIME
            when did FLAG reach everybody
            to what share of the visitors is FLAG on, exposure
            how was FLAG ramped, history of FLAG
            which flags changed in SERVICE TIME"""),
        ("setting", "flag", "KEY", "FLAG"),
        ("KEY", "FLAG", "SERVICE"),
        ("KEY", "FLAG", "SERVICE"),
        refuses=("cause", "owner", "doc", "said", "reads", "find", "planned", "measured", "rise", "cost", "source"),
    ),
    Intent(
        "experiments",
        context.experiments,
        _said("""which experiments run in SERVICE
            how many experiments are there
            who runs EXPERIMENT
            what did EXPERIMENT announce, planned cost of EXPERIMENT
            planned cost of FLAG
            how was EXPERIMENT ramped
            which launches are on"""),
        ("experiment", "EXPERIMENT", "planned"),
        ("EXPERIMENT", "FLAG", "SERVICE"),
        timed=False,
        refuses=("measured", "cause", "rise", "doc", "said"),
    ),
    Intent(
        "experiment-result",
        context.experiment,
        _said("""what does EXPERIMENT cost
            how much cpu does FLAG cost
            what did EXPERIMENT really cost, measured
            is EXPERIMENT as expensive as announced
            result of EXPERIMENT
            did FLAG cost more than planned"""),
        ("cost", "measured", "rise"),
        ("EXPERIMENT", "FLAG", "SERVICE"),
        ("EXPERIMENT", "FLAG"),
        timed=False,
        refuses=("cause", "owner", "doc", "said", "exposure"),
    ),
    Intent(
        "owner",
        context.owner,
        _said("""who owns FUNCTION
            which team is responsible for SERVICE
            owner of ENDPOINT
            whom do I ask about FUNCTION
            who owns PATH
            who owns FLAG
            owner of EXPERIMENT
            who maintains SERVICE"""),
        ("owner",),
        (*CODE, "SERVICE", "PATH", "FLAG", "EXPERIMENT", "REGRESSION"),
        (*CODE, "SERVICE", "PATH", "FLAG", "EXPERIMENT", "REGRESSION"),
        timed=False,
        refuses=("doc", "said", "commit", "cause", "selfshare"),
    ),
    Intent(
        "source",
        context.source,
        _said("""show the source of FUNCTION
            where is FUNCTION defined
            which file is FUNCTION in
            code of FUNCTION
            at which line does FUNCTION begin"""),
        ("source", "file"),
        CODE,
        CODE,
        timed=False,
        refuses=("cause", "cost", "caller", "owner", "rise", "opportunity"),
    ),
    Intent(
        "occurrences",
        context.occurrences,
        _said("""where in the code is QUOTED used
            find QUOTED in the source
            which lines contain KEY
            how many lines of code mention FLAG
            search the code for QUOTED"""),
        ("source", "find", "file"),
        ("QUOTED", "KEY", "FLAG"),
        ("QUOTED", "KEY", "FLAG"),
        timed=False,
        refuses=("doc", "cause", "cost", "value"),
    ),
    Intent(
        "documents",
        context.documents,
        _said("""what does DOC say about QUOTED
            what does the runbook say
            which page of the documentation describes it
            is there a rule, policy or guide about it
            what do the docs say about KEY
            where is it documented"""),
        ("doc", "DOC"),
        ("DOC", "KEY", "FLAG", "SERVICE", "QUOTED", "ENDPOINT", "METRIC", "FUNCTION"),
        timed=False,
        free=True,
        refuses=("said-only",),
    ),
    Intent(
        "discussions",
        context.discussions,
        _said("""what was said about FLAG TIME
            did anybody announce QUOTED
            what did people discuss TIME
            who mentioned KEY in the channel
            what do messages say about it"""),
        ("said",),
        ("FLAG", "KEY", "SERVICE", "QUOTED", "EXPERIMENT", "ENDPOINT", "METRIC", "FUNCTION"),
        free=True,
        refuses=("doc", "DOC", "log"),
    ),
    Intent(
        "logs",
        context.logs,
        _said("""who writes most of the log in SERVICE
            which logger of SERVICE is the chattiest
            what is logged most in SERVICE TIME
            log templates of SERVICE
            records of LEVEL in the log of SERVICE"""),
        ("log", "LEVEL"),
        ("SERVICE", "LEVEL", "QUOTED"),
        ("SERVICE",),
        refuses=("rise", "cause", "doc", "cost", "METRIC", "code", "change"),
    ),
)
"""Every kind of question that can be answered without a language model."""
