"""What a team's template may say: values of the view, conditions, loops over its lists, a few filters, and shipped sections.

A template that keeps to it ends, stays small and touches nothing: its only loops go over lists that the view bounds, two deep at most; it
has no calls, no arithmetic, no assignments and no way to an object's insides. Every name in it is looked up in the view's own types, so
that a wrong one is found at load also where no sample would have come by.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from jinja2 import nodes

from monitor.incidents.words.view import View

#: Loops within loops: alerts, and the facts of each.
LOOPS_DEEP = 2
#: A template is a page of text. The parser's work, and the text's size, grow with it.
TEMPLATE_MAX_BYTES = 32 << 10


def _join(items: Sequence[str], separator: str = "") -> str:
    return separator.join(items)


#: Filters, in full.
FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"join": _join, "length": len, "upper": str.upper, "lower": str.lower}
)
_ON_LISTS = frozenset({"join", "length"})
_LOOP = {"first": bool, "last": bool, "index": int}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a line, and what was probably meant."""

    line: int
    message: str
    hint: str = ""


class _Loop:
    """Stands for the type of ``loop``."""


Type = Any  # a class, or tuple[X, ...] of the view's annotations
Scope = Mapping[str, Type]


def faults(tree: nodes.Template, sections: Iterable[str]) -> list[Fault]:
    """All of them, in the order of lines. ``sections``: the shipped templates that may be included."""
    check = _Check(frozenset(sections))
    check.body(tree.body, get_type_hints(View), 0)
    return sorted(check.found, key=lambda fault: fault.line)


class _Check:
    def __init__(self, sections: frozenset[str]) -> None:
        self.sections = sections
        self.found: list[Fault] = []

    def add(self, node: nodes.Node, message: str, hint: str = "") -> None:
        self.found.append(Fault(node.lineno, message, hint))

    def body(self, body: Sequence[nodes.Node], scope: Scope, depth: int) -> None:
        for node in body:
            self.statement(node, scope, depth)

    def statement(self, node: nodes.Node, scope: Scope, depth: int) -> None:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    self.shown(part, scope)
            case nodes.If():
                self.value(node.test, scope)
                for branch in (node.body, node.elif_, node.else_):
                    self.body(branch, scope, depth)
            case nodes.For():
                self.loop(node, scope, depth)
            case nodes.Include():
                self.include(node, depth)
            case _:
                self.add(node, f'expected text, values, "if", "for" or "include", got {_name(node)}')

    def loop(self, node: nodes.For, scope: Scope, depth: int) -> None:
        kind = self.value(node.iter, scope)
        item = _item(kind)
        if item is None and kind is not None:
            self.add(node, "expected a list of the view to go over, got something else")
        if depth >= LOOPS_DEEP:
            self.add(node, f"expected loops at most {LOOPS_DEEP} deep")
        if node.recursive:
            self.add(node, 'expected a loop that is not "recursive"')
        if not isinstance(node.target, nodes.Name):
            self.add(node, "expected one name for what a loop goes over")
            return
        inner = {**scope, node.target.name: item, "loop": _Loop}
        if node.test is not None:
            self.value(node.test, inner)
        self.body(node.body, inner, depth + 1)
        self.body(node.else_, scope, depth)

    def include(self, node: nodes.Include, depth: int) -> None:
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if name not in self.sections or depth:
            where = "outside of loops, a section that is shipped" if depth else "the name of a section that is shipped"
            self.add(node, f"expected {where}, got {name!r}", f"possible here: {', '.join(sorted(self.sections))}")

    def shown(self, node: nodes.Node, scope: Scope) -> None:
        kind = self.value(node, scope)
        if kind is not None and kind not in (str, int):
            what = "a list: write a loop, or |join" if _item(kind) else "a group of values: name one of them"
            self.add(node, "expected a text or a number to show, got " + ("yes or no" if kind is bool else what))

    def value(self, node: nodes.Node, scope: Scope) -> Type:
        """Its type; None when that cannot be known, which has been reported then."""
        match node:
            case nodes.TemplateData():
                return str
            case nodes.Const() if isinstance(node.value, str | int | bool):
                return type(node.value)
            case nodes.Name():
                return self.looked_up(node, node.name, scope)
            case nodes.Getattr():
                return self.attribute(node, scope)
            case nodes.Filter() if node.node is not None:
                return self.filtered(node, node.node, scope)
            case nodes.Not():
                self.value(node.node, scope)
                return bool
            case nodes.And() | nodes.Or():
                right = self.value(node.right, scope)
                return self.value(node.left, scope) or right
            case nodes.Compare():
                for part in (node.expr, *(operand.expr for operand in node.ops)):
                    self.value(part, scope)
                return bool
            case nodes.Concat():
                for part in node.nodes:
                    self.shown(part, scope)
                return str
            case nodes.CondExpr():
                self.value(node.test, scope)
                other = self.value(node.expr2, scope) if node.expr2 else None
                return self.value(node.expr1, scope) or other
        self.add(node, f"expected a value of the view, a text or a comparison, got {_name(node)}")
        return None

    def looked_up(self, node: nodes.Node, name: str, known: Mapping[str, Type]) -> Type:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            self.add(node, f"expected a name that exists here, got {name!r}", f'did you mean "{close[0]}"?' if close else "")
            return None
        return _present(known[name])

    def attribute(self, node: nodes.Getattr, scope: Scope) -> Type:
        whole = self.value(node.node, scope)
        if whole is None:
            return None
        if whole is _Loop:
            return self.looked_up(node, node.attr, _LOOP)
        if not is_dataclass(whole):
            self.add(node, f"expected something that has parts before .{node.attr}")
            return None
        hints = get_type_hints(whole)
        return self.looked_up(node, node.attr, {field.name: hints[field.name] for field in fields(whole)})

    def filtered(self, node: nodes.Filter, value: nodes.Node, scope: Scope) -> Type:
        kind = self.value(value, scope)
        if node.name not in FILTERS:
            self.add(node, f"expected one of the filters {', '.join(sorted(FILTERS))}, got {node.name!r}")
            return None
        separators = [one for one in node.args if isinstance(one, nodes.Const) and isinstance(one.value, str)]
        if len(separators) != len(node.args) or len(separators) > (node.name == "join") or node.kwargs or node.dyn_args:
            self.add(node, f"expected {node.name}" + (' with one text, like join(", ")' if node.name == "join" else " by itself"))
        fits = kind is None or (_item(kind) is not None if node.name in _ON_LISTS else kind is str)
        if node.name == "join" and kind is not None:
            fits = _item(kind) is str
        if not fits:
            self.add(node, f"expected a {'list' if node.name in _ON_LISTS else 'text'} before |{node.name}")
        return int if node.name == "length" else str


def _present(kind: Type) -> Type:
    """``X`` of ``X | None``: whether it is there is for the template to ask, and for the samples to find out."""
    origin: Any = get_origin(kind)
    if origin in (Union, UnionType):
        return next(one for one in get_args(kind) if one is not NoneType)
    return kind


def _item(kind: Type) -> Type:
    """Of a list; None for what is none."""
    origin: Any = get_origin(kind)
    return get_args(kind)[0] if origin is tuple else None


def _name(node: nodes.Node) -> str:
    """Jinja's own word for it: ``Call``, ``Assign``, ``Macro``."""
    return f'"{type(node).__name__.lower()}"'
