"""The words of verdicts and runbooks: shipped YAML, read once like code, and refused when anything is missing in either language."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.model.text import Text
from monitor.model.triage import Experiment, Layer, Symptom
from monitor.triage.weights import Cause

Owner = Literal["monitoring", "client", "our network", "gateway", "acquirer", "scheme", "issuer", ""]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(Strict):
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    @property
    def text(self) -> Text:
        return Text(self.en, self.zh)


class CauseWords(Strict):
    """``conclusion`` ends the summary. It and ``next`` may hold ``{where}``, ``{place_en}`` and ``{place_zh}``."""

    conclusion: Said
    next: Said
    owner: Owner
    do_not: tuple[str, ...]


class Causes(Strict):
    cautions: Mapping[str, Said]
    causes: Mapping[Cause, CauseWords]

    @model_validator(mode="after")
    def _complete(self) -> "Causes":
        missing = set(Cause) - set(self.causes)
        unknown = {name for words in self.causes.values() for name in words.do_not} - set(self.cautions)
        if missing or unknown:
            raise ValueError(f"causes without words: {sorted(missing)}; cautions that there are not: {sorted(unknown)}")
        return self


class RunbookStep(Strict):
    """One question. ``experiments`` answer it, or a person does; ``layer`` is the one that fails when it fails."""

    id: str = Field(pattern=r"^[a-z_]+$")
    layer: Layer
    question: Said
    experiments: tuple[Experiment, ...] = ()
    passing: Said
    failing: Said
    owner: Owner
    next: Said
    do_not: tuple[str, ...] = ()


class Runbook(Strict):
    symptom: Symptom
    title: Said
    steps: tuple[RunbookStep, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _steps_differ(self) -> "Runbook":
        ids = [step.id for step in self.steps]
        if len(set(ids)) < len(ids):
            raise ValueError(f"steps named twice in the runbook {self.symptom}")
        return self


def _yaml(name: str) -> Any:
    return yaml.load(files("monitor.triage").joinpath(name).read_text("utf-8"), _LOADER)  # noqa: S506 - a safe one, in C where there is one


#: Parsed at import, like code: the first verdict must not hold up the event loop for it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CAUSE_WORDS = Causes.model_validate(_yaml("causes.yaml"))
RUNBOOKS: Mapping[Symptom, Runbook] = MappingProxyType(
    {symptom: Runbook.model_validate(_yaml(f"runbooks/{symptom.value}.yaml")) for symptom in Symptom}
)


def words_of(cause: Cause) -> CauseWords:
    return CAUSE_WORDS.causes[cause]


def runbook(symptom: Symptom) -> Runbook:
    return RUNBOOKS[symptom]


def cautions(names: tuple[str, ...]) -> tuple[Text, ...]:
    return tuple(CAUSE_WORDS.cautions[name].text for name in names)
