"""The suite's report is counted by what ran: this needs no peer."""

from __future__ import annotations

import json

from tests.interop.gateway_conformance.report import read_report


def event(action: str, test: str = "", **more: object) -> str:
    named = {"Test": test} if test else {}
    return json.dumps({"Action": action, "Package": "Gateway Tests", **named, **more})


def test_only_tests_without_others_below_them_count() -> None:
    report = read_report(
        [
            event("start"),
            event("run", "TestTar"),
            event("run", "TestTar/a"),
            event("run", "TestTar/a/Status"),
            event("output", "TestTar/a/Status", Output="--- FAIL\n"),
            event("fail", "TestTar/a/Status"),
            event("run", "TestTar/a/Body"),
            event("pass", "TestTar/a/Body"),
            event("fail", "TestTar/a"),
            event("fail", "TestTar"),
            event("run", "TestCors"),
            event("skip", "TestCors"),
            event("suite_fail"),
        ]
    )
    assert report.groups() == {
        "TestCors": {"passed": 0, "failed": 0, "skipped": 1},
        "TestTar": {"passed": 1, "failed": 1, "skipped": 0},
    }
    assert report.failed == ["TestTar/a/Status"]
    assert report.skipped == ["TestCors"]


def test_what_did_not_end_failed() -> None:
    report = read_report([event("run", "TestTar"), event("run", "TestTar/a")])
    assert report.failed == ["TestTar/a"]
