"""XML that is data: test reports, settings, lists of records."""

import pytest
from printed import facts_of

CASES = "".join(
    f'<testcase classname="a.B" name="t{n}" time="{n / 100}">'
    + ('<failure message="expected 3 but was 4">B.java:33</failure>' if n == 22 else "")
    + "</testcase>"
    for n in range(40)
)
REPORT = (
    f'<?xml version="1.0"?><testsuites><testsuite name="s" tests="40" failures="1">\n{CASES}\n</testsuite></testsuites>'
)


def test_a_test_report_tells_its_failures_first() -> None:
    """The totals of the suite, then which test failed and how, with the line."""
    totals, failure = facts_of(REPORT)[:2]
    assert (totals.text, totals.address) == ("testsuite: name s, tests 40, failures 1", "r1[0]")
    assert (failure.text, failure.address) == ("failure in t22: expected 3 but was 4", "r1[1]")


def test_repeated_elements_are_a_table() -> None:
    """Attributes are columns; where there are none, the leaves are."""
    rows = "".join(f"<row><id>{n}</id><size>{n * 10}</size></row>\n" for n in range(30))
    told = [fact.text for fact in facts_of(f"<rows>\n{rows}</rows>")]
    assert "30 row: id, size" in told
    assert any(text.startswith("size max 290") for text in told)


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><q><w></q>',
        "<q>" * 20_000,
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><l>&b;</l>',
        '<?xml version="1.0"?><!DOCTYPE l SYSTEM "file:///etc/passwd"><l>word</l>',
        '<?xml version="1.0" encoding="utf-16"?><r k="é">é</r>' * 20,
    ],
    ids=["unbalanced", "deep", "entities", "external", "misdeclared"],
)
def test_hostile_xml_is_read_as_far_as_it_goes(text: str) -> None:
    """Nothing raises, nothing outside the text is read."""
    assert not any("root:" in fact.text for fact in facts_of(text))


def test_code_without_definitions_is_read_as_text() -> None:
    """A plan with braces ends in what it comes to."""
    blocks = "".join(f'  + resource "web" "{n}" {{\n      + ami = "a{n}"\n    }}\n' for n in range(20))
    told = [fact.text for fact in facts_of(f"{blocks}\nPlan: 19 to add, 0 to change, 1 to destroy.\n")]
    assert told.index("Plan: 19 to add, 0 to change, 1 to destroy.") < told.index("0 classes, 0 functions")
