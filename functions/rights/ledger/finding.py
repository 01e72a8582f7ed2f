"""Finding one's request again without its link, and making a new link: the old one, in other hands, stops working.

Without a link one finds it by its reference and a contact that was proven for it.

The pair is not enough, a code that goes to the contact is. A pair that is none is answered alike, and has as many
tries and sends a day as one that is: both are counted under the pair and, so that nobody goes through contacts, under
the reference, before anything is looked up.
"""

from datetime import timedelta

from rights.errors import UnknownRequestError
from rights.ledger.identity import FIND, SENDS_PER_DAY, Identity
from rights.ledger.intake import TRIES
from rights.ledger.model import CodeAnswer, CodeResult, Request
from rights.ledger.requests import Change
from rights.ledger.table import Update
from rights.secrets_hmac import same

PAIRS = 4
"""How many pairs with one reference have their tries and sends of a day."""
_COUNT_KEPT = timedelta(days=2)


class Finding(Identity):
    """The way back to a request."""

    def ask_to_find(self, reference: str, channel: str, contact: str) -> bool:
        """Send a code to the contact if it is one that was proven for the request; `False` after the day's number.

        `reference` as `status_token.reference` writes it, `contact` as intake keeps it.
        """
        if self._count_both(reference, contact, "sends", SENDS_PER_DAY) is None:
            return False
        request = self._request_of_pair(reference, channel, contact)
        if request is not None:
            self.begin_step_up(request.id, FIND, anew=True)
            self.queue_code(request.id, channel, contact, FIND)
        return True

    def find_request(self, reference: str, channel: str, contact: str, code: str) -> tuple[CodeAnswer, Request | None]:
        """Spend one of the day's tries on a code that somebody typed; a right one gives the request, once."""
        left = self._count_both(reference, contact, "tries", TRIES)
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

    def renew_links(self, request: Request, *, by: str = "person", reason: str = "") -> tuple[Request, ...]:
        """Make all links and tokens of a request's case void, and so have new ones; gives the case, this request first.

        Every page of a case leads to the others of it: one old link that still worked would lead to all new ones. So
        this request's own comes last, and whoever was cut off does it again. A second call for the same epoch changes
        nothing. `reason`: the code of why somebody else than the person did it.
        """
        others = [other for other in request.case_requests if other != request.id]
        case = [self.get(request.id), *(one for one in map(self._if_there, others) if one is not None)]
        if case[0].epoch == request.epoch:
            epoch = max(one.epoch for one in case) + 1
            case = [self._raise_epoch(one.id, epoch, by, reason) for one in reversed(case)][::-1]
        return tuple(case)

    def _if_there(self, request_id: str) -> Request | None:
        try:
            return self.get(request_id)
        except UnknownRequestError:
            return None

    def _raise_epoch(self, request_id: str, epoch: int, by: str, reason: str) -> Request:
        def decide(request: Request) -> Change | None:
            if request.epoch >= epoch:
                return None
            detail = {"reason": reason} if reason else {}
            return Change(code="link_renewed", by=by, sets={"epoch": epoch}, detail=detail)

        return self.change(request_id, decide)

    def _request_of_pair(self, reference: str, channel: str, contact: str) -> Request | None:
        """The request of this reference whose holder proved this contact; `None` without one."""
        for item in self.table.query_all(f"REFERENCE#{reference}"):
            if same(self.proven_contacts(item["SK"]).get(channel, ""), contact):
                return self.get(item["SK"])
        return None

    def _count_both(self, reference: str, contact: str, what: str, most: int) -> int | None:
        """Count one more of a pair today, and of its reference; how many are left, `None` when there was none.

        What a pair has no more of is not counted again: one pair never uses up the others of its reference.
        """
        of_pair = self._count_one(self.hmac.tag_of("find", reference, contact), what, most)
        if of_pair is None:
            return None
        of_reference = self._count_one(self.hmac.tag_of("find", reference), what, PAIRS * most)
        return None if of_reference is None else min(of_pair, of_reference)

    def _count_one(self, whose: str, what: str, most: int) -> int | None:
        key = {"PK": f"FIND#{whose}", "SK": f"{self.now()[:10]}#{what}"}
        update = Update(key).add("number", 1).set(expires=int((self.clock() + _COUNT_KEPT).timestamp()))
        counted = self.table.update(update.when("attribute_not_exists({number}) OR {number} < {=most}", most=most))
        return None if counted is None else most - int(counted["number"])
