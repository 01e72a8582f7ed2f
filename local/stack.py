"""Create or update a stack from a template through CloudFormation, as a deployment does."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.emulator import Emulator
from local.packaging import Packager
from local.processes import LocalCloudError
from local.transform import Location, Template, assert_only_transformed, definition_as_json, load_template, transform

ARTEFACTS = "local-artefacts"
_PATIENCE_SECONDS = 120.0


def deploy_sam(
    emulator: Emulator, template: Path, name: str, parameters: Mapping[str, str], functions: Path
) -> dict[str, str]:
    """Package, transform and create the stack of a SAM template; returns its outputs."""
    _ensure_bucket(emulator)
    packager = Packager(functions)
    before = load_template(template)

    def code(_resource: str, handler: str) -> Location:
        archive = packager.package(handler)
        return _upload(emulator, archive.key, archive.content)

    def definition(resource: str, uri: str) -> Location:
        return _upload(emulator, f"definitions/{resource}.json", definition_as_json(template.parent / uri).encode())

    after = transform(before, code, definition)
    assert_only_transformed(before, after)
    return deploy(emulator, after, name, parameters)


def deploy(emulator: Emulator, template: Template, name: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create the stack, or update the one kept from before; returns its outputs.

    Only parameters which the template declares are passed. A failure raises `LocalCloudError` with the first reason.
    """
    cloudformation = emulator.client("cloudformation")
    _ensure_bucket(emulator)
    declared = template.get("Parameters", {})
    arguments = {
        "StackName": name,
        "TemplateURL": _template_url(emulator, name, template),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items() if key in declared
        ],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    try:
        if _status(cloudformation, name) is None:
            cloudformation.create_stack(**arguments)
        elif not _updating(cloudformation, arguments):
            return outputs_of(emulator, name)
    except ClientError as error:
        message = f"stack {name} was refused: {error.response['Error'].get('Message', '')}"
        raise LocalCloudError(message) from error
    _wait(cloudformation, name)
    return outputs_of(emulator, name)


def outputs_of(emulator: Emulator, name: str) -> dict[str, str]:
    """The outputs of a stack by key."""
    stack = emulator.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def resources_of_stack(emulator: Emulator, name: str) -> dict[str, str]:
    """The physical id of every resource of a stack by its logical name."""
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    return {
        summary["LogicalResourceId"]: summary["PhysicalResourceId"]
        for page in pages
        for summary in page["StackResourceSummaries"]
    }


def _ensure_bucket(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    try:
        s3.head_bucket(Bucket=ARTEFACTS)
    except ClientError:
        s3.create_bucket(Bucket=ARTEFACTS, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})


def _template_url(emulator: Emulator, name: str, template: Template) -> str:
    """Where the template lies: written out, it is longer than CloudFormation takes in a call."""
    place = _upload(emulator, f"templates/{name}.json", json.dumps(template).encode())
    return f"{emulator.endpoint}/{place.bucket}/{place.key}"


def _upload(emulator: Emulator, key: str, content: bytes) -> Location:
    emulator.client("s3").put_object(Bucket=ARTEFACTS, Key=key, Body=content)
    return Location(ARTEFACTS, key)


def _status(cloudformation: Any, name: str) -> str | None:
    try:
        status: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return status


def _updating(cloudformation: Any, arguments: Mapping[str, Any]) -> bool:
    try:
        cloudformation.update_stack(**arguments)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise
    return True


def _wait(cloudformation: Any, name: str) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        status = _status(cloudformation, name)
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return
        if status is None or "FAILED" in status or "ROLLBACK" in status:
            message = f"stack {name} ended as {status}: {_reasons(cloudformation, name)}"
            raise LocalCloudError(message)
        time.sleep(0.1)
    message = f"stack {name} was not ready within {_PATIENCE_SECONDS:.0f} s"
    raise LocalCloudError(message)


def _reasons(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', 'no reason')}"
        for event in events
        if "FAILED" in event["ResourceStatus"]
    ]
    return "; ".join(reversed(failed)) or "no reason given"
