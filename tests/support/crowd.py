"""The ordinary people of the sample mall, for tests that need somebody nobody else has met."""

from collections.abc import Callable

from local.cloud import Cloud
from local.mall import Person, is_child


class Crowd:
    """The ordinary adults of the mall, each given out once, so that no test meets what another did."""

    def __init__(self, cloud: Cloud) -> None:
        ordinary = (person for person in cloud.mall.people if not person.special and person.account_id)
        self._left = [person for person in ordinary if not is_child(cloud.mall, person)]

    def someone(self, *collections: str, who: Callable[[Person], bool] = lambda _: True) -> Person:
        """Somebody with an account, a phone, a mail address, and rows in these collections; and of this sort.

        Nobody whose files are looked at before they are handed over, unless `files` are asked for, or `tickets`, with
        which they come.
        """
        for person in self._left:
            if person.rows.get("files") and {"files", "tickets"}.isdisjoint(collections):
                continue
            if person.email and all(person.rows.get(name) for name in collections) and who(person):
                self._left.remove(person)
                return person
        message = f"nobody is left with {collections}"
        raise LookupError(message)
