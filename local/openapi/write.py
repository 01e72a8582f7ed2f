"""The two files: the document that is served, and the page that leads to it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from affiliate_api.problems import PROBLEMS as OF_AFFILIATES
from local.cloud import ROOT
from local.openapi.document import document
from local.openapi.doors import doors
from rights.http_problems import FIELD_PROBLEMS, PROBLEMS

FILE, PAGE = ROOT / "functions" / "public_api" / "openapi.json", ROOT / "docs" / "api.md"

_OPENING = """\
# The API

Made by `make openapi` from the code; a test fails when it is stale. The whole of it is OpenAPI 3.1, served by every
stage at `GET /openapi.json` and kept in [`functions/public_api/openapi.json`](../functions/public_api/openapi.json):
parameters, bodies, answers, and the error codes of each operation.

- All addresses are under the stage's base URL. Bodies are JSON; people's bodies may be forms, and their answers are
  pages for who would rather have `text/html`.
- Every error is `{"error": {"code", "message", "fields"?}}`. Codes are stable; words are in the caller's language and
  repeat nothing that was typed.
- `POST /requests` honours `Idempotency-Key`: sent again with the same body, it is the same request, and the answer
  opens it. So the key must not be guessable: make a random one of at least 16 characters for each request.
- A program opens a request by its `status_token` (`Authorization: Bearer`), with all there is of it. The `link` is for
  its person to keep: the cookie it sets shows where the request stands and can withdraw it. What was found, asked or
  sent, agreeing to a closure and answering a question need a code that was entered in that browser within the hour.
- What API Gateway refuses before any door (no sign-in, too many calls) has the code `refused`, or `unavailable`.
"""


@cache
def described() -> dict[str, Any]:
    """The document."""
    return document(doors())


def file() -> str:
    """The document as it is kept and served."""
    return json.dumps(described(), ensure_ascii=False, indent=1) + "\n"


def page() -> str:
    """docs/api.md."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _OPENING
    for tag in described()["tags"]:
        yield f"## {tag['name'].capitalize()}\n\n{tag['description']}\n\n| operation | what it does |\n|---|---|"
        for path, operations in described()["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    yield f"| `{method.upper()} {path}` | {operation['summary']} |"
        yield ""
    yield "## Error codes\n\n| code | status | what it says |\n|---|---|---|"
    for code, problem in PROBLEMS.items():
        if code not in FIELD_PROBLEMS:
            yield f"| `{code}` | {problem.status} | {problem.message} |"
    yield "\nAffiliates get errors in the shape of OpenDSR, with codes of their own:\n"
    yield "| code | status | what it says |\n|---|---|---|"
    for code, one in OF_AFFILIATES.items():
        yield f"| `{code}` | {one.status} | {one.message} |"
    yield "\nAbout one field, with status 422; the code of the whole answer too where it is the only one:\n"
    yield "| code | what it says |\n|---|---|"
    for code, message in FIELD_PROBLEMS.items():
        yield f"| `{code}` | {message} |"
    yield ""


def write() -> None:
    """Write both."""
    FILE.write_text(file(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
