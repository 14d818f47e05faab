"""How templates are compiled: in one language, and into code that spends its time on the page rather than on Jinja.

What is drawn does not change; three things of the generated code do. A sentence is a constant in which its variables
stand, instead of a look-up and a `%`. A block is drawn into one string, instead of being handed piece by piece through
the generator of each layout above it. Plain text is escaped without being wrapped in Markup, since it goes at once
into the page.
"""

import gettext
import re
from collections.abc import Iterator, MutableMapping
from typing import Any, cast

import markupsafe
from jinja2 import Environment, nodes
from jinja2.runtime import Context, Macro
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

# The function in C behind `escape`, or its twin in Python.
from markupsafe import Markup, _escape_inner  # type: ignore[attr-defined]

_VARIABLE = re.compile(r"%\((\w+)\)s")
_IMPORT = "from jinja2.runtime import "
# What a template may hold at its top and that a filter around it would hide from others.
_DECLARATIONS = (nodes.Extends, nodes.Macro, nodes.Import, nodes.FromImport, nodes.Assign, nodes.AssignBlock)
# `d.items` is the method, whatever the keys.
_OF_DICTS = frozenset(dir(dict))
ENTIER = "_d_un_seul_tenant"


def escape(value: Any) -> str:
    """The text that stands for a value in a page."""
    if type(value) is str:
        return _escape_inner(value)
    if type(value) is Markup:
        return value
    return markupsafe.escape(value)


def whole(text: str) -> str:
    """The text as it is: the filter that makes one string of a block."""
    return text


class _ConstantSentences(NodeTransformer):
    """Puts the translation in the place of each `_('…')` and `{% trans %}`: nothing is looked up at each page.

    Where templates escape, a translation is safe text and its variables are escaped, as by jinja2's own gettext.
    """

    def __init__(self, translations: gettext.NullTranslations, kind: type[str]) -> None:
        self._translations = translations
        self._kind = kind

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """A printed sentence becomes pieces of the output, its variables between them."""
        children: list[nodes.Expr] = []
        for child in node.nodes:
            sentence = self._sentence(child)
            pieces = None if sentence is None else _pieces(sentence, cast(nodes.Call, child))
            children.extend([child] if pieces is None else pieces)
        node.nodes = children
        return self.generic_visit(node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """The sentence itself, its variables put in with %; a plural or a sentence from elsewhere as it was."""
        self.generic_visit(node)
        sentence = self._sentence(node)
        if sentence is None:
            return node
        if not node.kwargs:
            # A percent sign is written twice even where there is no variable.
            return nodes.Const(sentence % {}, lineno=node.lineno)
        values = [nodes.Pair(nodes.Const(item.key), item.value) for item in node.kwargs]
        return nodes.Mod(nodes.Const(sentence), nodes.Dict(values), lineno=node.lineno)

    def _sentence(self, node: nodes.Node) -> str | None:
        """The translation of a call that is nothing but a constant sentence and its variables."""
        if not isinstance(node, nodes.Call) or len(node.args) != 1 or node.dyn_args or node.dyn_kwargs:
            return None
        known = isinstance(node.node, nodes.Name) and node.node.name in ("_", "gettext")
        message = node.args[0]
        if not known or not isinstance(message, nodes.Const):
            return None
        return self._kind(self._translations.gettext(message.value))


def _pieces(sentence: str, call: nodes.Call) -> list[nodes.Expr] | None:
    """The sentence cut at its variables; None when it holds another mark than `%(name)s`."""
    values = {item.key: item.value for item in call.kwargs}
    parts = _VARIABLE.split(str(sentence))
    if any("%" in text.replace("%%", "") for text in parts[::2]) or not values.keys() >= set(parts[1::2]):
        return None
    return [
        values[part] if n % 2 else nodes.TemplateData(part.replace("%%", "%"), lineno=call.lineno)
        for n, part in enumerate(parts)
        if part
    ]


def _whole(body: list[nodes.Node], lineno: int) -> list[nodes.Node]:
    drawn = nodes.Filter(None, ENTIER, [], [], None, None, lineno=lineno)
    return [nodes.FilterBlock(body, drawn, lineno=lineno)]


def _top(template: nodes.Template) -> Iterator[nodes.Node]:
    for node in template.body:
        yield node
        yield from node.find_all(_DECLARATIONS)


class PageContext(Context):
    """Jinja's context, which calls a macro without asking each time whether it wants to be told of the context."""

    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """What a call in a template gives. A macro that takes no block gets its arguments as Jinja would give them."""
        if type(__obj) is not Macro or __obj.caller or __obj.catch_kwargs or __obj.catch_varargs:
            return super().call(__obj, *args, **kwargs)
        names = __obj.arguments
        if len(args) > len(names) or not __self.eval_ctx.autoescape:
            return super().call(__obj, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        given = [*args, *(kwargs.pop(name, missing) for name in names[len(args) :])]
        if kwargs:
            raise TypeError(f"macro {__obj.name!r} takes no keyword argument {next(iter(kwargs))!r}")
        # What a macro draws is safe text already.
        return str.__new__(Markup, __obj._func(*given))  # noqa: SLF001 - what its own call ends with


class PageEnvironment(Environment):
    """Jinja's environment, whose templates are compiled as said above.

    Once `complete`, what it gives every template changes no more: each page copies one plain dict.
    """

    translations: gettext.NullTranslations
    context_class = PageContext
    complete = False

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """As Jinja's, whose chain of two dicts is walked in Python for each page."""
        return super().make_globals(d) if d or not self.complete else dict(self.globals)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        kind = Markup if self.autoescape else str
        sentences = _ConstantSentences(self.translations, kind)
        template = cast(nodes.Template, sentences.visit(super()._parse(source, name, filename)))
        for block in list(template.find_all(nodes.Block)):
            block.body = _whole(block.body, block.lineno)
        if not any(isinstance(node, _DECLARATIONS) for node in _top(template)):
            template.body = _whole(template.body, 1)
        return template

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        code = super()._generate(source, name, filename, defer_init)
        head, found, tail = code.partition(_IMPORT)
        if not found:
            raise RuntimeError("this version of Jinja compiles templates in another way")
        line, newline, rest = tail.partition("\n")
        return f"{head}{found}{line}{newline}from {__name__} import escape{newline}{rest}"

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's; a key of a dict is found without an exception being raised first."""
        if type(obj) is dict and attribute in obj and attribute not in _OF_DICTS:
            return obj[attribute]
        try:
            return getattr(obj, attribute)
        except AttributeError:
            return super().getattr(obj, attribute)
