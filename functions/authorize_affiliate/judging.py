"""Who may call the affiliates' door: judged anew at each call, since each signature serves once.

Everything is checked before the nonce is written down, so that only an affiliate's own calls take room in the ledger.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from authorize_affiliate.keys import Key
from authorize_affiliate.signature import WINDOW, Call, Claim, Reason, claim_of, is_fresh, is_made_by, is_missing
from rights.affiliates.registry import Affiliate, Registry
from rights.clock import Clock


class Keys(Protocol):
    """What judging needs of the registered keys."""

    def find(self, affiliate: str, name: str) -> Key | None:
        """The key of this name."""
        ...


class Nonces(Protocol):
    """What judging needs of the ledger."""

    def used_first(self, affiliate: str, nonce: str, until: int) -> bool:
        """Write a nonce down; tell whether it was not there."""
        ...


class Verdict(NamedTuple):
    """Who calls, or why nobody does."""

    affiliate: Affiliate | None
    reason: Reason | None = None


class Judge:
    """Judges calls; `base_url` is the one address that signatures are good for."""

    def __init__(self, registry: Registry, keys: Keys, nonces: Nonces, base_url: str, clock: Clock) -> None:
        self._registry = registry
        self._keys = keys
        self._nonces = nonces
        self._base = urlsplit(base_url)
        self._clock = clock

    def judge(self, event: Mapping[str, Any]) -> Verdict:
        """Who made this call of API Gateway."""
        call = self._call(event)
        claim = claim_of(call)
        if isinstance(claim, Reason):
            return Verdict(None, claim)
        affiliate, key = self._signer(claim)
        if affiliate is None or key is None:
            return Verdict(None, Reason.UNKNOWN_KEY)
        reason = is_missing(claim, call) or self._doubt(claim, call, key)
        if reason is None and not self._nonces.used_first(affiliate.id, claim.nonce, claim.created + 2 * WINDOW):
            reason = Reason.REPLAYED
        return Verdict(None, reason) if reason else Verdict(affiliate)

    def _signer(self, claim: Claim) -> tuple[Affiliate | None, Key | None]:
        name, _, key = claim.key_id.partition("/")
        affiliate = self._registry.get(name)
        return affiliate, self._keys.find(affiliate.id, key) if affiliate else None

    def _doubt(self, claim: Claim, call: Call, key: Key) -> Reason | None:
        if not is_fresh(claim, self._clock().timestamp()):
            return Reason.STALE
        return None if is_made_by(claim, call, key.algorithm, key.key) else Reason.FORGED

    def _call(self, event: Mapping[str, Any]) -> Call:
        """The call by our own address: what a custom domain leaves in the path, or a stage takes out, is all one."""
        prefix = self._base.path.rstrip("/")
        lines = event.get("multiValueHeaders") or {}
        fields: dict[str, list[str]] = {}
        for name, values in lines.items():
            fields.setdefault(name.lower(), []).extend(values)
        return Call(
            method=str(event["httpMethod"]),
            scheme=self._base.scheme,
            authority=self._base.netloc.lower(),
            path=prefix + str(event["path"]).removeprefix(prefix),
            has_query=bool(event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")),
            fields=fields,
        )


def policy(verdict: Verdict, method_arn: str, api_key: str) -> dict[str, Any]:
    """The answer to API Gateway: this one call or none, whose usage plan it counts against, and who calls."""
    effect = "Allow" if verdict.affiliate else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": method_arn}
    answer: dict[str, Any] = {
        "principalId": verdict.affiliate.id if verdict.affiliate else "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    if verdict.affiliate:
        answer |= {"usageIdentifierKey": api_key + verdict.affiliate.id, "context": {"affiliate": verdict.affiliate.id}}
    return answer
