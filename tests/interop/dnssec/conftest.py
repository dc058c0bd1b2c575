"""One laboratory for all tests here, since it takes some seconds to sign."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.dnssec.laboratory import Laboratory, laboratory


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """The running laboratory."""
    with laboratory(tmp_path_factory.mktemp("dnssec")) as running:
        yield running
