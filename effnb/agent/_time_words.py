"""Time as people say it, resolved against the newest data: the clock on the wall says nothing about what is stored.

Days are UTC and spans half-open. "Now" is the end of the data; "yesterday" is the last whole day before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from effnb.domain import Window

DAY = timedelta(days=1)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
UNITS = {"hour": timedelta(hours=1), "day": DAY, "week": 7 * DAY}

_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december|" + (
    "|".join(MONTHS) + r")\b\.?"
)
_CLOCK = r"(?:[ T](?:at )?(\d{1,2}):(\d{2})(?::\d{2})?(?: ?(?:utc|z)\b)?)?"
POINTS = {
    "iso": re.compile(rf"\b(\d{{4}})-(\d{{2}})-(\d{{2}}){_CLOCK}", re.IGNORECASE),
    "day_month": re.compile(
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})(?:,? (\d{{4}}))?{_CLOCK}", re.IGNORECASE
    ),
    "month_day": re.compile(
        rf"\b({_MONTH}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?{_CLOCK}", re.IGNORECASE
    ),
    "ordinal": re.compile(rf"\bthe (\d{{1,2}})(?:st|nd|rd|th)\b{_CLOCK}", re.IGNORECASE),
    "weekday": re.compile(rf"\b(?:last |past |this )?({'|'.join(WEEKDAYS)})\b{_CLOCK}", re.IGNORECASE),
    "yesterday": re.compile(r"\byesterday\b", re.IGNORECASE),
    "newest": re.compile(r"\b(?:the )?(?:newest|latest|most recent|last) (?:whole |full )?day\b", re.IGNORECASE),
}
SPANS = re.compile(
    rf"\b(?:(?:in|over|during|for|within) )?(?:the )?(?:last|past|previous) (\d+|{'|'.join(NUMBERS)}) "
    r"(hour|day|week)s?\b",
    re.IGNORECASE,
)
WEEK = re.compile(r"\b(?:(?:in|over|during|for|within) )?(?:the )?(?:last|past|previous|this) week\b", re.IGNORECASE)
WHOLE = re.compile(
    r"\b(?:(?:in|over|during|for|within|across) )?(?:all (?:the )?(?:data|time|days)|the (?:whole|entire) "
    r"(?:time|period|span|window|recording)|the (?:last |past )?(?:two weeks|fortnight))\b",
    re.IGNORECASE,
)
WEEKEND = re.compile(r"\b(?:(?:in|over|during|on|at) )?(?:the )?(?:last |past )?weekend\b", re.IGNORECASE)
NTH_WEEK = re.compile(r"\b(?:(?:in|over|during) )?the (first|second) (?:stored |full )?week\b", re.IGNORECASE)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_TIME = r"\d{1,2}:\d{2}"
_DATE = rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|{_DAY}(?: of)? {_MONTH}(?:,? \d{{4}})?|{_MONTH} (?:the )?{_DAY}(?:,? \d{{4}})?)"
SPELL_OUT = (
    # "8 to 10 October", "October 8 to 10", "8 October, 10:00 to 12:00" and the same with the date behind.
    (
        rf"\b({_DAY})( ?(?:to|and|until|till|through|–|-|vs\.?|versus|with|against) ?)({_DAY}(?: of)?) ({_MONTH})",
        r"\1 \4\2\3 \4",
    ),
    (rf"\b({_MONTH}) ({_DAY})( ?(?:to|and|until|till|through|–|-) ?)({_DAY})\b(?!:)", r"\1 \2\3\1 \4"),
    (
        rf"\b({_DATE}),? (?:between |from )?({_TIME})( ?(?:to|and|until|till|–|-) ?)({_TIME})(?: ?utc)?",
        r"between \1 \2\3\1 \4",
    ),
    (
        rf"\b(?:between|from) ({_TIME})( ?(?:to|and|until|till|–|-) ?)({_TIME})(?: ?utc)? on (?:the )?({_DATE})",
        r"between \4 \1\2\4 \3",
    ),
)
"""Spans whose shared part is said once, as each end said in full."""
WEEK_OF = re.compile(
    rf"\b(?:in |over |during |for )?(?:the )?week (?:of|from|starting|beginning)(?: on)?(?: the)? (?={_DATE})",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"\b(?:tomorrow|today|tonight|right now|next \w+|(?:last|past|previous|this|next) (?:month|year|quarter|summer|"
    r"winter|spring|autumn)|years? ago|months? ago|in \d{4}|\d{4}|in (?:january|february|march|april|may|june|july|"
    r"august|september|october|november|december)|christmas|black friday|q[1-4])\b",
    re.IGNORECASE,
)
FROM = re.compile(r"\b(?:between|since|from|starting|beginning|after|as of)(?: on)?(?: the)?\s*$", re.IGNORECASE)
UNTIL = re.compile(r"\b(?:until|till|up to|before|prior to)(?: the)?\s*$", re.IGNORECASE)
TO = re.compile(
    r"^\s*(?:to|until|till|through|and|–|-|up to|vs\.?|versus|with|against)(?: on)?(?: the)?\s*$", re.IGNORECASE
)
LEAD = re.compile(r"\b(?:between|from|since|on|in|during|at|of|for|until|till|up to|before|after|by|around|as of)"
                  r"(?: on)?(?: the)?\s*$", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A day or an instant that a question names."""

    first: int
    """Where in the text it begins."""
    last: int
    """Where it ends."""
    start: datetime
    """Its first instant."""
    end: datetime
    """First instant after it: a day later for a day, an hour later for a time of day."""


@dataclass(frozen=True)
class TimeWords:
    """What a question says about time."""

    windows: tuple[Window, ...] = ()
    """Spans it names: none, one, or two that it compares."""
    rest: str = ""
    """The question without its words about time."""
    problem: str = ""
    """Why its words about time cannot be used; empty when they can."""


def read_time(text: str, data: Window, also: Sequence[Window] = ()) -> TimeWords:
    """The spans that a question names, within the stored data.

    Args:
        text: The question.
        data: What is stored.
        also: Days that other records than samples are of; only naming one leads there.
    """
    found = _read(text, data)
    if found.problem:
        wider = (_read(text, Window(start=data.start, end=max(one.end, data.end))) for one in also)
        for other in wider:
            if any(window.overlaps(one) for window in other.windows for one in also):
                return other
    return found


def _read(text: str, data: Window) -> TimeWords:
    """The spans that a question names within one span of data."""
    for pattern, full in SPELL_OUT:
        text = re.sub(pattern, full, text, flags=re.IGNORECASE)
    for words, span in NAMED:
        if found := words.search(text):
            rest = text[: found.start()] + " TIME " + text[found.end() :]
            return _inside([span(found, data)], rest, data)
    week = WEEK_OF.search(text)
    if week:
        text = text[: week.start()] + "on " + text[week.end() :]
    points, dates = _points(text, data)
    outside = ELSEWHERE.search(_without(text, dates))
    if outside:
        return TimeWords(rest=text, problem=f"“{outside[0]}” lies outside of what is stored, {data}")
    if not points:
        return TimeWords(rest=text, problem="" if not dates else f"there is no such day in {data}")
    if week and len(points) == 1:
        points = [replace(points[0], end=points[0].start + 7 * DAY)]
    return _spans(text, points, data)


def _last_units(found: re.Match[str], data: Window) -> Window:
    number = found[1].lower()
    length = (int(number) if number.isdigit() else NUMBERS[number]) * UNITS[found[2].lower()]
    return Window(start=data.end - length, end=data.end)


def _weekend(_: re.Match[str], data: Window) -> Window:
    newest = _midnight(data.end - timedelta(seconds=1))
    saturday = newest - (newest.weekday() - 5) % 7 * DAY
    return Window(start=saturday, end=min(saturday + 2 * DAY, data.end))


def _nth_week(found: re.Match[str], data: Window) -> Window:
    start = data.start + (7 * DAY if found[1].lower() == "second" else timedelta())
    return Window(start=start, end=start + 7 * DAY)


def _midnight(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


NAMED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Window], Window]], ...] = (
    (WHOLE, lambda _, data: data),
    (SPANS, _last_units),
    (WEEK, lambda _, data: Window(start=data.end - 7 * DAY, end=data.end)),
    (WEEKEND, _weekend),
    (NTH_WEEK, _nth_week),
)


def _spans(text: str, points: list[Point], data: Window) -> TimeWords:
    one = points[0]
    before = text[: one.first]
    if len(points) == 1:
        if FROM.search(before):  # also a lone "between", which has lost its other end
            start = (
                one.end
                if re.search(r"\bafter\b[^.]*$", before, re.IGNORECASE) and one.end - one.start == DAY
                else one.start
            )
            windows = [(start, data.end)]
        elif UNTIL.search(before):
            windows = [(data.start, one.start)]
        else:
            windows = [(one.start, one.end)]
    elif len(points) == 2:
        two, between = points[1], text[one.last : points[1].first]
        apart = re.search(r"\b(?:vs|versus|with|against|than|compared?|to those)\b", between, re.IGNORECASE)
        asked = re.search(r"\b(?:compared?|differs?|differed|difference)\b", before, re.IGNORECASE)
        compared = bool(apart or asked)
        joined = TO.match(between) and (FROM.search(before) or "and" not in between.lower())
        if joined and not compared:
            windows = [(one.start, _last(two, between))]
        else:
            windows = [(one.start, one.end), (two.start, two.end)]
    else:
        return TimeWords(rest=text, problem="more than two days are named; ask about one span or two")
    rest = text
    for point in reversed(points):
        lead = LEAD.search(rest[: point.first])
        rest = rest[: lead.start() if lead else point.first] + " TIME " + rest[point.last :]
    wrong = next((pair for pair in windows if pair[0] >= pair[1]), None)
    if wrong:
        return TimeWords(rest=rest, problem=f"no stored data lies from {wrong[0]:%Y-%m-%d %H:%M} on; stored is {data}")
    return _inside([Window(start=start, end=end) for start, end in windows], rest, data)


def _last(point: Point, between: str) -> datetime:
    """End of a span: a day named after "to" belongs to it, one after "until" or a time of day does not."""
    whole_day = point.end - point.start == DAY
    return point.end if whole_day and not re.search(r"until|till|up to", between, re.IGNORECASE) else point.start


def _inside(windows: list[Window], rest: str, data: Window) -> TimeWords:
    for one in windows:
        if not one.overlaps(data) or one.start < data.start or one.end > data.end:
            return TimeWords(rest=rest, problem=f"{one} is not all within what is stored, {data}")
    return TimeWords(windows=tuple(windows), rest=rest)


def _without(text: str, points: list[tuple[int, int]]) -> str:
    for first, last in reversed(points):
        text = text[:first] + " " + text[last:]
    return text


def _points(text: str, data: Window) -> tuple[list[Point], list[tuple[int, int]]]:
    """Days and instants in the order they are named, and where dates stand, real ones or not."""
    found: list[Point] = []
    spans: list[tuple[int, int]] = []
    for kind, pattern in POINTS.items():
        for match in pattern.finditer(text):
            if any(match.start() < last and first < match.end() for first, last in spans):
                continue
            spans.append(match.span())
            if (when := READ[kind](match, data)) is not None:
                found.append(Point(*match.span(), *when))
    return sorted(found, key=lambda point: point.first), sorted(spans)


When = tuple[datetime, datetime] | None


def _iso(match: re.Match[str], _: Window) -> When:
    return _day(int(match[1]), int(match[2]), int(match[3]), match[4], match[5])


def _day_month(match: re.Match[str], data: Window) -> When:
    return _dated(match[2], match[1], match[3], match[4], match[5], data)


def _month_day(match: re.Match[str], data: Window) -> When:
    return _dated(match[1], match[2], match[3], match[4], match[5], data)


def _dated(month: str, day: str, year: str | None, hour: str | None, minute: str | None, data: Window) -> When:
    number = MONTHS.index(month[:3].lower()) + 1
    newest = data.end - timedelta(seconds=1)
    chosen = int(year) if year else newest.year - (number > newest.month + 6)
    return _day(chosen, number, int(day), hour, minute)


def _ordinal(match: re.Match[str], data: Window) -> When:
    newest = data.end - timedelta(seconds=1)
    return _day(newest.year, newest.month, int(match[1]), match[2], match[3])


def _weekday(match: re.Match[str], data: Window) -> When:
    newest = _midnight(data.end - timedelta(seconds=1))
    back = (newest.weekday() - WEEKDAYS.index(match[1].lower())) % 7
    day = newest - back * DAY
    return _day(day.year, day.month, day.day, match[2], match[3])


def _yesterday(_: re.Match[str], data: Window) -> When:
    midnight = _midnight(data.end)
    return midnight - DAY, midnight


READ: dict[str, Callable[[re.Match[str], Window], When]] = {
    "iso": _iso,
    "day_month": _day_month,
    "month_day": _month_day,
    "ordinal": _ordinal,
    "weekday": _weekday,
    "yesterday": _yesterday,
    "newest": _yesterday,
}


def _day(year: int, month: int, day: int, hour: str | None, minute: str | None) -> When:
    try:
        start = datetime(year, month, day, int(hour or 0), int(minute or 0), tzinfo=UTC)
    except ValueError:
        return None
    return start, start + (DAY if hour is None else timedelta(hours=1))
