"""An independent reading of docs/funnel.md in plain Python: stage lists, options, stage passes and their rows.

Slow and exact on purpose, and nothing here is shared with the extension. What is built on the rows is in
funnel_totals.py and funnel_survival.py, the condition functions in funnel_windows.py and funnel_sequences.py.
"""

import re
from dataclasses import dataclass, field
from datetime import time, timedelta
from fractions import Fraction
from typing import Any, NamedTuple, Optional

from reference_input import EPOCH, NO_LABEL, by_entity, format_time, id_order, is_missing, parse_duration, parse_time


class Stage(NamedTuple):
    name: str
    optional: bool = False
    limit: Optional[int] = None  # microseconds since the stage before


class Event(NamedTuple):
    entity: Any
    us: int
    raw_time: Any  # as it came in; its form is the form of the output
    stage: str
    label: Optional[str]  # None without a label column
    id: Any
    held: Optional[str]  # None without hold=


class Row(NamedTuple):
    """A row of funnel()."""

    entity: Any
    pass_number: int
    label: Optional[str]
    stage_no: int
    stage: str
    entered_at: Any
    left_at: Any
    seconds_in_stage: Optional[Fraction]
    outcome: str
    inferred: int
    event_id: Any
    pass_started_at: Any
    furthest: int
    held: Optional[str]


# ---------------------------------------------------------------- stage lists and options


def split_outside_quotes(text, separator):
    """'a > "b > c"' -> ['a ', ' "b > c"']."""
    parts, quoted = [""], False
    for character in text:
        quoted ^= character == '"'
        if character == separator and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


STAGE = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^>?\[\]"]*?))\s*((?:\?|\[[^\]]*\]|\s)*)')


def parse_stages(text):
    """'inquiry > mql > sal [2 days] > sql? > won' -> Stages. The text is well formed: errors are tested elsewhere."""
    stages = []
    for part in split_outside_quotes(text, ">"):
        quoted, plain, marks = STAGE.fullmatch(part).groups()
        name = plain if quoted is None else quoted.replace('""', '"')
        limit = re.search(r"\[(.*)\]", marks)
        stages.append(Stage(name, "?" in marks, limit and parse_duration(limit[1])))
    return stages


@dataclass
class Settings:
    window: Optional[int] = None
    order: str = "ordered"
    exits: tuple = ()
    exclude: tuple = ()
    exclude_drop: tuple = ()
    recycle: Optional[int] = None
    boomerang: bool = False
    label: str = "first"
    passes: str = "all"
    hold: Optional[str] = None
    as_of: Optional[int] = None
    time_unit: str = "s"
    by: Optional[str] = None
    period: Optional[str] = None
    confidence: Fraction = Fraction(95, 100)
    step: Optional[int] = None


def parse_settings(text):
    """'window=90 days; exits=lost,dead' -> Settings. The text is well formed: errors are tested elsewhere."""
    pairs = dict(part.strip().split("=", 1) for part in (text or "").split(";") if part.strip())
    settings = Settings()
    for name, value in pairs.items():
        if name in ("window", "recycle", "step"):
            value = parse_duration(value)
        elif name in ("exits", "exclude", "exclude_drop"):
            value = tuple(label.strip().lower() for label in value.split(","))
        elif name == "boomerang":
            value = value == "on"
        elif name == "as_of":
            value = parse_time(value, pairs.get("time_unit", "s"))
        elif name == "confidence":
            value = Fraction(value)
        setattr(settings, name, value)
    return settings


# ---------------------------------------------------------------- events


def load_events(rows, settings, has_label=True):
    """Rows (id, entity, ts, stage, label, held) -> Events of the whole relation, later ones than now included.

    Rows without an entity or a time are skipped; so they do not make `now` later either.
    """
    events = []
    for id_, entity, ts, stage, label, held in rows:
        us = parse_time(ts, settings.time_unit)
        if is_missing(entity) or us is None:
            continue
        known_label = text_or_none(label) if has_label else None
        known_held = text_or_none(held) if settings.hold else None
        events.append(Event(entity, us, ts, text_or_none(stage), known_label, id_, known_held))
    return events


def text_or_none(value):
    return NO_LABEL if is_missing(value) else str(value)


def event_order(funnel):
    """At one instant: listed stages in funnel order, exits, exclude_drop, exclude, all others; then texts and id."""
    ranks = {"exits": 1, "exclude_drop": 2, "exclude": 3, "other": 4}

    def key(event):
        kind = funnel.kind(event)
        rank = (0, funnel.place(event)) if kind == "stage" else (ranks[kind], 0)
        return (event.us, rank, event.stage, event.label or "", event.held or "", id_order(event.id))

    return key


# ---------------------------------------------------------------- passes


class Entry(NamedTuple):
    """A stage that a pass entered."""

    number: int  # 1 = the first stage; under order=any the first stage seen
    stage: str
    event: Event
    inferred: bool = False


class End(NamedTuple):
    outcome: str  # won, exited, recycled, removed
    cause: str  # won, exits, exclusion, deadline, recycled, strict: what decides which stage may open the next pass
    us: int
    form: Any  # the time whose form `left_at` has


@dataclass
class Pass:
    entries: list = field(default_factory=list)
    end: Optional[End] = None

    @property
    def opened(self):
        return self.entries[0].event

    @property
    def last(self):
        return self.entries[-1]


class Funnel(NamedTuple):
    stages: list
    settings: Settings

    def names(self):
        return [stage.name for stage in self.stages]

    def place(self, event):
        """The number of the event's stage in the list."""
        return self.names().index(event.stage) + 1

    def kind(self, event):
        if event.stage in self.names():
            return "stage"
        for kind in ("exits", "exclude_drop", "exclude"):
            if event.stage.lower() in getattr(self.settings, kind):
                return kind
        return "other"

    def next_stages(self, number):
        """Numbers of the stages that may come next: optional ones, up to the next mandatory one, which is the last."""
        following = range(number + 1, len(self.stages) + 1)
        mandatory = next(k for k in following if not self.stages[k - 1].optional)
        return range(number + 1, mandatory + 1)


class Walk:
    """The passes of the events of one entity (or of one held value of it), seen one event after the other."""

    def __init__(self, funnel):
        self.funnel = funnel
        self.settings = funnel.settings
        self.passes = []

    @property
    def current(self):
        """The open pass."""
        return self.passes[-1] if self.passes and self.passes[-1].end is None else None

    def see(self, event):
        self.expire(event.us)
        kind = self.funnel.kind(event)
        if self.current is None:
            if kind == "stage" and self.may_open(event):
                self.open(event)
        elif kind == "stage":
            if self.settings.order == "any":
                self.collect(event)
            else:
                self.advance(event)
        elif kind == "exits":
            self.finish("exited", "exits", event)
        elif kind == "exclude":
            self.finish("exited", "exclusion", event)
        elif kind == "exclude_drop":
            self.finish("removed", "exclusion", event)
        elif self.settings.order == "strict":
            self.finish("exited", "strict", event)

    def finish(self, outcome, cause, event):
        self.current.end = End(outcome, cause, event.us, event.raw_time)

    def expire(self, us):
        """Ends the open pass by a deadline that lies before this time."""
        if self.current is not None:
            deadline = self.deadline()
            if deadline is not None and deadline.us < us:
                self.current.end = deadline

    def deadline(self):
        """The earliest deadline of the open pass; of equal ones `recycled`."""
        opened, entered = self.current.opened, self.current.last.event
        deadlines = []
        if self.settings.recycle is not None:
            deadlines.append(End("recycled", "recycled", entered.us + self.settings.recycle, entered.raw_time))
        if self.settings.window is not None:
            deadlines.append(End("exited", "deadline", opened.us + self.settings.window, opened.raw_time))
        if self.settings.order != "any":
            following = self.funnel.next_stages(self.current.last.number)
            limits = [self.funnel.stages[k - 1].limit for k in following]
            if None not in limits:
                deadlines.append(End("exited", "deadline", entered.us + max(limits), entered.raw_time))
        return min(deadlines, key=lambda end: end.us, default=None)  # min keeps the first of equal ones

    def may_open(self, event):
        """Whether the event's stage may open a pass, after what ended the last one."""
        if self.settings.order == "any":
            return True
        place, last = self.funnel.place(event), len(self.funnel.stages)
        cause = self.passes[-1].end.cause if self.passes else None
        if cause == "won" and place == last:
            return False
        if self.settings.order == "strict" or cause in ("deadline", "exclusion", "strict"):
            return place == 1
        return True

    def open(self, event):
        self.passes.append(Pass())
        if self.settings.order == "any":
            self.collect(event)
        else:
            self.enter(event, 0)

    def enter(self, event, number):
        """Enters the event's stage from stage `number`, and the mandatory ones that were skipped."""
        place = self.funnel.place(event)
        for k in range(number + 1, place):
            stage = self.funnel.stages[k - 1]
            if not stage.optional:
                self.current.entries.append(Entry(k, stage.name, event, inferred=True))
        self.current.entries.append(Entry(place, event.stage, event))
        if place == len(self.funnel.stages):
            self.finish("won", "won", event)

    def advance(self, event):
        """A listed stage while a pass is open, in ordered and strict funnels."""
        entered, place = self.current.last, self.funnel.place(event)
        if place < entered.number and self.settings.boomerang:
            self.recycle(event)
        elif place > entered.number:
            following = self.funnel.next_stages(entered.number)
            if self.settings.order == "strict" and place not in following:
                self.finish("exited", "strict", event)
                return
            # Of several stages filled in by one event only the limit of the first one matters.
            first = self.funnel.stages[min(place, following[-1]) - 1]
            if first.limit is None or event.us - entered.event.us <= first.limit:
                self.enter(event, entered.number)

    def recycle(self, event):
        self.finish("recycled", "recycled", event)
        if self.may_open(event):
            self.open(event)

    def collect(self, event):
        """order=any: the k-th different stage of a pass is its stage k."""
        if event.stage in [entry.stage for entry in self.current.entries]:
            if self.settings.boomerang:
                self.recycle(event)
            return
        self.current.entries.append(Entry(len(self.current.entries) + 1, event.stage, event))
        if len(self.current.entries) == len(self.funnel.stages):
            self.finish("won", "won", event)


def passes_of(events, funnel, now):
    """The passes of one part's events, removed ones left out."""
    walk = Walk(funnel)
    for event in sorted(events, key=event_order(funnel)):
        walk.see(event)
    walk.expire(now)
    return [each for each in walk.passes if each.end is None or each.end.outcome != "removed"]


# ---------------------------------------------------------------- rows of funnel()


def funnel(event_rows, stages, options="", has_label=True):
    """The rows of funnel(), by entity, pass and stage."""
    settings = parse_settings(options)
    machine = Funnel(parse_stages(stages), settings)
    events = load_events(event_rows, settings, has_label)
    now = settings.as_of if settings.as_of is not None else max((event.us for event in events), default=0)
    seen = [event for event in events if event.us <= now]
    rows = []
    for own in by_entity(seen).values():
        for number, each in enumerate(passes_of_entity(own, machine, now), start=1):
            if settings.passes == "all" or number == 1:
                rows += rows_of_pass(number, each, settings, now)
    return rows


def passes_of_entity(events, machine, now):
    """In the order of their numbers: by (opened at, held value)."""
    parts = {}
    for event in events:
        parts.setdefault(event.held, []).append(event)
    passes = [each for part in parts.values() for each in passes_of(part, machine, now)]
    return sorted(passes, key=lambda each: (each.opened.us, each.opened.held or ""))


def rows_of_pass(number, each, settings, now):
    unit, rows = settings.time_unit, []
    for place, entry in enumerate(each.entries):
        left, seconds, outcome = leaving(each, place, now, unit)
        event = entry.event
        labelled = {"first": each.opened, "last": each.last.event, "stage": event}[settings.label]
        rows.append(
            Row(
                event.entity, number, labelled.label, entry.number, entry.stage,
                format_time(event.us, event.raw_time, unit), left, seconds, outcome, int(entry.inferred), event.id,
                format_time(each.opened.us, each.opened.raw_time, unit), each.last.number, event.held,
            )
        )  # fmt: skip
    return rows


def leaving(each, place, now, unit):
    """(left_at, seconds_in_stage, outcome) of the stage at this place of the pass."""
    entered = each.entries[place].event.us
    if place + 1 < len(each.entries):
        event = each.entries[place + 1].event
        return format_time(event.us, event.raw_time, unit), seconds_between(entered, event.us), "advanced"
    if each.end is None:
        return None, seconds_between(entered, now), "open"
    if each.end.outcome == "won":
        return None, None, "won"
    return deadline_time(each.end.us, each.end.form, unit), seconds_between(entered, each.end.us), each.end.outcome


def seconds_between(start, end):
    return Fraction(end - start, 1_000_000)


def deadline_time(us, like, unit):
    """A time that no event has, in the form of another; a date becomes a date with a time where it needs one.

    Durations are whole minutes here; the examples have others.
    """
    moment = EPOCH + timedelta(microseconds=us)
    if isinstance(like, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", like.strip()) and moment.time() != time.min:
        return moment.strftime("%Y-%m-%d %H:%M")
    return format_time(us, like, unit)
