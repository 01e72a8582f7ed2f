"""The flood guard: it stands before the doors, turns nobody away without a word, and keeps no calls."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.template import resources, template


def test_the_flood_guard_stands_before_the_api() -> None:
    [name] = resources("AWS::WAFv2::WebACL")
    [association] = resources("AWS::WAFv2::WebACLAssociation").values()
    assert association["Properties"]["WebACLArn"] == {"Fn::GetAtt": [name, "Arn"]}
    assert association["Properties"]["ResourceArn"]["Fn::Sub"].endswith("::/restapis/${Api}/stages/${Api.Stage}")
    assert template()["Resources"][name]["Condition"] == association["Condition"] == "GuardsAgainstFloods"
    assert template()["Parameters"]["FloodGuard"]["Default"] == "on"


def rate_rules() -> Iterator[tuple[dict[str, Any], str]]:
    for rule in template()["Resources"]["FloodAcl"]["Properties"]["Rules"]:
        yield rule, json.dumps(rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"])


def test_the_flood_guard_counts_what_one_address_files_and_calls_and_lets_whoever_signs_call_oftener() -> None:
    limits = []
    for rule, scope in rate_rules():
        rate = rule["Statement"]["RateBasedStatement"]
        assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 300)
        assert '"/opendsr/"' in scope
        limits.append((rate["Limit"]["Ref"], '"NotStatement"' in scope))
    assert limits == [
        ("MostRequestsPerAddress", True), ("MostCallsPerAddress", True), ("MostSignedCallsPerAddress", False),
    ]  # fmt: skip
    filed = next(scope for rule, scope in rate_rules() if rule["Name"] == "requests-filed")
    assert '"POST"' in filed
    assert '"/requests"' in filed


def test_whoever_is_turned_away_gets_an_error_of_our_shape_and_is_told_when_to_come_back() -> None:
    acl = template()["Resources"]["FloodAcl"]["Properties"]
    told = json.loads(acl["CustomResponseBodies"]["TooMany"]["Content"])
    assert set(told) == {"error"}
    assert set(told["error"]) == {"code", "message"}
    for rule, _ in rate_rules():
        answer = rule["Action"]["Block"]["CustomResponse"]
        assert (answer["ResponseCode"], answer["CustomResponseBodyKey"]) == (429, "TooMany")
        assert answer["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "300"}]


def test_the_flood_guard_keeps_no_calls_since_they_hold_links_of_people() -> None:
    acl = template()["Resources"]["FloodAcl"]["Properties"]
    for config in (acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule, _ in rate_rules())):
        assert config["SampledRequestsEnabled"] is False
        assert config["CloudWatchMetricsEnabled"] is True
    assert not resources("AWS::WAFv2::LoggingConfiguration")
