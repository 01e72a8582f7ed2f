"""Restrict and freeze: set the flags that stop a use of the data, and shut the sign-in."""

from collections.abc import Mapping
from dataclasses import replace

from rights.clock import stamp
from rights.domain.identity import KeySet
from rights.domain.work import Counts
from rights.ledger.model import Task
from rights.stores.works.doing import Done, ReadBack, Tools


class Restrict:
    """Counts the records on which the flags stand, whoever set them: so a page that is done twice counts the same."""

    reads_back = True

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """Unknown beforehand: a flag is made where it is missing."""
        del keys
        return {}

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """Set the flags of one collection, all in one page."""
        connector = self._tools.connector
        flags = connector.flags(name, task.purposes)
        flagged = connector.restrict(name, keys, flags, stamp(self._tools.clock())) if flags else 0
        return task, Done(Counts(flagged=flagged))

    def read_page(self, task: Task, keys: KeySet, name: str) -> ReadBack:
        """A record without its flag is left."""
        flags = self._tools.connector.flags(name, task.purposes)
        return ReadBack(self._tools.connector.unflagged(name, keys, flags) if flags else 0)

    def again(self, task: Task) -> Task:
        """Another round counts anew."""
        return replace(task, counts=Counts(), by_collection={})


class Freeze:
    """Shuts the sign-in before anything is erased; the erasure that follows is what is read back."""

    reads_back = False

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """Unknown beforehand, and of no interest."""
        del keys
        return {}

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """Shut them all with the first collection: a sign-in is shut as one."""
        first = name == self._tools.connector.collections()[0]
        return task, Done(Counts(flagged=self._tools.connector.freeze(keys) if first else 0))

    def read_page(self, task: Task, keys: KeySet, name: str) -> ReadBack:
        """Nothing."""
        del task, keys, name
        return ReadBack(0)

    def again(self, task: Task) -> Task:
        """Nothing changes for another round."""
        return task
