"""Open files: as many as the system gives, and no more requests than there are files for."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from walkaway.cli.open_files import fitting
from walkaway.limits import LIMITS
from walkaway.rpc.http_server import SPARE_CONNECTIONS

RAISED = """
import resource, sys
from walkaway.cli.open_files import raise_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raise_open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "after"), [(256, 300, 300), (256, 256, 256), (256, 20_000, 8192)]
)
def test_more_are_asked_for(soft: int, hard: int, after: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < hard:
        pytest.skip(f"this machine gives {most} open files at most")
    command = [sys.executable, "-c", RAISED, str(soft), str(hard)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.split() == [str(after), str(after)]


@pytest.mark.parametrize("open_files", [1024, 2048, 4096, 8192])
def test_every_request_has_its_files(open_files: int) -> None:
    limits = fitting(open_files)
    needed = 2 * limits.web_requests + limits.assembled_open
    endpoint = limits.rpc_connections + SPARE_CONNECTIONS
    assert needed + SPARE_CONNECTIONS + endpoint <= open_files * 3 // 4


def test_with_plenty_nothing_is_less() -> None:
    assert fitting(8192) == LIMITS
