"""The self-check itself: a whole service at debug level between hostile surroundings, with forty secrets and a card in every place."""

import dataclasses

import pytest
from card_spellings import SPELLINGS, cards, survivors

from monitor.model.check import Check, Step
from monitor.model.text import Text
from monitor.probes import evidence
from monitor.probes.drive import Driver
from monitor.redaction import Gate
from monitor.selfcheck import run
from monitor.selfcheck.canaries import CARDS, Canary, Finder, secret, spellings
from monitor.selfcheck.plot import Plot
from monitor.testing.simtime import SimulatedClock, simulate
from monitor.transactions.template import Place, compile_template

SECRETS = 40
SINKS = {
    "metrics", "interface", "evidence", "pages", "probe view", "commands", "log", "terminal", "tickets", "data directory", "refusals",
    "crashes",
}  # fmt: skip


def with_forty_secrets(plot: Plot) -> None:
    """More targets, each with a credential of its own that its gateway throws back."""
    text = plot.main.read_text(encoding="utf-8")
    url = text.partition('base_url: "')[2].partition('"')[0]
    targets, checks = "", ""
    for number in range(SECRETS - len(plot.planted)):
        canary = secret(f"target {number}")
        plot.planted.append(canary)
        plot.environment[f"CANARY_{number}"] = canary.value
        targets += f"""  more-{number}: {{title: more, base_url: "{url}", dialect: stripe, allow_private: [127.0.0.0/8],
    signer: {{bearer: {{token: "${{env:CANARY_{number}}}"}}}}}}\n"""
        scene = ("error", "decline", "broken", "redirect", "page")[number % 5]
        checks += (
            f"""  more-{number}: {{title: more, target: more-{number}, every: 3s, steps: [{{name: a, post: /v1/{scene}}}]}}\n"""
        )
    plot.main.write_text(text.replace("desks:\n", f"{targets}desks:\n"), encoding="utf-8")
    with (plot.folder / "checks" / "all.yaml").open("a", encoding="utf-8") as file:
        file.write(checks)


@pytest.mark.slow
async def test_forty_secrets_and_six_cards_are_in_no_output_of_a_whole_service_at_debug_level() -> None:
    report = await run(spoil=with_forty_secrets)
    for row in report.rows:
        print(f"{row.sink:<16}{row.size / 1024:>10.1f} KiB  {len(row.found)} found")

    assert SECRETS + len(CARDS) == len(report.planted)
    assert SINKS == {row.sink for row in report.rows}
    assert {} == {row.sink: row.found for row in report.rows if row.found}
    assert report.clean


def with_a_leak(plot: Plot) -> None:
    """What nobody can know to be a secret: a word in a title."""
    plot.planted.append(Canary("title", "leaky-title-canary"))
    checks = plot.folder / "checks" / "all.yaml"
    checks.write_text(checks.read_text(encoding="utf-8").replace("title: error", "title: leaky-title-canary"), encoding="utf-8")


@pytest.mark.slow
async def test_a_leak_is_found_where_it_is() -> None:
    report = await run(3.0, spoil=with_a_leak)
    leaky = {row.sink for row in report.rows if row.found}

    assert not report.clean
    assert {"interface"} <= leaky
    assert "metrics" not in leaky


def test_the_finder_knows_its_canaries_in_every_spelling() -> None:
    canary = Canary("key", "sk_test_0123456789abcdef+/=&<")
    finder = Finder([canary, Canary("card", CARDS[0])])

    assert all({"key"} == finder.find(f"before {text} after".encode()) for text in spellings(canary.value))
    for text in ("4242 4242 4242 4242", "4242-4242-4242-4242", '"4242", "4242", "4242", "4242"', "4242%204242%204242%204242"):
        assert {"card"} == finder.find(text.encode())
    assert set() == finder.find(b"424242 and nothing 4242424242424243 else")
    assert {"security code"} == finder.find(b'{"cvc": "9173"}')


def test_cards_in_twenty_spellings_do_not_survive_a_run_and_its_evidence() -> None:
    """The gateway says them in its error, its body and its headers; a sample of each spelling through the driver."""

    class Says:
        def __init__(self, text: str) -> None:
            self.text = text

        async def run(self, _call: object) -> object:
            from monitor.model.result import Exchange, Reach

            body = {"error": {"type": "api_error", "message": self.text, "code": self.text}, "note": [self.text]}
            headers = {"content-type": "application/json", "x-debug": self.text, "request-id": self.text}
            return Exchange(
                Reach.ANSWERED, 0.0, 0.1, status=500, headers=headers, body=body, raw=str(body).encode(), error=self.text
            )

    request = compile_template({"method": "POST", "path": "/pay"}, {"path": Place.PATH})
    check = Check("pay", Text("pay"), "gateway", 30.0, 9.0, 9.0, (Step("pay", "http", request, 5.0),))

    async def main() -> list[tuple[str, str]]:
        leaked, clock = [], SimulatedClock()
        from monitor.model.check import Target

        target = Target("gateway", Text("g"), "https://gateway.example", dialect="stripe")
        for name, write in SPELLINGS.items():
            for card in cards(10, seed=23):
                driver = Driver({"http": Says(write(card))}, {}, clock, gate=Gate())  # type: ignore[dict-item]
                result = await driver.run(check, target, 0, 0.0, 0.0, "here")
                shown = repr(dataclasses.replace(result, evidence=b"")) + repr(evidence.unpack(result.evidence))
                if survivors(card, shown):
                    leaked.append((name, shown))
        return leaked

    assert [] == simulate(main)
