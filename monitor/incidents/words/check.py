"""Is a team's template fit to be used? Every fault with its line, before an incident needs it."""

from dataclasses import replace

from jinja2 import TemplateError, TemplateSyntaxError

from monitor.incidents.words.build import view
from monitor.incidents.words.grammar import TEMPLATE_MAX_BYTES, Fault, faults
from monitor.incidents.words.samples import NEWS, SAMPLES
from monitor.incidents.words.shipped import LANGUAGES, NAMES, environment, sections
from monitor.incidents.words.words import TEXT_MAX, render

#: What may be written anew: ``title.en`` to ``vendor.zh``.
OVERRIDABLE = tuple(f"{name}.{language}" for name in NAMES for language in LANGUAGES)


def check(name: str, text: str) -> list[Fault]:
    """``name`` is one of OVERRIDABLE. Empty: it says something fit to read of every sample incident."""
    if len(text.encode()) > TEMPLATE_MAX_BYTES:
        return [Fault(0, f"expected at most {TEMPLATE_MAX_BYTES >> 10} KiB of template")]
    try:
        tree = environment().parse(text)
    except (TemplateSyntaxError, RecursionError) as error:
        line, said = (error.lineno, error.message) if isinstance(error, TemplateSyntaxError) else (0, "nested too deeply")
        return [Fault(line, f"expected a template that Jinja can read: {said}")]
    return faults(tree, sections()) or _tried(name, text)


def _tried(name: str, text: str) -> list[Fault]:
    """On every sample; of each line the first fault."""
    template, language = environment().from_string(text), name.rpartition(".")[2]
    found: dict[int, Fault] = {}
    for sample, incident in SAMPLES.items():
        try:
            said = render(template, replace(view(incident, language, NEWS, told_at=incident.told_at), shipped="-"))
        except (TemplateError, TypeError, ValueError) as error:
            message = f'expected what can be said of every incident; of one like "{sample}" it cannot: {error}'
            line = _line(error)
            found.setdefault(line, Fault(line, message, "ask first: {% if verdict %} ... {% endif %}"))
            continue
        if not said and name.startswith(("title", "body")):
            found.setdefault(0, Fault(0, f'expected some text for every incident, got none for one like "{sample}"'))
        if len(said) > TEXT_MAX:
            found.setdefault(0, Fault(0, f"expected at most {TEXT_MAX:,} characters of text"))
    return list(found.values())


def _line(error: BaseException) -> int:
    """The template's own, which Jinja writes into the traceback; 0 when it is not there."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
