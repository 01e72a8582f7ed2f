"""Finding one's request again without its link: by its reference and a contact that was proven for it.

The pair is not enough, a code that goes to the contact is. A pair that is none is answered alike, and has as many
tries and sends a day as one that is: both are counted under the pair, before anything is looked up.
"""

from datetime import timedelta

from rights.ledger.identity import FIND, SENDS_PER_DAY, Identity
from rights.ledger.intake import TRIES
from rights.ledger.model import CodeAnswer, CodeResult, Request
from rights.ledger.table import Update
from rights.secrets_hmac import same

_COUNT_KEPT = timedelta(days=2)


class Finding(Identity):
    """The way back to a request."""

    def ask_to_find(self, reference: str, channel: str, contact: str) -> bool:
        """Send a code to the contact if it is one that was proven for the request; `False` after five today.

        `reference` as `status_token.reference` writes it, `contact` as intake keeps it.
        """
        if self._count_pair(reference, contact, "sends", SENDS_PER_DAY) is None:
            return False
        request = self._request_of_pair(reference, channel, contact)
        if request is not None:
            self.begin_step_up(request.id, FIND, anew=True)
            self.queue_code(request.id, channel, contact, FIND)
        return True

    def find_request(self, reference: str, channel: str, contact: str, code: str) -> tuple[CodeAnswer, Request | None]:
        """Spend one of the day's tries on a code that somebody typed; a right one gives the request, once."""
        left = self._count_pair(reference, contact, "tries", TRIES)
        if left is None:
            return CodeAnswer(CodeResult.USED_UP), None
        request = self._request_of_pair(reference, channel, contact)
        answer = self.try_code(request.id, code, FIND) if request else CodeAnswer(CodeResult.WRONG)
        if request is not None and answer.result is CodeResult.PROVEN:
            self.clear_proof(request.id, FIND)
            return answer, request
        # How many tries the request itself has left is no stranger's business, nor whether there is one.
        result = CodeResult.EXPIRED if answer.result is CodeResult.EXPIRED else CodeResult.WRONG
        return CodeAnswer(result, left), None

    def _request_of_pair(self, reference: str, channel: str, contact: str) -> Request | None:
        """The request of this reference whose holder proved this contact; `None` without one."""
        for item in self.table.query_all(f"REFERENCE#{reference}"):
            if same(self.proven_contacts(item["SK"]).get(channel, ""), contact):
                return self.get(item["SK"])
        return None

    def _count_pair(self, reference: str, contact: str, what: str, most: int) -> int | None:
        """Count one more today; how many are left after it, `None` when there was none."""
        key = {"PK": f"FIND#{self.hmac.tag_of('find', reference, contact)}", "SK": f"{self.now()[:10]}#{what}"}
        update = Update(key).add("number", 1).set(expires=int((self.clock() + _COUNT_KEPT).timestamp()))
        counted = self.table.update(update.when("attribute_not_exists({number}) OR {number} < {=most}", most=most))
        return None if counted is None else most - int(counted["number"])
