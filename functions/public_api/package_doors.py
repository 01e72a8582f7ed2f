"""The doors to a package: a code of its own, links signed at the click and on record, and asking for it anew."""

from datetime import datetime, timedelta
from typing import NamedTuple

from public_api.models import CodeIn
from public_api.packages import LINK_LIVES, Files, Link
from public_api.step_up import StepUpDoors
from public_api.views import Shown
from rights import status_token
from rights.clock import parse
from rights.domain.mall_time import today_in_the_mall
from rights.domain.own_records import Terms, package_ends
from rights.domain.rights import Channel, Requester
from rights.http import ApiError
from rights.ledger import NewRequest, Request
from rights.ledger.identity import DOWNLOAD
from rights.packages.names import zip_name


class VolumeShown(NamedTuple):
    """One volume of a package: its number, how many there are, its size in bytes and its file name."""

    number: int
    of: int
    size: int
    name: str


class PackageDoors(StepUpDoors):
    """The doors to packages and certificates."""

    _files: Files
    _terms: Terms

    def ask_package_code(self, request: Request, *, again: bool) -> bool:
        """Send the code that a download needs, unless one is still good; tell whether one was sent now."""
        _keys_of(request)
        return self.ask_code(request, DOWNLOAD, again=again)

    def open_package(self, request: Request, body: CodeIn) -> None:
        """Take the code that a download needs; it is used up. ApiError for a wrong one, or without a package."""
        self.volumes(request)
        self.take_code(request, body, DOWNLOAD)

    def package_pass(self, request: Request) -> str:
        """What a browser shows for a quarter of an hour after the right code, to get links."""
        return self._pass("package", request.id, LINK_LIVES)

    def passes_until(self, request: Request, shown: str | None) -> datetime | None:
        """Until when the pass of a browser is good; `None` if it has none."""
        return self._pass_until("package", request.id, shown)

    def volumes(self, request: Request) -> list[VolumeShown]:
        """The volumes of a package; ApiError `gone` or `not_ready` where there is none."""
        keys, short = _keys_of(request), status_token.reference(request.id)
        sizes = [int(volume["size"]) for volume in request.volumes] or [self._files.size(key) for key in keys]
        of = len(keys)
        return [VolumeShown(n, of, size, zip_name(short, n, of)) for n, size in enumerate(sizes, start=1)]

    def fetch(self, request: Request, number: int) -> tuple[VolumeShown, Link]:
        """A fresh link to one volume; that it was given is an event of the request."""
        volume = next((one for one in self.volumes(request) if one.number == number), None)
        if volume is None:
            raise ApiError("not_found")
        link = self._files.package(request.package_keys[number - 1], volume.name)
        if not self._ledger.link_given(request.id, number):
            raise ApiError("too_many_tries")
        return volume, link

    def package_until(self, request: Request) -> datetime:
        """The last whole day on which the package can be fetched."""
        return package_ends(parse(request.closed_at or request.received_at), self._terms) - timedelta(days=1)

    def ask_again(self, request: Request, channel: Channel) -> Request | None:
        """Ask for a package that has ended anew: a new request for the same, proven like any; the same day it is one.

        `None` where what was typed is no longer known, or where somebody acts for another: they fill the form in.
        """
        if request.package is None or request.package_ended_at is None:
            raise ApiError("not_ready")
        typed: dict[str, str] = (self._ledger.private(request.id, "typed") or {}).get("identifiers", {})
        if not typed or request.requester is not Requester.SELF:
            return None
        key = self._hmac.tag_of("again", request.id, today_in_the_mall(self._clock()))
        opened = self._ledger.open_request(
            NewRequest(
                right=request.right,
                channel=channel,
                locale=request.locale,
                typed=typed,
                jurisdiction=request.jurisdiction,
                scope=request.scope,
                idempotency=key,
                body_hmac=key,
            )
        )
        if opened.created:
            self._ledger.note(request.id, "asked_again", by="person", detail={"request": opened.request.id})
        return opened.request

    def certificate(self, request: Request) -> str:
        """The signed certificate of a closed request."""
        if request.certificate is None or not Shown(request).certificate_ready:
            raise ApiError("not_ready")
        return self._files.certificate(request.certificate)


def _keys_of(request: Request) -> tuple[str, ...]:
    if request.package_ended_at is not None:
        raise ApiError("gone")
    if not Shown(request).package_ready:
        raise ApiError("not_ready")
    return request.package_keys
