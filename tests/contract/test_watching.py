"""What watches the runs: every alarm reaches somebody and says what to do, and nothing fails unseen."""

import re
from collections.abc import Iterator

import pytest

from tests.support.functions import folder_of, folders, properties_of, state_of
from tests.support.machine import states
from tests.support.metrics import ALARMS, everything_emitted, of_alarm, widgets
from tests.support.template import ROOT, resources, template

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
TO_OPERATORS = [{"Ref": "AlertTopic"}]


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
