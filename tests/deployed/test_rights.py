"""Each statement of the roles' policies is needed: when it is taken away, what it is for fails."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import behaviours as does
import pytest
from behaviours import Private
from botocore.client import BaseClient
from deployment import Stack, load

# What fails without a statement, which goes by its role, its policy and its place there.
SHOWN_BY = {
    "FunctionRole logs 0": does.it_logs_requests,
    "FunctionRole sidecars 0": does.it_keeps_torrents,
    "FunctionRole objects 0": does.it_keeps_torrents,
    "FunctionRole part-checksums 0": does.it_uses_part_checksums,
    "FunctionRole collection-list 0": does.it_lists_collections,
    "FunctionRole jobs 2": does.it_tells_progress,
    "FunctionRole jobs 0": does.it_hashes_in_jobs,
    "FunctionRole jobs 1": does.it_makes_lost_torrents_again,
    "FunctionRole tracker-mark 0": does.it_registers_torrents,
    "FunctionRole tracker-mark-reading 0": does.it_reads_marks,
    "JobRole logs 0": does.it_logs_jobs,
    "JobRole sidecars 0": does.it_hashes_in_jobs,
    "JobRole objects 0": does.it_hashes_in_jobs,
    "JobRole part-checksums 0": does.it_plans_by_part_checksums,
    "JobRole collection-list 0": does.it_hashes_collections_in_jobs,
    "JobRole fragments 0": does.it_hashes_in_jobs,
    "JobRole jobs 2": does.it_hashes_in_jobs,
    "JobRole jobs 0": does.it_takes_batches,
    "JobRole jobs 1": does.it_takes_batches_again,
    "JobRole tracker-mark 0": does.it_registers_torrents_of_jobs,
    "HashRole logs 0": does.it_logs_jobs,
    "HashRole objects 0": does.it_hashes_in_jobs,
    "HashRole fragments 0": does.it_hashes_in_jobs,
    "StateMachineRole functions 0": does.it_hashes_in_jobs,
    "StateMachineRole itself 3": does.it_hashes_in_jobs,
    "StateMachineRole itself 0": does.it_hashes_in_jobs,
    "PregenerateRole jobs 0": does.it_makes_torrents_of_uploads,
    "BatchRole batch 0": does.it_takes_batches,
    "BatchRole batch 1": does.it_takes_batches,
    "BatchRole batch 2": does.it_takes_batches,
    "TrackerRole logs 0": does.it_logs_announces,
    "TrackerRole peers 0": does.it_brings_peers_together,
}
# What the emulator does not have: X-Ray, the delivery of a state machine's log, and stopping and redriving a map.
NOT_SHOWN = {
    "FunctionRole traces 0",
    "JobRole traces 0",
    "HashRole traces 0",
    "StateMachineRole traces 0",
    "StateMachineRole logs 0",
    "StateMachineRole itself 1",
    "StateMachineRole itself 2",
}


def statements() -> Iterator[str]:
    """All that the template has."""
    for name, resource in load()["Resources"].items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield from _of([name], policy)
        elif resource["Type"] == "AWS::IAM::Policy":
            yield from _of([_referred(role) for role in properties["Roles"]], properties)


def _of(roles: list[str], policy: dict) -> list[str]:
    places = range(len(policy["PolicyDocument"]["Statement"]))
    return [f"{role} {policy['PolicyName']} {place}" for role in roles for place in places]


def _referred(role: dict) -> str:
    """The name in a `Ref`, which may be behind a condition."""
    return role["Ref"] if "Ref" in role else _referred(role["Fn::If"][1])


@pytest.fixture
def deployed(private: Stack, s3: BaseClient, folder: Path, request: pytest.FixtureRequest) -> Private:
    """The stack, with a key of the test's own."""
    return Private(private, s3, folder, request.node.name.replace(" ", "-"))


@pytest.mark.parametrize("behaviour", sorted(set(SHOWN_BY.values()), key=lambda one: one.__name__))
def test_with_all_rights_it_works(deployed: Private, behaviour: Callable[[Private], None]) -> None:
    behaviour(deployed)


def test_every_statement_has_its_use() -> None:
    assert set(statements()) == SHOWN_BY.keys() | NOT_SHOWN


@pytest.fixture
def without(private: Stack) -> Iterator[Callable[[str], None]]:
    """Takes a statement away until the test ends."""
    iam = private.emulator.client("iam")
    taken = []

    def take(statement: str) -> None:
        role, policy, place = statement.split()
        names = {"RoleName": private.resources[role], "PolicyName": policy}
        document = iam.get_role_policy(**names)["PolicyDocument"]
        taken.append((names, document))
        kept = [one for number, one in enumerate(document["Statement"]) if number != int(place)]
        if kept:
            iam.put_role_policy(**names, PolicyDocument=json.dumps({**document, "Statement": kept}))
        else:
            iam.delete_role_policy(**names)

    yield take
    for names, document in taken:
        iam.put_role_policy(**names, PolicyDocument=json.dumps(document))
    _renew(private)


def _renew(stack: Stack) -> None:
    """New instances of the functions, which remember no refusal."""
    functions = stack.emulator.client("lambda")
    for name in ("ApiFunction", "JobFunction", "HashFunction", "BatchFunction"):
        functions.update_function_configuration(FunctionName=stack.resources[name], Description="anew")


@pytest.mark.parametrize("statement", SHOWN_BY)
def test_without_it_what_it_is_for_fails(deployed: Private, without: Callable[[str], None], statement: str) -> None:
    without(statement)
    with pytest.raises((AssertionError, KeyError, deployed.s3.exceptions.ClientError)):
        SHOWN_BY[statement](deployed)
