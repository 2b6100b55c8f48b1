"""A JUnit XML report of a build or a check: what CI services show as tests. One test case an asset.

Form: the common subset of https://github.com/testmoapp/junitxml (testsuites, testsuite, testcase, failure).
"""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from assetgen.errors import InputError
from assetgen.events import Audited, Event, Failed, Finished, Published, Reused
from assetgen.places import write_whole

UNPRINTABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, Char


def write_report(place: Path, pack: str, events: Iterable[Event]) -> None:
    """Write the report of these events."""
    try:
        write_whole(place, report(pack, events))
    except OSError as error:
        raise InputError(f"cannot write the report '{place}' ({error.strerror})") from error


def report(pack: str, events: Iterable[Event]) -> bytes:
    """The events of a build or a check as XML."""
    events = list(events)
    failures: dict[str, list[str]] = {}
    for event in events:
        if isinstance(event, Failed | Audited | Reused | Published) and event.asset:
            failures.setdefault(event.asset, []).extend(_failures(event))
    seconds = sum(event.seconds for event in events if isinstance(event, Finished))
    count = {"tests": str(len(failures)), "failures": str(sum(map(bool, failures.values()))), "time": f"{seconds:.3f}"}
    suites = ElementTree.Element("testsuites", {"name": "assetgen", **count})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": pack, **count})
    for asset, reasons in sorted(failures.items()):
        case = ElementTree.SubElement(suite, "testcase", name=asset, classname=f"assetgen.{pack}")
        for reason in reasons:
            ElementTree.SubElement(case, "failure", message=UNPRINTABLE.sub("�", reason))
    text: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _failures(event: Event) -> list[str]:
    if isinstance(event, Failed):
        return [event.reason]
    if isinstance(event, Audited) and event.state != "ok":
        return [f"{event.state}: {', '.join(event.reasons)}"]
    return []
