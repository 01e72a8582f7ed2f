"""One-time codes at the public door: the code of a body, and what a try of it means to whoever typed it."""

from public_api.models import CodeIn, ConfirmIn
from rights.http import ApiError, FieldProblem
from rights.ledger.model import CodeAnswer, CodeResult


def code_of(body: CodeIn | ConfirmIn) -> str:
    """The code; ApiError without one."""
    if body.code is None:
        raise ApiError("code_missing", fields={"code": FieldProblem("code_missing")})
    return body.code


def right_or_error(answer: CodeAnswer) -> CodeAnswer:
    """The answer to a right code; ApiError for any other."""
    match answer.result:
        case CodeResult.PROVEN | CodeResult.MORE_NEEDED:
            return answer
        case CodeResult.WRONG:
            raise ApiError("wrong_code", fields={"code": FieldProblem("wrong_code", {"tries_left": answer.tries_left})})
        case CodeResult.EXPIRED:
            raise ApiError("code_expired")
        case CodeResult.USED_UP:
            raise ApiError("too_many_tries")
        case CodeResult.NOT_WAITING:
            raise ApiError("not_waiting_for_code")
