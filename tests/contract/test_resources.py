"""What protects people's data in the template: the table, the buckets, the keys, the logs."""

import re
from typing import Any

import pytest

from operator_api.entry import SCOPES
from rights.affiliates.registry import Affiliate, load_registry
from tests.support.template import resources, template

BUCKETS = sorted(resources("AWS::S3::Bucket"))
KEPT = (
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::Cognito::UserPool",
)


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = template()["Resources"][name]["Properties"]
    return found


@pytest.mark.parametrize("kind", KEPT)
def test_what_holds_data_or_proof_outlives_the_stack(kind: str) -> None:
    assert resources(kind)
    for resource in resources(kind).values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_ledger_is_encrypted_restorable_and_not_deleted_by_mistake() -> None:
    table = properties("LedgerTable")
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_the_ledgers_stream_carries_keys_only() -> None:
    assert properties("LedgerTable")["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}


def test_items_that_expire_do_so_by_the_attribute_the_code_writes() -> None:
    assert properties("LedgerTable")["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_the_ledgers_indexes_hold_keys_and_dates_only() -> None:
    for index in properties("LedgerTable")["GlobalSecondaryIndexes"]:
        assert index["Projection"] in (
            {"ProjectionType": "KEYS_ONLY"},
            {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["look_at"]},
        )


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_private_and_encrypted_under_our_key(name: str) -> None:
    bucket = properties(name)
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    wanted = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["SealKey", "Arn"]}}
    assert rule["ServerSideEncryptionByDefault"] == wanted


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_spoken_to_over_tls_only(name: str) -> None:
    [policy] = [r for r in resources("AWS::S3::BucketPolicy").values() if r["Properties"]["Bucket"] == {"Ref": name}]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


@pytest.mark.parametrize("name", BUCKETS)
def test_everything_in_a_bucket_ends_by_itself(name: str) -> None:
    rules = properties(name)["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in rules)
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert all("ExpirationInDays" in rule for rule in rules if "Prefix" in rule)


def test_what_a_request_that_never_closes_leaves_ends_in_the_same_year_and_never_before_its_term() -> None:
    days = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for name in BUCKETS
        for rule in properties(name)["LifecycleConfiguration"]["Rules"]
        if "Prefix" in rule
    }
    longest = template()["Parameters"]["PackageDays"]["MaxValue"]
    assert longest < days["packages/"] <= days["exports/"] < 365, "an export must outlive the repair of its request"


def test_no_evidence_and_no_certificate_ends_by_its_age_alone_since_a_hold_keeps_them() -> None:
    rules = properties("EvidenceBucket")["LifecycleConfiguration"]["Rules"]
    assert not {"evidence/", "certificates/"} & {rule.get("Prefix") for rule in rules}


def test_our_own_records_end_after_the_terms_the_design_names() -> None:
    defaults = {name: template()["Parameters"][f"{name}Days"]["Default"] for name in ("Package", "Sealed", "Proof")}
    assert defaults == {"Package": 14, "Sealed": 90, "Proof": 5 * 365 + 1}


def test_certificates_are_signed_with_a_key_for_es256() -> None:
    key = properties("CertificateKey")
    assert (key["KeySpec"], key["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")


def test_the_key_that_seals_is_made_anew_every_year() -> None:
    assert properties("SealKey")["EnableKeyRotation"] is True


def test_every_log_group_forgets() -> None:
    for group in resources("AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_every_queue_is_encrypted_and_every_dead_letter_is_kept_two_weeks() -> None:
    for name, queue in resources("AWS::SQS::Queue").items():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
        if name.endswith("DeadLetters"):
            assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_notices_and_the_doorbell_have_dead_letters() -> None:
    assert properties("NoticeQueue")["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["NoticeDeadLetters", "Arn"]
    }
    assert properties("CallbackQueue")["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["CallbackDeadLetters", "Arn"]
    }
    doorbell = properties("RelayFunction")["Events"]["Doorbell"]["Properties"]
    assert doorbell["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["RelayDeadLetters", "Arn"]}


def test_every_mail_is_reported_on_and_the_reports_are_encrypted_and_come_from_our_own_account_only() -> None:
    destination = properties("MailReportsDestination")
    assert destination["ConfigurationSetName"] == {"Ref": "MailReports"}
    assert set(destination["EventDestination"]["MatchingEventTypes"]) == {
        "bounce", "complaint", "reject", "renderingFailure", "delivery",
    }  # fmt: skip
    assert destination["EventDestination"]["Enabled"] is True
    assert destination["EventDestination"]["SnsDestination"] == {"TopicARN": {"Ref": "MailReportsTopic"}}
    assert properties("MailReportsTopic")["KmsMasterKeyId"] == {"Ref": "MailReportsKey"}
    [statement] = properties("MailReportsTopicPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "ses.amazonaws.com"}, "sns:Publish")
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert properties("NoticeFeedbackFunction")["Events"]["MailReport"]["Properties"] == {
        "Topic": {"Ref": "MailReportsTopic"}
    }


BATCHES = [("RelayFunction", "Doorbell"), ("SendNoticeFunction", "Notices"), ("SendCallbackFunction", "Callbacks")]


@pytest.mark.parametrize(("function", "source"), BATCHES)
def test_one_record_that_fails_sends_only_itself_back(function: str, source: str) -> None:
    event = properties(function)["Events"][source]["Properties"]
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_operators_are_let_in_by_their_own_pool_with_a_second_factor_and_register_nobody() -> None:
    pool = properties("OperatorPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])


def test_the_sign_in_of_operators_is_the_code_flow_and_leads_back_to_us_only() -> None:
    client = properties("OperatorClient")
    assert (client["AllowedOAuthFlows"], client["AllowedOAuthFlowsUserPoolClient"]) == (["code"], True)
    assert set(client["AllowedOAuthScopes"]) == set(SCOPES.split())
    assert client["CallbackURLs"] == [{"Fn::Sub": "${BaseUrl}/ops/signed-in"}]
    assert client["LogoutURLs"] == [{"Fn::Sub": "${BaseUrl}/ops/signed-out"}]
    assert "GenerateSecret" not in client, "a secret would be in the function's way; PKCE is what binds the code"


def test_operators_write_nothing_of_themselves_that_anybody_reads() -> None:
    # An empty list would count as none at all, and without a list they may write every standard attribute.
    assert properties("OperatorClient")["WriteAttributes"] == ["locale"]
    assert "ReadAttributes" not in properties("OperatorClient"), "the token says of each contact whether it is verified"


@pytest.mark.parametrize(
    "address", ["https://evil.example", "http://mall.example/x", "http://127.0.0.1:8000.evil.example/x"]
)
def test_operators_are_sent_to_no_sign_in_page_but_the_pools_own_or_one_of_this_machine(address: str) -> None:
    pattern = template()["Parameters"]["HostedUiUrl"]["AllowedPattern"]
    assert not re.fullmatch(pattern, address)
    assert re.fullmatch(pattern, "")
    assert re.fullmatch(pattern, "http://127.0.0.1:8000/_local/hosted-ui")


def test_every_way_to_the_affiliates_door_but_what_anybody_may_know_needs_a_signature_judged_anew() -> None:
    authorizer = properties("Api")["Auth"]["Authorizers"]["Affiliates"]
    assert authorizer["Identity"]["ReauthorizeEvery"] == 0
    assert authorizer["FunctionPayloadType"] == "REQUEST"
    ways = {
        event["Properties"]["Path"]: event["Properties"].get("Auth")
        for event in properties("AffiliateApiFunction")["Events"].values()
    }
    signed = {"Authorizer": "Affiliates", "ApiKeyRequired": True}
    assert {path for path, auth in ways.items() if auth is None} == {
        "/opendsr/v2/discovery",
        "/opendsr/v2/certificate.pem",
    }
    assert all(auth == signed for auth in ways.values() if auth)


@pytest.mark.parametrize("affiliate", load_registry().values(), ids=lambda affiliate: affiliate.id)
def test_every_affiliate_has_a_usage_plan_of_its_own_that_its_signature_leads_to(affiliate: Affiliate) -> None:
    assert properties("Api")["ApiKeySourceType"] == "AUTHORIZER"
    name = affiliate.id.title().replace("-", "")
    plan, key, link = (properties(f"{name}{part}") for part in ("UsagePlan", "ApiKey", "UsagePlanKey"))
    assert plan["ApiStages"] == [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Api.Stage"}}]
    assert plan["Quota"] == {"Limit": 20 * affiliate.most, "Period": "DAY"}
    assert link == {"KeyId": {"Ref": f"{name}ApiKey"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": f"{name}UsagePlan"}}
    begins = properties("AuthorizeAffiliateFunction")["Environment"]["Variables"]["USAGE_KEY_PREFIX"]["Fn::Sub"]
    assert key["Value"] == {"Fn::Sub": begins + affiliate.id}


def test_the_authoriser_reaches_nothing_of_the_ledger_but_nonces() -> None:
    [policy] = properties("AuthorizeAffiliateFunction")["Policies"]
    [statement] = [s for s in policy["Statement"] if "dynamodb" in str(s["Action"])]
    assert statement["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["NONCE#*"]}}


def test_answers_to_affiliates_are_signed_with_an_rsa_key_of_their_own() -> None:
    key = properties("OpendsrKey")
    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_2048", "SIGN_VERIFY")


def test_the_api_has_a_name_and_a_limit() -> None:
    api = properties("Api")
    assert api["Name"]
    [limits] = api["MethodSettings"]
    assert limits["ThrottlingRateLimit"]
    assert "DataTraceEnabled" not in limits, "bodies hold personal data"
