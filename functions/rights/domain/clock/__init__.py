"""The clock of a request: rules as versioned data, facts as a timeline, and a pure reading of one by the other.

`rule_for` chooses the rule, `read_clock` says what it comes to at a moment, `explain` says why, `milestones` says when
to remind. Nothing here knows a store, a language or today's date.
"""

from rights.domain.clock.counting import BrokenCalendarError, weekdays
from rights.domain.clock.facts import Extension, Pause, PauseReason, Timeline
from rights.domain.clock.milestones import Milestone, MilestoneCode, is_overdue, milestones, next_look, reached
from rights.domain.clock.reading import (
    Clock,
    ExtensionAnswer,
    Reason,
    Segment,
    explain,
    may_extend,
    may_pause,
    read_clock,
)
from rights.domain.clock.rule import Actor, CalendarName, ClockRule, Jurisdiction, Standing, WorkingDay
from rights.domain.clock.selection import NoSuchRuleError, jurisdiction_of, rule_by_ref, rule_for
from rights.domain.clock.table import RULES

__all__ = [
    "RULES",
    "Actor",
    "BrokenCalendarError",
    "CalendarName",
    "Clock",
    "ClockRule",
    "Extension",
    "ExtensionAnswer",
    "Jurisdiction",
    "Milestone",
    "MilestoneCode",
    "NoSuchRuleError",
    "Pause",
    "PauseReason",
    "Reason",
    "Segment",
    "Standing",
    "Timeline",
    "WorkingDay",
    "explain",
    "is_overdue",
    "jurisdiction_of",
    "may_extend",
    "may_pause",
    "milestones",
    "next_look",
    "reached",
    "read_clock",
    "rule_by_ref",
    "rule_for",
    "weekdays",
]
