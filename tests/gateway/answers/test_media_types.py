"""Media types by name and by content, the same on every machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.gateway.answers.media_types import (
    BINARY,
    can_run_scripts,
    type_by_content,
    type_by_name,
)

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", HTML),
        ("a.JS", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.mp4", "video/mp4"),
        ("a.js.map", "application/json"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", BINARY),
        ("README", None),
        ("", None),
        (".html", None),
        ("data:text/html,x", None),
        ("http://x/?a.html", HTML),
        ("a.unheard-of", None),
    ],
)
def test_by_name(name: str, media_type: str | None) -> None:
    assert type_by_name(name) == media_type


@pytest.mark.parametrize(
    ("beginning", "media_type"),
    [
        (b"hello\n", TEXT),
        (b"", TEXT),
        ("żółć".encode(), TEXT),
        (b"\xff\xfe", BINARY),
        (b"a\x00b", BINARY),
        (b"<!DOCTYPE html><p>", HTML),
        (b" \n<!-- c --> <html >", HTML),
        (b"<htmlx>", TEXT),
        (b"<!--" * 700 + b"-->" + b"<html>", HTML),
        (b"<!---->" * 400 + b"x", TEXT),
        (b"<?xml>" * 400 + b"x", "text/xml; charset=utf-8"),
        (b"<!-- never closed <html>", TEXT),
        (b"<!DOCTYPE SVG x><!----> <SVG>", "image/svg+xml"),
        (b'<svg xmlns="x">', "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg >', "image/svg+xml"),
        (b'<?xml version="1.0"?><rss>', "text/xml; charset=utf-8"),
        (b'{"a": [1]}', "application/json"),
        (b"[1, 2]", "application/json"),
        (b"[not json]", TEXT),
        (b"{x}", TEXT),
        (b"\xef\xbb\xbf<html>", HTML),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"RIFF\0\0\0\0AVI ", BINARY),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\0\0\0\x20ftypavif", "image/avif"),
        (b"\x1aE\xdf\xa3", "video/webm"),
    ],
)
def test_by_content(beginning: bytes, media_type: str) -> None:
    assert type_by_content(beginning, is_whole=True) == media_type


def test_a_character_may_be_cut_in_two_where_more_follows() -> None:
    cut = "abcż".encode()[:-1]
    assert type_by_content(cut, is_whole=False) == TEXT
    assert type_by_content(cut, is_whole=True) == BINARY
    assert type_by_content(b"[1, 2", is_whole=False) == "application/json"
    assert type_by_content(b"\xc5" + b"a" * 10, is_whole=False) == BINARY


@given(st.binary(max_size=200), st.booleans())
def test_every_content_has_a_type(beginning: bytes, is_whole: bool) -> None:
    assert "/" in type_by_content(beginning, is_whole=is_whole)


def test_what_runs_scripts() -> None:
    assert can_run_scripts(HTML)
    assert can_run_scripts("image/svg+xml")
    assert can_run_scripts("text/xml; charset=utf-8")
    assert can_run_scripts("application/atom+xml")
    assert not can_run_scripts(TEXT)
    assert not can_run_scripts("image/png")
