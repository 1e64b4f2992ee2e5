"""The words of six incidents, held against pages that people have read; and what no page may ever show."""

import re

import pytest
from golden import FOLDER, told

from monitor.incidents.words.samples import SAMPLES

#: Latin words that stand in Chinese texts by right: names, codes and units, and abbreviations that Chinese engineers use as they are.
NAMES = frozenset(
    re.findall(
        r"\w+",
        "northgate card payment history search authorise refund brand visa mastercard Visa li wei fra sin monitor tech_acquirer "
        "timeout_unknown ACQUIRER_SYSTEM_ERROR UTC TLS DNS ID MAS Notice DORA EUR P1 P2 P3",
    )
)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_an_incident_reads_as_on_its_page(sample: str, language: str) -> None:
    assert told(sample)[language] == (FOLDER / f"{sample}.{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", SAMPLES)
def test_chinese_texts_hold_no_english_but_names_and_codes(sample: str) -> None:
    shown = re.sub(r"=== \w+ ===|(?:inc|prb)_[\w-]+|\d{4}-\d\d-\d\dT[\d:]+Z|\b[0-9a-f]{10}\b", "", told(sample)["zh"])

    assert set(re.findall(r"[A-Za-z_]{2,}\d*", shown)) <= NAMES


@pytest.mark.parametrize("sample", SAMPLES)
def test_chinese_texts_use_full_width_punctuation_beside_chinese_letters(sample: str) -> None:
    assert re.findall(r"[\u4e00-\u9fff][,;:!?()]|[,;!?()][\u4e00-\u9fff]", told(sample)["zh"]) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_shows_its_insides_or_its_seams(sample: str, language: str) -> None:
    page = told(sample)[language]

    assert re.findall(r"None|True|False|nan|\{|\}|\(\)|（）|\[\]|[ \t]\n|\n\n\n|: \n|：\n\n", page) == []


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_text_is_there_in_both_languages_and_they_differ(sample: str) -> None:
    pages = told(sample)
    parts = {language: re.split(r"=== \w+ ===\n", page)[1:] for language, page in pages.items()}

    assert all(part.strip() for page in parts.values() for part in page)
    assert all(english != chinese for english, chinese in zip(parts["en"], parts["zh"], strict=True))


@pytest.mark.parametrize("sample", SAMPLES)
def test_both_languages_give_the_same_figures(sample: str) -> None:
    """Translations stay in step. Single digits are left out: one is "one" where the other says 1."""
    english, chinese = (set(re.findall(r"\d[\d,.:]*\d", page)) for page in told(sample).values())

    assert english == chinese


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("sample", ["triaged", "slow", "resolved"])
def test_customers_are_told_neither_names_of_ours_nor_whom_we_blame(sample: str, language: str) -> None:
    notice = told(sample)[language].split("=== notice ===\n")[1].split("=== vendor ===")[0]

    for inside in (
        "northgate",
        "acquirer",
        "收单行",
        "gateway",
        "网关",
        "brand=",
        "fra",
        "authorise",
        "EUR",
        "%",
        "inc_",
        "li.wei",
    ):
        assert inside not in notice


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_gateways_support_is_told_nothing_of_our_customers_money_or_duties(sample: str, language: str) -> None:
    vendor = told(sample)[language].split("=== vendor ===\n")[1]

    for inside in ("18,400", "MAS", "DORA", "140", "li.wei", "customers", "客户"):
        assert inside not in vendor
