"""The calendars that clock rules name: the public holidays of Cambodia, from the `holidays` package.

Cambodia announces the holidays of a year in the year before; the package is exact for years that were announced when
it was released, and computes the rest (the lunar ones until 2157). Raise its version once a year.
"""

import importlib.util
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from rights.domain.clock import CalendarName, WorkingDay, weekdays


def calendar_of(name: CalendarName) -> WorkingDay:
    """The working days of a calendar that a rule names."""
    return works_in_cambodia if name is CalendarName.CAMBODIA else weekdays


def works_in_cambodia(day: date) -> bool:
    """Monday to Friday (house), except on public holidays."""
    return weekdays(day) and day not in _cambodian_holidays()


@cache
def _cambodian_holidays() -> Any:
    """The calendar of Cambodia alone, at first use: the package's own way there loads the module of every country."""
    package = importlib.util.find_spec("holidays")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("holidays")
    path = Path(package.origin).parent / "countries" / "cambodia.py"
    spec = importlib.util.spec_from_file_location("rights_cambodian_holidays", path)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("holidays.countries.cambodia")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Cambodia()
