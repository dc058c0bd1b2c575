"""Which format is asked for: the parameter first, then Accept by preference."""

from __future__ import annotations

import pytest

from walkaway.errors import InvalidRequest
from walkaway.gateway.request.formats import CarShape, Format, car_shape, negotiate

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
CAR = "application/vnd.ipld.car"


@pytest.mark.parametrize(
    ("word", "accept", "format", "by_header", "html"),
    [
        (None, "", Format.PLAIN, False, False),
        (None, "*/*", Format.PLAIN, False, False),
        (None, BROWSER, Format.PLAIN, False, True),
        ("raw", BROWSER, Format.RAW, False, False),
        (None, "application/vnd.ipld.raw", Format.RAW, True, False),
        (None, "foo, application/vnd.ipld.dag-json,bar", Format.DAG_JSON, True, False),
        (None, "application/x-tar;q=0.1, application/vnd.ipld.raw", Format.RAW, True, False),
        (None, "application/x-tar;q=0, application/cbor", Format.CBOR, True, False),
        (None, "application/vnd.ipld.raw;q=0", Format.PLAIN, False, False),
        (None, "application/json;q=x, application/cbor", Format.JSON, True, False),
        (None, "text/html, application/json", Format.PLAIN, False, True),
        (None, "application/json, text/html", Format.JSON, True, True),
        ("json", "application/vnd.ipld.raw", Format.JSON, True, False),
        ("car", "application/vnd.ipld.car", Format.CAR, False, False),
        ("webp", "image/webp", Format.PLAIN, False, False),
        ("", "", Format.PLAIN, False, False),
    ],
)
def test_the_parameter_beats_the_header(
    word: str | None, accept: str, format: Format, by_header: bool, html: bool
) -> None:
    found = negotiate(word, accept)
    assert (found.format, found.by_header, found.html) == (format, by_header, html)


def test_parameters_of_the_media_type_come_along() -> None:
    found = negotiate(None, f'{CAR}; Version=1; order=DFS; dups="y"; odd')
    assert found.parameters == {"version": "1", "order": "dfs", "dups": "y"}
    assert negotiate("car", f"text/html, {CAR};dups=y").parameters == {"dups": "y"}


@pytest.mark.parametrize(
    ("query", "parameters", "duplicates"),
    [
        ({}, {}, False),
        ({}, {"dups": "y", "order": "unk", "version": "1"}, True),
        ({"car-dups": "n"}, {"dups": "y"}, False),
        ({"car-dups": "y", "car-order": "dfs", "car-version": "1"}, {}, True),
    ],
)
def test_how_an_archive_is_written(
    query: dict[str, str], parameters: dict[str, str], duplicates: bool
) -> None:
    shape = car_shape(query, parameters)
    assert shape == CarShape(duplicates)
    dups = "y" if duplicates else "n"
    assert shape.media_type == f"{CAR}; version=1; order=dfs; dups={dups}"


@pytest.mark.parametrize(
    "query", [{"car-version": "2"}, {"car-order": "bfs"}, {"car-dups": "perhaps"}]
)
def test_archives_that_are_not_written_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        car_shape(query, {})
