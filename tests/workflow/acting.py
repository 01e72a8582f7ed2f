"""Somebody who acts for another: what they say of themselves, and the documents they send."""

from typing import Any

import httpx

from tests.workflow.asking import Asking

PDF = b"%PDF-1.7\n% a scanned document\n%%EOF\n"


def guardian(**contact: str) -> dict[str, str]:
    """A parent of a child, who gives a contact of their own."""
    return {"kind": "guardian", "name": "Sok Dara", "relation": "parent", "for": "child", **contact}


def agent(**contact: str) -> dict[str, str]:
    """Somebody whom an adult has authorised."""
    return {"kind": "agent", "name": "Chan Rith", "relation": "authorised", "for": "adult", **contact}


def send(asking: Asking, kind: str, content: bytes = PDF, name: str = "scan.pdf") -> dict[str, Any]:
    """Send a document as a browser does: a form straight into the bucket, then word that it was sent."""
    offered = asking.call("POST", "/evidence", json={"kind": kind, "content_type": "application/pdf"})
    assert offered.status_code == httpx.codes.CREATED, offered.text
    form = offered.json()
    into_bucket = httpx.post(form["url"], data=form["fields"], files={"file": (name, content, "application/pdf")})
    assert into_bucket.status_code in {200, 201, 204}, into_bucket.text
    told = asking.call("POST", f"/evidence/{form['number']}")
    assert told.status_code == httpx.codes.OK, told.text
    file: dict[str, Any] = told.json()
    return file
