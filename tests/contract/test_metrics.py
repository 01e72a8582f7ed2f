"""Metrics: what is looked at is emitted, by us or by AWS, and what we emit is looked at."""

import pytest

from tests.support.metrics import ALARMS, OWN, Metric, everything_emitted, of_alarm, on_dashboard, searched
from tests.support.template import template

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
