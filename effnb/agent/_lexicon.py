"""The words questions about efficiency are made of: what means the same, and what says nothing about the subject.

A word of a question that is neither here nor a name of the workspace is not understood, and a question with such a
word is declined rather than answered without it: "GPU" must not become "CPU" by being left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from effnb.agent._entities import Kind

PHRASES = {
    r"how many|number of|how often|amount of|what number|count of|how much (?=METRIC)": "count",
    r"(?:at|to|on|for) how many per ?cent|at what per ?cent(?:age)?": "exposure",
    r"is filed (?:for|about)|filed against": "rise",
    r"(?:do|should|can) (?:i|we) call": "owner",
    r"how many times": "count",
    r"whose (?:code|function|service|file)": "owner",
    r"(?:was|were|is|are|did|does)(?:n't| not)(?: (?:get|be))? (?:filed|reported|flagged|raised|shown)": "dropped",
    r"responsible for (?:the )?(?:most|largest|biggest|highest)": "top",
    r"traffic split|split of (?:the )?traffic|traffic mix|request mix": "trafficshare",
    r"per request|per-request|a request\b|each request": "perrequest",
    r"let go|thrown away|left out|not (?:filed|reported)|threw away|sorted out|weeded out|held back": "dropped",
    (
        r"went up|gone up|go up|got worse|got (?:more )?(?:expensive|slower|dearer|costlier)|"
        r"more expensive|got heavier|(?:become|became|becoming) (?:more expensive|dearer|slower|costlier)|"
        r"cost(?:s|ing)? more|getting worse|moved up|gotten worse|costlier|more cpu|more costly|"
        r"slowed down|deteriorated?"
    ): "rise",
    (
        r"went down|gone down|got (?:cheaper|better|faster)|less expensive|"
        r"(?:become|became) (?:cheaper|faster)|cost(?:s)? less"
    ): "fall",
    (
        r"rolled out|roll out|rolling out|roll-out|went live|go live|reached? production|hit production|"
        r"in production"
    ): "rollout",
    r"since when|at what time|what time|which day|what day|on what day|how long ago|from when": "when",
    r"set to|at what value|what value|current value": "value",
    (
        r"belongs? to|in charge of|answers? for|answerable for|looks? after|take care of|takes care of|"
        r"turn to|talk to"
    ): "owner",
    r"responsible for (?:the )?(?=FUNCTION|SERVICE|ENDPOINT|FLAG|EXPERIMENT|PATH)": "owner",
    (
        r"reason for|reason behind|root cause|due to|because of|to blame|behind|led to|leads to|"
        r"lies behind"
    ): "cause",
    (
        r"look into|dig into|go into the cause|run (?:an?|the) investigation|"
        r"start (?:an?|the) investigation"
    ): "investigate",
    r"could be (?:made )?(?:cheaper|faster|optimi[sz]ed)|can be (?:made )?(?:cheaper|optimi[sz]ed)": "opportunity",
    (
        r"own code|itself|by itself|self[- ]time|self[- ]share|without (?:its )?callees|"
        r"excluding (?:its )?callees|not counting (?:its )?callees|exclusive|its own|own share|self cpu|"
        r"on its own|innermost|self"
    ): "selfshare",
    (
        r"including (?:its )?callees|with (?:its )?callees|callees included|inclusive|"
        r"counting (?:its )?callees|in total|altogether|overall|all in all"
    ): "",
    (
        r"traffic share|share of (?:the )?(?:\w+ )?(?:SERVICE )?(?:traffic|requests)|"
        r"share of SERVICE(?:'s)? (?:traffic|requests)|part of (?:the )?(?:SERVICE )?(?:traffic|requests)|"
        r"percentage of (?:the )?(?:SERVICE )?(?:traffic|requests)|"
        r"fraction of (?:the )?(?:SERVICE )?(?:traffic|requests)|"
        r"proportion of (?:the )?(?:SERVICE )?(?:traffic|requests)"
    ): "trafficshare",
    r"(?:share|fraction|part|proportion|how many) of (?:the |all )?(?:visitors|users|customers|shoppers)": "exposure",
    (
        r"what (?:else )?does FUNCTION (?:itself )?call\b|FUNCTION calls? (?:most|directly)|"
        r"functions? does FUNCTION call|"
        r"called (?:directly )?(?:by|from|below|under|inside|within) FUNCTION|does FUNCTION call|"
        r"FUNCTION call(?:s)? into"
    ): "callee FUNCTION",
    r"what does ENDPOINT call|does ENDPOINT call|called by ENDPOINT|called from ENDPOINT": "callee ENDPOINT",
    r"where does FUNCTION spend": "callee FUNCTION",
    r"is FUNCTION responsible for|does FUNCTION account for": "cost FUNCTION",
    r"over (?:the )?time|through time|day by day|hour by hour": "history",
    r"come(?:s)? from": "caller",
    (
        r"how small|smallest (?:regression|rise|increase|change|slowdown)|minimum detectable|"
        r"can (?:be |we |one |i |it |you |still be |just be )?(?:see|detect|seen|detected|find|found|notice|noticed)|"
        r"could (?:be )?(?:see|detect|seen|detected|notice)|detection (?:limit|power|threshold)|detectable"
    ): "power",
    r"source code|code of|implemented": "source",
    r"written about|write about|talk(?:ed|ing)? about|post(?:ed)? about": "said",
    r"in the (?:chat|channel|discussion|discussions)": "said",
    r"own functions|own code|our (?:own )?(?:code|functions)": "own functions",
    r"written down|on paper|page of the (?:docs|documentation)|"
    r"(?:page|section) (?:describes|explains|says|covers|has|tells|is about|documents)": "doc",
    r"by whom": "who",
    r"whom (?:do|should|can|could) (?:i|we) (?:ask|contact)|who (?:do|can|could) (?:i|we) (?:ask|contact)": "owner",
    r"announced (?:about|in)|(?:was|is|were) FLAG announced|announcements? (?:of|about|for)|"
    r"did (?:anybody|anyone|somebody|someone|people) (?:announce|write|say|mention|post)|"
    r"messages? (?:about|on|mention)|wrote about|write about|in the messages|people say": "said",
    r"according to (?:the )?(?=DOC|docs|documentation|runbook|notes?)": "doc ",
    (
        r"kind of|sort of|a lot|at all|at most|at the moment|right now|so far|of them|out of|as well|"
        r"each of|any of"
    ): "",
}
"""Several words that are one thing, tried in this order; kinds of names are in capitals."""

SAME_TEXT = """
cost: cost costs costing cpu gcpu share shares consume consumes consumed consumption spend spends spent burn burns
    burned take takes taken taking eat eats use uses used usage using expense expensive processor percent percentage
    fraction portion budget proportion footprint compute account accounts heavy dear costly weigh weighs
    part cpus spending eating burning contribute contributes attributable samples sample percents
    went going goes spending sits time cycles chew chews heavier footprints processing
    spender spenders hog hogs hungry guzzle guzzles burden intensive demanding accounted expenditure footprints spend
    eaten utilisation utilization gobble gobbles swallow swallows devours hungriest draw draws
top: top most heaviest hottest biggest largest dearest costliest highest greatest main hot hotspot hotspots leading
    busiest max maximum peak heavier priciest worst tops
    first ranked ranking
    hungriest offender offenders chief major principal topmost noisiest loudest
rise: regress regression regressions regressed worse dearer rose risen rise rises grew grow growth grown increase
    increased increases jump jumped jumps climb climbed slower degrade degraded worsened worsen slowdown rising
    higher growing step
    regressing surged surge spiked spike ballooned swelled swell soared inflated climbing costlier elevated
    deteriorate deteriorated slowed offender offenders
fall: improve improved improvement improvements better fell fall fallen decrease decreased down reduced reduce
    reduction faster cheaper shrank shrunk sank lower
    saved declined decline plunged quicker speedup gain gains win wins won
dropped: dropped drop drops suppressed suppress suppressing suppression ignored ignore discarded discard filtered
    filter filters dismissed rejected reject throw threw
    discards excluded exclude skipped skip muted silenced
cause: cause caused causes causing culprit reason reasons blame explain explains why trigger triggered introduced
    introduce responsible brought suspect suspected guilty explanation suspects
    attributed attribute attributable blamed behind origin trace traced
owner: owns owner owners own owned ownership maintain maintains maintainer maintained
    responsible accountable
    contact
change: change changes changed commit commits committed merge merged edit edits edited patch patches landed
    modification modifications modified changing arrived arrive reached reaches
    altered alter alters alteration alterations shipped applied touched introduced modify modifies
commit: commit commits
rollout: rollout rollouts deploy deploys deployed deployment deployments release releases released version versions
    rolled shipped ship
    rollback rolls deploying delivered delivery live
setting: setting settings config configs configuration configurations key keys parameter parameters option
    configured knob knobs
    setpoint tuned tuning tune adjust adjusted adjustment adjustments
flag: flag flags toggle toggles toggled feature
experiment: experiment experiments ramp ramps ramped ramping launch launches launched trial trials
exposure: exposure exposed visitors users audience everybody everyone reach
    enabled switched fully turned ramped
planned: planned announced announce announces expected estimated estimate promised registered predicted
    budgeted
    plan planning
measured: measured measure actual actually really observed measurement effect seen turned impact
    reality practice true
doc: doc docs documentation documented runbook runbooks guide guides guideline policy policies rule rules
    handbook manual note notes document documents
    instructions instruction procedure procedures documentation's advice
said: said say says discuss discussed discussion discussions messages channel chat
    mention mentioned conversation posted
    announce posted talk talked
    commented remark remarks
caller: caller callers calls called call invoke invokes invoked calling parent parents
    invocations invocation callsites
callee: callee callees child children below underneath
source: code source implementation defined definition located lives live sources body
    contents
file: file files
    where line module
reads: read reads reading readers reader consult consults
find: find search occurs occur occurrences contain contains containing grep appears appear
log: log logs logger loggers logging logged writes chattiest noisiest
    emits emit template templates
    lines
    noisy verbose talkative chatty chattier volume written
metric: METRIC slow latency memory errors series metric metrics
request: request requests traffic load hits visits endpoints endpoint queries rps page pages throughput qps handled
    served serve serves
    requested served rate
count: count many number total often
    times tally sum
when: when time date day began begin begins start started moment onset
    moment instant timestamp
who: who whom author authored wrote made whose
    team teams
    committer creator person
value: value values
    old new current currently
history: history trend trends develop developed develops chart plot draw graph evolve evolved course timeline curve
compare: compare compared comparison difference differ differs differed diff versus vs between against than moved
    move shift shifted
opportunity: opportunity opportunities optimise optimize optimisation optimization optimisations savings saving
    wasteful waste inefficient pattern patterns
fix: fix fixes fixed resolved verified proved repaired
    patchset repair repairs remedy remedies
power: smallest detect detected detectable power sensitivity minimal minimum visible
    sensitive noticeable threshold resolvable
investigate: investigate investigation analyse analyze
triage: triage
function: function functions method methods routine routines code frame frames
size: much big large size far strongly amount magnitude extent many
near: near around close same nearby beside alongside neighbourhood
touch: touch touches touched affect affects affected edits
second: second seconds sec
average: average mean avg typical typically
"""
"""Words that mean the same in a question, under the name that the examples of intents are compared by."""

HARMLESS = frozenset(
    """
    % cent access commonly upon onwards onward thereafter afterwards meanwhile
    almost towards toward across along above
    quantify calculate compute determine identify retrieve fetch lookup return returns give gives given gave shows shown
    showed let's id ids called titled title identity exact precise definite
    happening occurring occurred belonging consisting seem seems seemed appear appears appeared
    kindly guys folks mate quick question regarding particular specific specifically certain
    breakdown rundown summary snapshot split stats statistics numbers
    under beneath detection detector away relative people anybody anyone somebody someone everyone message
    messages told lines record records
    page pages section paragraph ask write wrote written rank lead leads plan path before after from left stand stands
    among list lists listed listing listing's terms respect regarding concerning share's given compared
    shop storefront application app code's fleet whole caused's
    a an the and or of in on at for with as is are was were be been being am it its it's s t re ve this that these
    those there here i me my we us our you your they their them he she do does did done doing can could would may
    might must shall have has had having get gets got getting gotten what which who whom whose where when why how much
    many some any all every each both other another one ones only just also too very really quite still yet already
    ever never not no yes please tell show give list name let know see look say want need like about into onto from to
    by than then so such if but out up off per now currently presently exactly roughly approximately around precisely
    right thing things something anything everything kind kinds sort type types way work works working go goes going
    come comes came put set run runs ran running make makes made find found help happen happened happens happening
    looks looking think service services server's system lately recently newest latest recent last first second third
    again once twice while during through throughout within since until till between before after because whether
    single whole entire full complete overall general total sum altogether hello hi hey thanks thank okay ok well
    available known stored recorded data information info figure figures answer question detail details place places
    area point points step steps case cases item items row rows entry entries doesn't don't didn't isn't wasn't aren't
    haven't hasn't display print report reported reports present provide describe summarise summarize overview summary
    exist exists existing become became becomes becoming turn turned turns keep keeps kept receive receives received
    handle handles handled sees saw day days hour hours minute minutes week weeks utc o'clock result results outcome
    status state check checked inside outside side interested curious wonder wondering filed file pick picked chosen
    different differently same similar high low big small large little long short bad good fine actual actually quick
    quickly fast simply possibly probably maybe perhaps ago today's noise threshold merged
    """.split()  # noqa: SIM905  # a table
)
"""Words that say nothing about the subject."""

STOPS = ".,;:!?()'"
WORD = re.compile(r"[A-Za-z][A-Za-z'’]*|%")
KINDS = frozenset(get_args(Kind)) | {"TIME"}


def _table(text: str) -> dict[str, tuple[str, ...]]:
    """Meanings by word; a line that is indented goes on with the one before."""
    found: dict[str, tuple[str, ...]] = {}
    for line in re.sub(r"\n\s+", " ", text).strip().splitlines():
        meaning, _, said = line.partition(":")
        for word in said.split():
            found[word] = (*found.get(word, ()), meaning)
    return found


_MEANS = _table(SAME_TEXT)
MEANINGS = frozenset(meaning for every in _MEANS.values() for meaning in every) | frozenset(
    word for said in PHRASES.values() for word in said.split() if word.islower()
)
VOCABULARY = frozenset(_MEANS) | HARMLESS | MEANINGS
"""Every word that is understood."""


def meanings(rest: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """What a question without its names says, and its words that are not understood.

    Args:
        rest: The question with names and times replaced by their kinds in capitals.
    """
    text = _joined(rest)
    meant: set[str] = set()
    unknown: list[str] = []
    for match in WORD.finditer(text):
        word = match[0]
        if word in KINDS:
            meant.add(word)
            continue
        word = word.lower().replace("’", "'").removesuffix("'s").strip("'")
        if word in _MEANS:
            meant.update(_MEANS[word])
        elif word in MEANINGS:
            meant.add(word)
        elif word and word not in HARMLESS and not word.endswith("ly"):
            unknown.append(_as_said(match[0], rest))
    return frozenset(meant), tuple(unknown)


def _as_said(word: str, text: str) -> str:
    found = re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
    return found[0] if found is not None else word


def _joined(text: str) -> str:
    # Kinds stay in capitals: "function calls" is not "FUNCTION calls".
    text = " ".join(word if word.strip(STOPS) in KINDS else word.lower() for word in text.split())
    for phrase, meant in PHRASES.items():
        text = re.sub(rf"\b(?:{phrase})\b", f" {meant} ", text)
    return text


def content(rest: str) -> Iterator[str]:
    """Words that carry a subject, for searches in documents and discussions."""
    for match in WORD.finditer(rest):
        word = match[0].lower()
        if match[0] not in KINDS and word not in HARMLESS:
            yield match[0]
