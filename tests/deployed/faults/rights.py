"""Faults of ministack's services: each does for a user what that user's role or policy does not let it do.

IAM is enforced for who calls ministack, functions among them. What one service does in another is not judged.
"""

from contextvars import ContextVar

from ministack.core.iam_evaluator import (
    EvalContext,
    _gather_role_policies,
    combine_resource_policy,
    evaluate,
    evaluate_resource_policy,
)
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, lambda_svc, s3, sqs
from ministack.services import stepfunctions as workflow

from faults import instead_of

_ROLE: ContextVar[str] = ContextVar("role")


def _may(role: str, action: str, resource: str, policy: str | dict | None = None) -> bool:
    """Whether `role` may do `action`, by its own policies and, in S3, by the bucket's."""
    name, account = role.rsplit("/", 1)[-1], get_account_id()
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/service"
    context = EvalContext(principal, "AssumedRole", account, action, resource, get_region())
    own = evaluate(context, _gather_role_policies(name, account))
    return combine_resource_policy(own, context, policy, account).decision == "Allow"


def _demand(error: str, action: str, resource: str, policy: str | dict | None = None) -> None:
    if not _may(_ROLE.get(), action, resource, policy):
        cause = f"{_ROLE.get()} is not authorized to perform: {action} on resource: {resource}"
        raise workflow._ExecutionError(error, cause)


@instead_of(workflow._run_execution)
def run_execution(run, execution_arn: str) -> None:
    """Remembers the role of the state machine, which its tasks do not ask for."""
    machine = workflow._executions[execution_arn]["stateMachineArn"]
    _ROLE.set(workflow._state_machines[machine]["roleArn"])
    run(execution_arn)


@instead_of(workflow._call_lambda)
def call_lambda(call, function: str, event: object) -> object:
    """Tasks ask for no right."""
    _demand("Lambda.AWSLambdaException", "lambda:InvokeFunction", function)
    return call(function, event)


@instead_of(workflow._s3_object_text)
def object_text(read, bucket: str, key: str) -> str:
    """The reader of a map's items asks for no right."""
    policy = s3.bucket_policy_for_arn(f"arn:aws:s3:::{bucket}")
    _demand("States.ItemReaderFailed", "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", policy and policy[0])
    return read(bucket, key)


@instead_of(workflow._run_distributed_map)
def run_distributed_map(start, state: dict, raw: object, effective: object, iterator: dict, execution: dict, *more):
    """The start of a map's children asks for no right."""
    _demand("States.Permissions", "states:StartExecution", execution["stateMachineArn"])
    return start(state, raw, effective, iterator, execution, *more)


@instead_of(eventbridge._invoke_target)
def invoke_target(invoke, target: dict, event: dict, rule: dict, view: object = None) -> None:
    """A rule starts an execution without the right to it. What it cannot deliver is lost, not kept in its queue."""
    if ":states:" not in target["Arn"] or _may(target["RoleArn"], "states:StartExecution", target["Arn"]):
        invoke(target, event, rule, view)
        return
    queue = target.get("DeadLetterConfig", {}).get("Arn", "")
    policy, _account = sqs.queue_policy_for_arn(queue) or (None, None)
    source = {"aws:sourcearn": rule["Arn"]}
    context = EvalContext("*", "Service", "", "sqs:SendMessage", queue, get_region(), service_context=source)
    if evaluate_resource_policy(policy, context, service="events.amazonaws.com").decision == "Allow":
        invoke({"Arn": queue, "Id": target["Id"]}, event, rule, view)


@instead_of(lambda_svc._emit_lambda_logs)
def emit_lambda_logs(emit, function: dict, *more, **named) -> None:
    """Lambda writes a function's log whatever its role may do."""
    config = function.get("config") or function
    group = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{_log_group(config)}:log-stream:any"
    if _may(config["Role"], "logs:CreateLogStream", group) and _may(config["Role"], "logs:PutLogEvents", group):
        emit(function, *more, **named)


@instead_of(lambda_svc._provided_worker_env)
def provided_worker_env(environment, config: dict, *more) -> dict[str, str]:
    """Lambda does not tell a function where its log is."""
    return {**environment(config, *more), "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(config)}


def _log_group(config: dict) -> str:
    return config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
