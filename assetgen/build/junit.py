"""JUnit XML report of builds or checks, which CI services show as tests: one suite per pack, one test case per asset.

Schema: the common subset of https://github.com/testmoapp/junitxml (testsuites, testsuite, testcase, failure).
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from assetgen.errors import InputError
from assetgen.events import Audited, Event, Failed, Finished, Published, Reused
from assetgen.store.atomic import write_atomically

_UNPRINTABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, Char


Suites = Sequence[tuple[str, Iterable[Event]]]
"""Events by pack."""


def write_report(path: Path, suites: Suites) -> None:
    """Write the report of these packs."""
    try:
        write_atomically(path, report(suites))
    except OSError as error:
        raise InputError(f"cannot write the report '{path}' ({error.strerror})", cure="Name another file") from error


def report(suites: Suites) -> bytes:
    """The events of builds or checks as XML. The failure of a whole build is a test case with the pack's name."""
    root = ElementTree.Element("testsuites", {"name": "assetgen"})
    for name, events in suites:
        pack = _UNPRINTABLE.sub("�", name)
        suite = ElementTree.SubElement(root, "testsuite", {"name": pack})
        seconds = _add_cases(suite, pack, events)
        suite.set("time", f"{seconds:.3f}")
    for element in (*root, root):
        for sum_of, tag in (("tests", "testcase"), ("failures", "testcase[failure]")):
            element.set(sum_of, str(len(element.findall(f".//{tag}"))))
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add_cases(suite: ElementTree.Element, pack: str, events: Iterable[Event]) -> float:
    """Add a test case for each asset. Returns the seconds of all builds."""
    seconds, cases = 0.0, dict[str, list[str]]()
    for event in events:
        if isinstance(event, Finished):
            seconds += event.seconds
        if isinstance(event, Failed) or (isinstance(event, Audited | Reused | Published) and event.asset):
            cases.setdefault(event.asset or pack, []).extend(_failures(event))
    for asset, reasons in sorted(cases.items()):
        case = ElementTree.SubElement(suite, "testcase", name=asset, classname=f"assetgen.{pack}")
        for reason in (_UNPRINTABLE.sub("�", reason) for reason in reasons):
            ElementTree.SubElement(case, "failure", message=reason).text = reason  # some services show one, some both
    return seconds


def _failures(event: Event) -> list[str]:
    if isinstance(event, Failed):
        return [event.reason]
    if isinstance(event, Audited) and not event.passed:
        return [f"{event.state}: {', '.join(event.reasons)}"]
    return []
