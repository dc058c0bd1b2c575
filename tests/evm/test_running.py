"""An engine off the loop has threads of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.evm.test_reference import block, call, whole
from walkaway.errors import WalkawayError
from walkaway.evm.engine import Outcome
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.running import ThreadedEngine


async def test_calls_run_while_every_other_thread_waits() -> None:
    loop, released = asyncio.get_running_loop(), threading.Event()
    with ThreadPoolExecutor(1) as others:
        loop.set_default_executor(others)
        waiting = asyncio.ensure_future(asyncio.to_thread(released.wait))
        await asyncio.sleep(0)  # it has the only other thread
        engine = ThreadedEngine(ReferenceEngine())
        try:
            async with asyncio.timeout(5):
                ran = await engine.run(call(), block(), whole().known)
            assert isinstance(ran, Outcome)
            assert not waiting.done()
        finally:
            released.set()
        await waiting
        engine.close()
        with pytest.raises(WalkawayError, match="closed"):
            await engine.run(call(), block(), whole().known)
