"""What every connector promises, whatever kind of store it speaks to.

Everything is paged, every write may be repeated, and nothing holds more than one page in memory. An erasure has two
phases, so that its counts are exact even when the function dies between a write and its record: `plan_page` only reads
and names the rows and what will happen to each; the worker records that plan; `apply_page` carries it out and may run
twice. A plan of which the record would be too large is done in parts, so a page may be as large as the store likes.
Reading back after an erasure is planning again: what `plan_page` still wants to change is left over.
"""

from rights.stores.contract.connector import Connector, Corrected, FactTold, Plain, Seen
from rights.stores.contract.erasure import Change, ErasurePage, Rows
from rights.stores.contract.pages import Cursor, File, Lines, Page, Readable, Record

__all__ = [
    "Change",
    "Connector",
    "Corrected",
    "Cursor",
    "ErasurePage",
    "FactTold",
    "File",
    "Lines",
    "Page",
    "Plain",
    "Readable",
    "Record",
    "Rows",
    "Seen",
]
