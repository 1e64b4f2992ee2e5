"""What is written about the knobs is what they are."""

import re
from pathlib import Path

from monitor.sandbox.faults import parse
from monitor.sandbox.knobs import KNOBS, Fault

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_the_page_lists_every_knob_with_its_line():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert [(name, knob.doc) for name, knob in KNOBS.items()] == rows


def test_the_page_names_everything_a_knob_can_be_narrowed_by():
    assert all(f"`{name}`" in PAGE for name in Fault.model_fields if name != "knob")


def test_the_example_on_the_page_works():
    [example] = re.findall(r'"faults": \[(\{.+?\})\]', PAGE)
    pairs = re.findall(r'"(\w+)": (?:"([^"]+)"|([\d.]+))', example)
    fault = parse({name: text or float(number) for name, text, number in pairs})
    assert ("acquirer_down", frozenset({"visa"}), 0.5) == (fault.knob, fault.brand, fault.share)
