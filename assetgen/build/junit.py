"""A JUnit XML report of builds or checks: what CI services show as tests. One suite a pack, one test case an asset.

Form: the common subset of https://github.com/testmoapp/junitxml (testsuites, testsuite, testcase, failure).
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from assetgen.errors import InputError
from assetgen.events import Audited, Event, Failed, Finished, Published, Reused
from assetgen.store.atomic import write_atomically

UNPRINTABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, Char


Suites = Sequence[tuple[str, Iterable[Event]]]
"""Events by pack."""


def write_report(place: Path, suites: Suites) -> None:
    """Write the report of these packs."""
    try:
        write_atomically(place, report(suites))
    except OSError as error:
        raise InputError(f"cannot write the report '{place}' ({error.strerror})", cure="Name another file") from error


def report(suites: Suites) -> bytes:
    """The events of builds or checks as XML. A failure of a whole build is one of a test case named as the pack."""
    root = ElementTree.Element("testsuites", {"name": "assetgen"})
    for name, events in suites:
        pack = UNPRINTABLE.sub("�", name)
        suite = ElementTree.SubElement(root, "testsuite", {"name": pack})
        seconds = _add_cases(suite, pack, events)
        suite.set("time", f"{seconds:.3f}")
    for element in (*root, root):
        for sum_of, tag in (("tests", "testcase"), ("failures", "testcase[failure]")):
            element.set(sum_of, str(len(element.findall(f".//{tag}"))))
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add_cases(suite: ElementTree.Element, pack: str, events: Iterable[Event]) -> float:
    """A test case for every asset; gives the seconds of all."""
    seconds, cases = 0.0, dict[str, list[str]]()
    for event in events:
        if isinstance(event, Finished):
            seconds += event.seconds
        if isinstance(event, Failed) or (isinstance(event, Audited | Reused | Published) and event.asset):
            cases.setdefault(event.asset or pack, []).extend(_failures(event))
    for asset, reasons in sorted(cases.items()):
        case = ElementTree.SubElement(suite, "testcase", name=asset, classname=f"assetgen.{pack}")
        for reason in (UNPRINTABLE.sub("�", reason) for reason in reasons):
            ElementTree.SubElement(case, "failure", message=reason).text = reason  # some services show one, some both
    return seconds


def _failures(event: Event) -> list[str]:
    if isinstance(event, Failed):
        return [event.reason]
    if isinstance(event, Audited) and event.state != "ok":
        return [f"{event.state}: {', '.join(event.reasons)}"]
    return []
