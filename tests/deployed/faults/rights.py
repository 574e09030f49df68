"""Faults of ministack's services: each does for a user what that user's role or policy does not let it do.

IAM is enforced for who calls ministack, functions among them. What one service does in another is not judged.
"""

import json
from contextvars import ContextVar

from ministack.core.arn import execute_api_arn
from ministack.core.iam_evaluator import (
    EvalContext,
    _gather_role_policies,
    combine_resource_policy,
    evaluate,
    evaluate_resource_policy,
)
from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway_v1, eventbridge, lambda_svc, s3, sqs, stepfunctions

from faults.seams import replace

_ROLE: ContextVar[str] = ContextVar("role")


def make_good() -> None:
    """All of this module."""
    state_machines_act_with_their_role()
    rules_act_with_their_role()
    callers_of_functions_need_permission()
    functions_log_with_their_role()


def _may(role: str, action: str, resource: str, policy: str | dict | None = None) -> bool:
    """Whether `role` may do `action`, by its own policies and, in S3, by the bucket's."""
    name, account = role.rsplit("/", 1)[-1], get_account_id()
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/service",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    own = evaluate(context, _gather_role_policies(name, account))
    return combine_resource_policy(own, context, policy, account).decision == "Allow"


def _is_permitted(policy: str | dict | None, service: str, action: str, resource: str, **conditions: str) -> bool:
    """Whether `policy`, a resource's own, lets `service` do `action`; an empty one stands for anyone."""
    context = EvalContext("*", "Service", "", action, resource, get_region(), service_context=conditions)
    return evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def state_machines_act_with_their_role() -> None:
    """Tasks, the reader of a map's items, and the start of a map's children ask for no right."""
    run, call = stepfunctions._run_execution, stepfunctions._call_lambda
    read, start_map = stepfunctions._s3_object_text, stepfunctions._run_distributed_map

    def run_execution(execution_arn: str) -> None:
        machine = stepfunctions._executions[execution_arn]["stateMachineArn"]
        _ROLE.set(stepfunctions._state_machines[machine]["roleArn"])
        run(execution_arn)

    def call_lambda(function: str, event: object) -> object:
        _demand("Lambda.AWSLambdaException", "lambda:InvokeFunction", function)
        return call(function, event)

    def object_text(bucket: str, key: str) -> str:
        policy = s3.bucket_policy_for_arn(f"arn:aws:s3:::{bucket}")
        _demand("States.ItemReaderFailed", "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", policy and policy[0])
        return read(bucket, key)

    def run_distributed_map(state: dict, raw: object, effective: object, iterator: dict, execution: dict, *more):
        _demand("States.Permissions", "states:StartExecution", execution["stateMachineArn"])
        return start_map(state, raw, effective, iterator, execution, *more)

    for original, changed in {
        run: run_execution,
        call: call_lambda,
        read: object_text,
        start_map: run_distributed_map,
    }.items():
        replace(original, changed)


def _demand(error: str, action: str, resource: str, policy: str | dict | None = None) -> None:
    if not _may(_ROLE.get(), action, resource, policy):
        cause = f"{_ROLE.get()} is not authorized to perform: {action} on resource: {resource}"
        raise stepfunctions._ExecutionError(error, cause)


def rules_act_with_their_role() -> None:
    """A rule starts an execution without the right to it. What it cannot deliver is lost, not kept in its queue."""
    invoke = eventbridge._invoke_target

    def invoke_target(target: dict, event: dict, rule: dict, view: object = None) -> None:
        if ":states:" not in target["Arn"] or _may(target["RoleArn"], "states:StartExecution", target["Arn"]):
            invoke(target, event, rule, view)
            return
        queue = target.get("DeadLetterConfig", {}).get("Arn", "")
        policy, _account = sqs.queue_policy_for_arn(queue) or (None, None)
        condition = {"aws:sourcearn": rule["Arn"]}
        if _is_permitted(policy, "events.amazonaws.com", "sqs:SendMessage", queue, **condition):
            invoke({"Arn": queue, "Id": target["Id"]}, event, rule, view)

    replace(invoke, invoke_target)


def callers_of_functions_need_permission() -> None:
    """API Gateway and Function URLs invoke functions whose policy does not let them."""
    proxy, serve = apigateway_v1._invoke_lambda_proxy_v1, lambda_svc.handle_function_url_request

    async def invoke_lambda_proxy(integration: dict, api: str, stage: str, *request, **named) -> tuple | object:
        _settings, _resource, path, method, *_ = request
        function = apigateway_v1._extract_lambda_ref_from_integration_uri(integration["uri"])
        policy, account = lambda_svc.function_policy_for_arn(function)
        source = execute_api_arn(get_region(), account, api, stage, method, path)
        condition = {"aws:sourcearn": source}
        if not _is_permitted(policy, "apigateway.amazonaws.com", "lambda:InvokeFunction", function, **condition):
            return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
        return await proxy(integration, api, stage, *request, **named)

    async def handle_function_url_request(url_id: str, *request, **named) -> tuple:
        account, region, name, _qualifier, config = lambda_svc.resolve_function_url(url_id)
        function = f"arn:aws:lambda:{region}:{account}:function:{name}"
        policy, _account = lambda_svc.function_policy_for_arn(function)
        conditions = {
            "lambda:InvokeFunctionUrl": {"lambda:functionurlauthtype": config["AuthType"]},
            "lambda:InvokeFunction": {"lambda:invokedviafunctionurl": "true"},
        }
        if not all(_is_permitted(policy, "", action, function, **given) for action, given in conditions.items()):
            return 403, {"Content-Type": "application/json"}, json.dumps({"Message": "Forbidden"}).encode()
        return await serve(url_id, *request, **named)

    replace(proxy, invoke_lambda_proxy)
    replace(serve, handle_function_url_request)


def functions_log_with_their_role() -> None:
    """Lambda writes a function's log whatever its role may do, and does not tell the function where."""
    emit, environment = lambda_svc._emit_lambda_logs, lambda_svc._provided_worker_env

    def emit_lambda_logs(function: dict, *more, **named) -> None:
        config = function.get("config") or function
        group = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{_log_group(config)}:log-stream:any"
        if _may(config["Role"], "logs:CreateLogStream", group) and _may(config["Role"], "logs:PutLogEvents", group):
            emit(function, *more, **named)

    def provided_worker_env(config: dict, *more) -> dict[str, str]:
        return {**environment(config, *more), "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(config)}

    replace(emit, emit_lambda_logs)
    replace(environment, provided_worker_env)


def _log_group(config: dict) -> str:
    return config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
