"""A site as people publish them: pages, a module, a font, a film, and a service worker."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from tests.interop.peers import system_program

__all__ = ["FILM_SECONDS", "build_website"]

PAGES = Path(__file__).with_name("pages")
FONT = "node_modules/@fontsource/inter/files/inter-latin-400-normal.woff2"
FILM_SECONDS = 60


async def build_website(folder: Path, packages: Path) -> None:
    """Write the site to ``folder``, which is not there yet; its font comes from ``packages``.

    There is no page in ``pictures``, so that it is listed.
    """
    shutil.copytree(PAGES, folder)
    (folder / "fonts").mkdir()
    shutil.copy(packages / FONT, folder / "fonts" / "site.woff2")
    (folder / "pictures" / "a name & more.txt").write_text("plain\n")
    await _film(folder / "film.webm")


async def _film(path: Path) -> None:
    """A minute of a test picture with noise: some megabytes, with an index to seek by."""
    picture = f"testsrc=size=320x180:rate=10:duration={FILM_SECONDS},noise=alls=40:allf=t"
    process = await asyncio.create_subprocess_exec(
        await system_program("ffmpeg"), "-loglevel", "error", "-f", "lavfi", "-i", picture,
        "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-g", "20",
        str(path),
    )  # fmt: skip
    assert await process.wait() == 0
