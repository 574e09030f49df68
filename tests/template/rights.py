"""What each role of the rendered template may do, however its policies are attached."""

import json

from scripts import cloudformation as cfn


def documents(role, **given):
    """The policies of a role, which are all inline."""
    resources = cfn.render(**given)["Resources"]
    properties = resources[role]["Properties"]
    assert "ManagedPolicyArns" not in properties
    found = [policy["PolicyDocument"] for policy in properties["Policies"]]
    for resource in resources.values():
        assert resource["Type"] not in ("AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
        if resource["Type"] == "AWS::IAM::Policy" and f"<{role}>" in resource["Properties"]["Roles"]:
            assert "Users" not in resource["Properties"] and "Groups" not in resource["Properties"]
            found.append(resource["Properties"]["PolicyDocument"])
    return found


def statements(role, **given):
    """Every statement of a role."""
    return [statement for document in documents(role, **given) for statement in document["Statement"]]


def grants(role, service="s3", **given):
    """Pairs of action and resource that a role is allowed in one service."""
    return {
        (action, resource)
        for statement in statements(role, **given)
        for action in cfn.as_list(statement["Action"])
        if action.startswith(f"{service}:")
        for resource in cfn.as_list(statement["Resource"])
    }


def actions(role, **given):
    """All that a role may do somewhere."""
    return {action for statement in statements(role, **given) for action in cfn.as_list(statement["Action"])}


def policy_size(role, **given):
    """Characters of a role's inline policies as IAM counts them: all together, without white space."""
    return sum(len(json.dumps(document, separators=(",", ":"))) for document in documents(role, **given))
