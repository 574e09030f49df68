"""The job's state machine and functions, for the tests of this folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployment import Jobs
from functions import Functions

from scripts.stack.function import JOB_NAME
from scripts.stack.lambda_api import LambdaApi
from scripts.stack.seaweedfs import ROLE, SeaweedFS
from scripts.stack.step_functions import StepFunctions


@pytest.fixture(scope="session")
def jobs(binary: Path, server: SeaweedFS, functions: Functions) -> Iterator[Jobs]:
    """Deploys jobs by their configuration."""
    with contextlib.ExitStack() as owner:
        lambda_api = LambdaApi(owner)
        step_functions = StepFunctions(owner, lambda_api.endpoint, server.endpoint, ROLE)
        jobs = Jobs(owner, binary.with_name(JOB_NAME), functions, lambda_api, step_functions)
        yield jobs
        jobs.check_logs()
