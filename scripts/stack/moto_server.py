"""moto's Step Functions as a program: its port, and where Lambda and S3 are. scripts/stack/moto.py runs it.

moto interprets state machines, but sends what they call to itself. Here their calls go to the Lambda and the S3 of
the tests instead. In two points it is brought in line with AWS: a map fails with its children, and starts no more of
them.
"""

import sys
from typing import Any

from botocore.client import BaseClient
from botocore.config import Config
from botocore.session import Session
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval import resource_eval_s3
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from werkzeug.serving import run_simple

LOOPBACK = "127.0.0.1"
# Of Lambda, for one invocation; a task may set less.
INVOCATION_SECONDS = 900
# As many children of a map as may call at once.
CONNECTIONS = 64

Worker = distributed_item_processor_worker.DistributedItemProcessorWorker


def main(port: int, lambda_endpoint: str, s3_endpoint: str) -> None:
    """Serves until it is ended."""
    send_calls_to({"lambda": lambda_endpoint, "s3": s3_endpoint})
    fail_maps_with_their_children()
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    app = DomainDispatcherApplication(create_backend_app)
    run_simple(LOOPBACK, port, app, threaded=True, request_handler=MotoRequestHandler)


def send_calls_to(endpoints: dict[str, str]) -> None:
    """What state machines call is found at `endpoints`. The credentials are this process's own."""
    session = Session()
    # Made once: it takes time, and several threads at once disturb each other.
    clients = {service: _client(session, service, endpoint) for service, endpoint in endpoints.items()}

    def client_for(region: str, service: str, state_credentials: Any = None) -> BaseClient:
        return clients[service]

    for module in (lambda_eval_utils, resource_eval_s3):
        module.boto_client_for = client_for


def _client(session: Session, service: str, endpoint: str) -> BaseClient:
    # The workflow retries, and nobody else.
    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=INVOCATION_SECONDS,
        max_pool_connections=CONNECTIONS,
        s3={"addressing_style": "path"},
        proxies={},
        parameter_validation=False,
    )
    return session.create_client(service, endpoint_url=endpoint, config=config)


def fail_maps_with_their_children() -> None:
    """moto counts the children that fail, and goes on; AWS tolerates none unless the map says so."""
    run, work = DistributedIterationComponent._map_run, Worker._eval_job

    def map_run(self: DistributedIterationComponent, env: Any, eval_input: Any) -> None:
        run(self, env, eval_input)
        if _failed(eval_input.map_run_record):
            raise FailureEventException(_threshold_exceeded(env))

    def eval_job(self: Worker, env: Any, job: Any) -> None:
        if not _failed(self._map_run_record):
            work(self, env, job)

    DistributedIterationComponent._map_run, Worker._eval_job = map_run, eval_job


def _failed(record: Any) -> bool:
    counter = record.item_counter
    return counter.failed.get() + counter.timed_out.get() > 0


def _threshold_exceeded(env: Any) -> FailureEvent:
    kind = StatesErrorNameType.StatesExceedToleratedFailureThreshold
    cause = "The specified tolerated failure threshold was exceeded"
    details = MapRunFailedEventDetails(error=kind.to_name(), cause=cause)
    return FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=kind),
        event_type=HistoryEventType.MapRunFailed,
        event_details=EventDetails(mapRunFailedEventDetails=details),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
