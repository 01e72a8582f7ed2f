"""One-time codes at the public door: the code of a body, and what a try of it means to whoever typed it."""

from public_api.models import CodeIn, ConfirmIn
from rights.http import ApiError, FieldProblem
from rights.ledger.model import CodeAnswer, CodeResult
from rights.notices.i18n import N_

TRIES_USED_UP = N_("Too many wrong codes. Come back in 24 hours and ask for a new one, or contact customer service.")


def code_of(body: CodeIn | ConfirmIn) -> str:
    """The code; ApiError without one."""
    if body.code is None:
        raise ApiError("code_missing", fields={"code": FieldProblem("code_missing")})
    return body.code


def right_or_error(answer: CodeAnswer, *, anew_in_a_day: bool = False) -> CodeAnswer:
    """The answer to a right code; ApiError for any other. `anew_in_a_day`: used up tries come back then."""
    match answer.result:
        case CodeResult.PROVEN | CodeResult.MORE_NEEDED:
            return answer
        case CodeResult.WRONG:
            raise ApiError("wrong_code", fields={"code": FieldProblem("wrong_code", {"tries_left": answer.tries_left})})
        case CodeResult.EXPIRED:
            raise ApiError("code_expired")
        case CodeResult.USED_UP:
            if anew_in_a_day:
                raise ApiError("too_many_tries", text=TRIES_USED_UP, headers={"Retry-After": "86400"})
            raise ApiError("too_many_tries")
        case CodeResult.NOT_WAITING:
            raise ApiError("not_waiting_for_code")
