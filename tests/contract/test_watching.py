"""What watches the runs: every alarm reaches somebody, says what to do, and looks at a metric that somebody emits."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.support.functions import folder_of, folders, properties_of, state_of
from tests.support.machine import states
from tests.support.symbols import reach, resolve, sources
from tests.support.template import ROOT, resources, template

ALARMS = {name: resource["Properties"] for name, resource in resources("AWS::CloudWatch::Alarm").items()}
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
OWN = {"Fn::Sub": "DataRights/${Stage}"}
TO_OPERATORS = [{"Ref": "AlertTopic"}]

OF_AWS: dict[str, dict[frozenset[str], set[str]]] = {
    "AWS/States": {
        frozenset({"StateMachineArn"}): {
            "ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted",
        },
        frozenset({"ServiceMetric"}): {"ConsumedCapacity"},
    },
    "AWS/Lambda": {
        frozenset({"FunctionName"}): {"IteratorAge", "AsyncEventsDropped"},
        frozenset(): {"Throttles", "ConcurrentExecutions", "Invocations"},
    },
    "AWS/SQS": {frozenset({"QueueName"}): {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}},
    "AWS/ApiGateway": {frozenset({"ApiName", "Stage"}): {"Count", "4XXError", "5XXError", "Latency"}},
    "AWS/DynamoDB": {
        frozenset({"TableName"}): {
            "ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits",
        },
        frozenset({"TableName", "GlobalSecondaryIndexName"}): {"WriteThrottleEvents"},
    },
    "AWS/WAFV2": {frozenset({"WebACL", "Rule", "Region"}): {"BlockedRequests"}},
    "AWS/SES": {frozenset(): {"Reputation.BounceRate"}},
    "AWS/SNS": {frozenset(): {"SMSMonthToDateSpentUSD"}},
    "AWS/Logs": {frozenset({"LogGroupName"}): {"IncomingBytes"}},
    "AWS/S3": {frozenset({"BucketName", "StorageType"}): {"BucketSizeBytes"}},
    "AWS/Usage": {frozenset({"Type", "Service", "Resource", "Class"}): {"CallCount"}},
}  # fmt: skip
"""What AWS emits, as its own documentation lists it: namespace, dimensions, names."""

NAMES_A_RESOURCE = {
    "StateMachineArn": "AWS::Serverless::StateMachine",
    "FunctionName": "AWS::Serverless::Function",
    "QueueName": "AWS::SQS::Queue",
    "TableName": "AWS::DynamoDB::Table",
    "LogGroupName": "AWS::Logs::LogGroup",
    "BucketName": "AWS::S3::Bucket",
}
"""Dimensions whose value is what `Ref` gives of a resource of this type (of a queue, its name)."""


@dataclass(frozen=True)
class Metric:
    """A metric as an alarm or a plot names it; `dimensions` as they are in the template."""

    namespace: Any
    name: str
    dimensions: tuple[tuple[str, Any], ...]

    @property
    def service(self) -> Any:
        return dict(self.dimensions).get("service")


def of_alarm(name: str) -> Metric:
    alarm = ALARMS[name]
    dimensions = tuple((one["Name"], one["Value"]) for one in alarm.get("Dimensions", ()))
    namespace = alarm["Namespace"]
    return Metric(namespace["Fn::Sub"] if namespace == OWN else namespace, alarm["MetricName"], dimensions)


# ---- the dashboard


@cache
def widgets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(dashboard())["widgets"]
    return found


def dashboard() -> str:
    return str(template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])


def plotted() -> Iterator[list[Any]]:
    for widget in widgets():
        if widget["type"] == "metric":
            yield from widget["properties"]["metrics"]


def on_dashboard() -> Iterator[Metric]:
    for row in plotted():
        words = [part for part in row if isinstance(part, str)]
        if words:
            namespace, name, *rest = words
            yield Metric(namespace, name, tuple(zip(rest[::2], map(as_in_template, rest[1::2]), strict=True)))


def as_in_template(value: str) -> Any:
    """`${X}` of a text as the template would say it outside of one."""
    alone = re.fullmatch(r"\$\{([\w:]+)(?:\.(\w+))?\}", value)
    if not alone:
        return {"Fn::Sub": value} if "${" in value else value
    return {"Fn::GetAtt": [alone[1], alone[2]]} if alone[2] else {"Ref": alone[1]}


def searched() -> Iterator[tuple[frozenset[str], str]]:
    """Dimensions and name of what is plotted by a search."""
    for row in plotted():
        if isinstance(row[0], dict):
            found = re.match(r"SEARCH\('\{DataRights/\$\{Stage\},([\w,]+)\} MetricName=\"(\w+)\"", row[0]["expression"])
            assert found, row
            yield frozenset(found[1].split(",")), found[2]


# ---- what the code emits


@cache
def emitted(folder: str) -> frozenset[tuple[str, str, frozenset[str]]]:
    """The metrics a function counts: under which `service`, by which name and dimensions."""
    found = set()
    for (module, _), node in reach(f"{folder}.app").items():
        for call in ast.walk(node):
            match call:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="metrics"), attr="add_metric")):
                    [name] = [k.value for k in call.keywords if k.arg == "name"]
                    assert isinstance(name, ast.Constant), ast.unparse(call)
                    found.add((folder, str(name.value), frozenset({"service"})))
                    if is_a_store(module):
                        found.add(("", str(name.value), frozenset({"store"})))
                case ast.Call(func=ast.Name(id="count_of"), args=[subject, ast.Constant(value=str(counted)), *_]):
                    found.add((constant(module, subject), counted, frozenset({"service", *TALLIED.get(counted, ())})))
    return frozenset(found)


TALLIED = {"RequestsReceived": ("right",), "RequestsClosed": ("right", "outcome"), "TimeToClose": ("right", "outcome")}
"""The further dimensions of these (`test_counts.py` looks at what is written)."""


def is_a_store(module: str) -> bool:
    return module == "rights.stores.door"


def constant(module: str, node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        found = resolve(module, node.id)
        assert found
        assigned = sources()[found[0]].definitions[found[1]]
        assert isinstance(assigned, ast.Assign)
        node = assigned.value
    assert isinstance(node, ast.Constant)
    return str(node.value)


def everything_emitted() -> set[tuple[str, str, frozenset[str]]]:
    return {one for folder in folders() for one in emitted(folder)}


# ---- the alarms


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_reaches_the_operators_when_it_begins_and_when_it_is_over(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == TO_OPERATORS
    assert ALARMS[name]["OKActions"] == TO_OPERATORS
    assert ALARMS[name].get("ActionsEnabled", True)


def sections() -> dict[str, str]:
    """The sections of the runbook by the anchor that leads to them."""
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)[1:]
    heads, bodies = parts[::2], parts[1::2]
    anchors = (re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads)
    return dict(zip(anchors, bodies, strict=True))


def listed(body: str) -> list[str]:
    [line] = re.findall(r"^Alarms: (.+)$", body, re.MULTILINE) or [""]
    return re.findall(r"`(\w+)`", line)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_leads_to_what_the_runbook_says_of_it(name: str) -> None:
    what, _, link = ALARMS[name]["AlarmDescription"]["Fn::Sub"].rpartition(" ")
    assert what.endswith(".")
    assert link.startswith("${RunbookUrl}#")
    body = sections()[link.partition("#")[2]]
    assert name in listed(body)
    for part in ("Means", "Look first", "Mend"):
        assert re.search(rf"^- \*\*{part}\*\*:\s+\S", body, re.MULTILINE), part


def test_the_runbook_lists_just_the_alarms_there_are_each_once() -> None:
    named = [name for body in sections().values() for name in listed(body)]
    assert sorted(named) == sorted(ALARMS)


def test_every_metric_of_our_own_is_explained() -> None:
    table = re.findall(r"^\| (.+?) \|", sections()["what-is-counted"], re.MULTILINE)[1:]
    explained = {name for cell in table for name in re.findall(r"`(\w+)`", cell)}
    assert explained == {name for _, name, _ in everything_emitted()}


def test_every_metric_of_our_own_that_is_looked_at_is_emitted_by_that_function() -> None:
    looked_at = [*map(of_alarm, ALARMS), *on_dashboard()]
    own = [metric for metric in looked_at if metric.namespace == OWN["Fn::Sub"]]
    assert own
    there = everything_emitted()
    for metric in own:
        assert (metric.service, metric.name, frozenset(dict(metric.dimensions))) in there, metric
    for dimensions, name in searched():
        assert (name, dimensions) in {(n, d) for _, n, d in there}, (name, dimensions)


def test_every_metric_of_our_own_is_looked_at() -> None:
    seen = {metric.name for metric in (*map(of_alarm, ALARMS), *on_dashboard())} | {name for _, name in searched()}
    assert {name for _, name, _ in everything_emitted()} <= seen


def test_no_dimension_of_our_own_is_an_id() -> None:
    assert {d for _, _, dimensions in everything_emitted() for d in dimensions} == {
        "service", "store", "right", "outcome",
    }  # fmt: skip


def test_the_namespace_that_is_looked_into_is_that_of_the_functions() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == OWN


def of_aws() -> list[Metric]:
    return [metric for metric in (*map(of_alarm, ALARMS), *on_dashboard()) if metric.namespace != OWN["Fn::Sub"]]


@pytest.mark.parametrize("metric", of_aws(), ids=lambda metric: f"{metric.namespace}-{metric.name}")
def test_what_is_looked_at_of_aws_is_what_aws_emits_of_something_that_is_ours(metric: Metric) -> None:
    dimensions = dict(metric.dimensions)
    assert metric.name in OF_AWS[metric.namespace][frozenset(dimensions)]
    for name, value in dimensions.items():
        if name in NAMES_A_RESOURCE:
            wanted = "Fn::GetAtt" if name == "QueueName" else "Ref"
            [(how, what)] = value.items()
            assert how == wanted
            resource = what[0] if how == "Fn::GetAtt" else what
            assert template()["Resources"][resource]["Type"] == NAMES_A_RESOURCE[name]
    if metric.namespace == "AWS/ApiGateway":
        assert dimensions["ApiName"] == template()["Resources"]["Api"]["Properties"]["Name"]
        assert dimensions["Stage"] == template()["Resources"]["Api"]["Properties"]["StageName"]
    if metric.namespace == "AWS/WAFV2":
        acl = template()["Resources"]["FloodAcl"]["Properties"]
        assert dimensions["WebACL"] == acl["VisibilityConfig"]["MetricName"] == acl["Name"]
        assert dimensions["Rule"] in {"ALL", *(rule["VisibilityConfig"]["MetricName"] for rule in acl["Rules"])}
    if "GlobalSecondaryIndexName" in dimensions:
        table = template()["Resources"]["LedgerTable"]["Properties"]
        assert dimensions["GlobalSecondaryIndexName"] in {one["IndexName"] for one in table["GlobalSecondaryIndexes"]}


# ---- nobody fails unseen


def alarmed(name: str) -> list[str]:
    """The alarms on a metric."""
    return [alarm for alarm in ALARMS if of_alarm(alarm).name == name]


def of_function(name: str) -> set[str]:
    """The folders of the functions that have an alarm on this metric of Lambda."""
    return {folder_of(dict(of_alarm(alarm).dimensions)["FunctionName"]["Ref"]) for alarm in alarmed(name)}


def queues(name: str) -> set[str]:
    return {dict(of_alarm(alarm).dimensions)["QueueName"]["Fn::GetAtt"][0] for alarm in alarmed(name)}


MINUTES = {"minute": 1, "minutes": 1, "day": 24 * 60}


def scheduled() -> dict[str, int]:
    """The functions that run by the clock, and every how many minutes."""
    found = {}
    for folder in folders():
        for event in properties_of(folder).get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                rate = re.fullmatch(r"rate\((\d+) (\w+)\)", event["Properties"]["ScheduleExpression"])
                assert rate
                found[folder] = int(rate[1]) * MINUTES[rate[2]]
    return found


@pytest.mark.parametrize(("folder", "minutes"), sorted(scheduled().items()))
def test_silence_of_what_runs_by_the_clock_rings_before_long(folder: str, minutes: int) -> None:
    [alarm] = [
        ALARMS[name]
        for name in ALARMS
        if of_alarm(name).service == folder and ALARMS[name]["TreatMissingData"] == "breaching"
    ]
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["Statistic"] in {"SampleCount", "Sum"}
    window = alarm["Period"] * alarm["EvaluationPeriods"] / 60
    assert minutes < window <= max(15, 3 * minutes)


def test_only_silence_that_means_failure_rings() -> None:
    breaching = {of_alarm(name).service for name, alarm in ALARMS.items() if alarm["TreatMissingData"] == "breaching"}
    assert breaching == set(scheduled())
    kept = {of_alarm(name).service for name, alarm in ALARMS.items() if alarm["TreatMissingData"] == "ignore"}
    assert kept <= set(scheduled()), "only a count that comes by the clock may be waited for"


def authorisers() -> set[str]:
    """The functions that API Gateway asks before it lets a call in: one that fails is a server error of its door."""
    asked = template()["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values()
    return {folder_of(one["FunctionArn"]["Fn::GetAtt"][0]) for one in asked if "FunctionArn" in one}


def is_watched(folder: str) -> Iterator[str]:
    """Why a failure of a function does not go unseen."""
    if state_of(folder) in states("Task") or folder.startswith("store_"):
        yield "its run fails"
    if folder in scheduled():
        yield "its silence rings"
    kinds = {event["Type"] for event in properties_of(folder).get("Events", {}).values()}
    if "Api" in kinds or folder in authorisers():
        yield "its door fails"
    if kinds & {"EventBridgeRule", "SNS"} and folder in of_function("AsyncEventsDropped"):
        yield "what it drops is counted"
    if "DynamoDB" in kinds and folder in of_function("IteratorAge"):
        yield "its stream falls behind"
    if "SQS" in kinds:
        [event] = properties_of(folder)["Events"].values()
        queue = event["Properties"]["Queue"]["Fn::GetAtt"][0]
        if queue in queues("ApproximateAgeOfOldestMessage"):
            yield "its queue falls behind"


@pytest.mark.parametrize("folder", folders())
def test_no_function_fails_unseen(folder: str) -> None:
    assert list(is_watched(folder))


def test_every_event_that_lambda_may_drop_is_counted() -> None:
    asynchronous = {
        folder
        for folder in folders()
        for event in properties_of(folder).get("Events", {}).values()
        if event["Type"] in {"EventBridgeRule", "SNS"}
    }
    assert of_function("AsyncEventsDropped") == asynchronous


def test_every_queue_of_dead_letters_rings() -> None:
    dead = {name for name in resources("AWS::SQS::Queue") if name.endswith("DeadLetters")}
    assert queues("ApproximateNumberOfMessagesVisible") == dead


def test_every_kind_of_store_has_an_alarm_on_its_share_of_failures() -> None:
    shares = {of_alarm(alarm).service for alarm in alarmed("StoreErrors")}
    assert shares == {folder for folder in folders() if folder.startswith("store_")}
    assert {ALARMS[alarm]["Statistic"] for alarm in alarmed("StoreErrors")} == {"Average"}


def test_every_way_in_which_a_run_ends_badly_rings() -> None:
    [ways] = [
        event["Properties"]["Pattern"]["detail"]["status"] for event in properties_of("run_ended")["Events"].values()
    ]
    named = {"FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut", "ABORTED": "ExecutionsAborted"}
    assert set(ways) == set(named)
    for metric in named.values():
        machines = {dict(of_alarm(alarm).dimensions)["StateMachineArn"]["Ref"] for alarm in alarmed(metric)}
        assert "RightsRequest" in machines


def test_alarms_look_no_further_back_than_cloudwatch_does() -> None:
    for name, alarm in ALARMS.items():
        longest = 7 * 86400 if alarm["Period"] >= 3600 else 86400
        assert alarm["Period"] * alarm["EvaluationPeriods"] <= longest, name
        assert "Metrics" not in alarm, "the local cloud knows no metric math"


def test_the_dashboard_shows_every_alarm() -> None:
    [widget] = [widget for widget in widgets() if widget["type"] == "alarm"]
    assert sorted(widget["properties"]["alarms"]) == sorted(f"${{{name}.Arn}}" for name in ALARMS)


def test_the_dashboard_reads_from_promises_to_costs() -> None:
    heads = [w["properties"]["markdown"].splitlines()[0] for w in widgets() if w["type"] == "text"]
    assert heads == [
        "## Promises", "## Flow", "## Runs and stores", "## Doors", "## Queues and notices", "## What it costs",
    ]  # fmt: skip
    for widget in widgets():
        if widget["type"] == "metric":
            assert widget["properties"]["title"]
            assert widget["properties"]["region"] == "${AWS::Region}"


# ---- the topic


def test_cloudwatch_may_publish_on_the_topic_and_encrypt_for_it_of_this_account_only() -> None:
    assert template()["Resources"]["AlertTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "AlertKey"}
    key = template()["Resources"]["AlertKey"]["Properties"]["KeyPolicy"]["Statement"]
    topic = template()["Resources"]["AlertTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    alarms = {"Service": "cloudwatch.amazonaws.com"}
    [on_key] = [statement for statement in key if statement["Principal"] == alarms]
    [on_topic] = topic
    assert set(on_key["Action"]) == {"kms:GenerateDataKey*", "kms:Decrypt"}
    assert (on_topic["Principal"], on_topic["Action"]) == (alarms, "sns:Publish")
    for statement in (on_key, on_topic):
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_whoever_else_uses_the_key_of_the_topic_is_of_this_account_and_does_so_through_sns() -> None:
    key = template()["Resources"]["AlertKey"]["Properties"]["KeyPolicy"]["Statement"]
    [anybody] = [statement for statement in key if statement["Principal"] == {"AWS": "*"}]
    condition = anybody["Condition"]["StringEquals"]
    assert condition["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    assert condition["kms:ViaService"] == {"Fn::Sub": "sns.${AWS::Region}.${AWS::URLSuffix}"}


def test_alarms_are_mailed_where_there_is_an_address() -> None:
    subscription = template()["Resources"]["AlertEmailSubscription"]
    assert subscription["Condition"] == "HasAlertEmail"
    assert template()["Parameters"]["AlertEmail"]["Default"] == ""
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "AlertTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlertEmail"},
    }  # fmt: skip


# ---- the flood guard


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
