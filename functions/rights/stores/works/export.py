"""Export: every record of the person, page after page, into the package."""

from collections.abc import Mapping

from rights.domain.identity import KeySet
from rights.domain.work import Counts
from rights.ledger.model import Task
from rights.stores.works.doing import Done, ReadBack, Tools, counts_of


class Export:
    """Reads and changes nothing, so there is nothing to read back."""

    reads_back = False

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """The records of the person."""
        return self._tools.connector.count(keys)

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """Write a page under its number: the same page again is the same object again."""
        page = self._tools.connector.read_page(name, keys, task.cursor)
        before = counts_of(task, name).exported
        self._tools.parts.write(f"{task.request_id}/{task.store}/{name}", task.page, page, before)
        return task, Done(Counts(exported=len(page.records)), page.next)

    def read_page(self, task: Task, keys: KeySet, name: str) -> ReadBack:
        """Nothing was changed, so nothing is left."""
        del task, keys, name
        return ReadBack(0)

    def again(self, task: Task) -> Task:
        """Nothing changes for another round."""
        return task
