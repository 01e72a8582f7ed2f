"""The package and the certificate of a request: where they lie once they are written, and the links that were given."""

from collections.abc import Mapping
from typing import Any

from rights.ledger.model import Request
from rights.ledger.requests import Change, Requests

MOST_LINKS = 1000
"""Links to volumes of one package: more are given to nobody, so that a history cannot be filled."""


class Packages(Requests):
    """What the steps that write files record, and whoever hands out links to them."""

    def assembled(self, request_id: str, kind: str, key: str) -> Request:
        """Record where the `package` or the `certificate` of a request lies, once."""
        return self.change(
            request_id,
            lambda r: None if getattr(r, kind) else Change(code=f"{kind}_ready", sets={kind: key}),
        )

    def volume_written(self, request_id: str, volume: Mapping[str, Any], *, number: int, of: int) -> Request:
        """Record a volume of the package, the next one in order; with the last one the package is whole.

        Whoever comes second with the same number changes nothing: the first one's volume stays.
        """

        def decide(request: Request) -> Change | None:
            if request.package is not None or len(request.volumes) != number - 1:
                return None
            volumes = [*request.volumes, dict(volume)]
            if number < of:
                return Change(code="volume_ready", sets={"volumes": volumes}, detail={"volume": number, "of": of})
            sets = {"volumes": volumes, "package": volumes[0]["key"]}
            return Change(code="package_ready", sets=sets, detail={"volumes": of})

        return self.change(request_id, decide)

    def volumes_void(self, request_id: str) -> Request:
        """Forget the volumes of a package that is not whole: a store is exported anew, so they begin again."""
        return self.change(
            request_id,
            lambda r: Change(code="volumes_void", sets={"volumes": []}) if r.volumes and r.package is None else None,
        )

    def link_given(self, request_id: str, volume: int) -> bool:
        """Record that a link to a volume of the package was given; `False`, and no event, after too many of them."""

        def decide(request: Request) -> Change | None:
            if request.links_given >= MOST_LINKS:
                return None
            sets = {"links_given": request.links_given + 1}
            return Change(code="package_link_given", by="person", sets=sets, detail={"volume": volume})

        before = self.get(request_id).links_given
        return self.change(request_id, decide).links_given > before
