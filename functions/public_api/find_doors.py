"""The way back to a request whose link is lost: its reference and a contact, then the code that goes there."""

from public_api.codes import right_or_error
from public_api.models import FindIn
from public_api.step_up import A_DAY, SENDS_USED_UP, StepUpDoors
from rights.http import ApiError, FieldProblem
from rights.ledger import Request


class FindDoors(StepUpDoors):
    """The doors of whoever has no link."""

    def ask_to_find(self, body: FindIn) -> None:
        """Send a code if reference and contact belong together; the answer is the same if they do not."""
        channel, contact = body.contact
        if not self._ledger.ask_to_find(body.reference, channel, contact):
            raise ApiError("too_many_sends", text=SENDS_USED_UP, headers=A_DAY)

    def find(self, body: FindIn) -> Request:
        """The request, for the code that came to the contact; ApiError for any other."""
        channel, contact = body.contact
        if body.code is None:
            raise ApiError("code_missing", fields={"code": FieldProblem("code_missing")})
        answer, request = self._ledger.find_request(body.reference, channel, contact, body.code)
        right_or_error(answer, anew_in_a_day=True)
        if request is None:
            raise ApiError("not_found")
        return request
