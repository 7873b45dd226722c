"""Which errors of a type checker are errors at run time too, in code that may change its classes while it runs."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from program.findings import has_other_names

_ATTRIBUTE = re.compile(r'^(?:"(?:type\[)?(?P<owner>\w+)\]?"|Module\b.*?) has no attribute "(?P<name>\w+)"')
_CALL = re.compile(r'\b(?:to|for) "(?P<called>\w+)"(?: of "(?P<owner>\w+)")?(?:;|$)')
"""What has no such attribute, or was called with wrong arguments."""

_PLAIN = ("dataclasses.dataclass", "functools.total_ordering", "typing.final", "enum.unique")
"""Decorators of classes that the type checker knows."""

_PLAIN_OF_METHODS = ("staticmethod", "classmethod", "abc.abstractmethod")
_CLOSED = ("object", "ABC", "Generic")
"""Bases that bring nothing."""

_HOOKS = ("__getattr__", "__getattribute__", "__new__", "__init_subclass__", "__set_name__")
_SETTERS = ("setattr", "__setattr__", "__dict__", "exec")
"""Names in a text that may give attributes to anything."""

_FAILING = ("AttributeError", "TypeError", "ImportError", "ModuleNotFoundError", "NameError")
_EXPECTING = ("raises", "assertRaises", "assertRaisesRegex", "suppress")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Code:
    """What Python files say by name, as far as the type checker does not heed it."""

    named: set[str]
    """What is defined or assigned anywhere, or a text: anything may have an attribute of such a name."""
    bound: set[str] = field(default_factory=set)
    """What is assigned, or imported where this may fail: it may be something else than a definition of this name."""
    classes: dict[str, list[ast.ClassDef]] = field(default_factory=dict)
    functions: dict[str, list[tuple[str, _Function]]] = field(default_factory=dict)
    odd: set[ast.AST] = field(default_factory=set)
    """Classes and functions with something that may change them."""
    expected: set[tuple[str, int]] = field(default_factory=set)
    """Lines whose errors the code awaits."""
    has_setters: bool = False
    has_other_names: bool = False

    @classmethod
    def read(cls, trees: Mapping[str, ast.Module], words: Collection[str]) -> "Code":
        """Read files by path; `words` are those of files that cannot be read."""
        code = cls({*words})
        for path, tree in trees.items():
            imports = _imports(tree)
            code.has_other_names |= has_other_names(tree)
            methods = {inside for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for inside in node.body}
            for node in ast.walk(tree):
                code._add(path, node, imports)
                if isinstance(node, _Function) and node not in methods:
                    code.functions.setdefault(node.name, []).append((path, node))
        return code

    def _add(self, path: str, node: ast.AST, imports: Mapping[str, str]) -> None:
        match node:
            case ast.ClassDef(name=name):
                self.named.add(name)
                self.classes.setdefault(name, []).append(node)
                if _is_odd(node, imports):
                    self.odd.add(node)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.named.add(name)
                if any(_full_name(it, imports) not in _PLAIN_OF_METHODS for it in node.decorator_list):
                    self.odd.add(node)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                self.named.add(name)
                self.bound.add(name)
            case ast.Constant(value=str(text)):
                self.named.add(text)
            case ast.Try() | ast.With() if _expects(node):
                self.expected |= {(path, line) for line in range(node.lineno, (node.end_lineno or 0) + 1)}
                self.bound |= {name for inside in ast.walk(node) for name in _names(inside)}
        self.has_setters |= _is_setter(node)

    def is_certain(self, message: str) -> bool:
        """Say whether an error of the type checker is one at run time too."""
        if found := _ATTRIBUTE.search(message):
            if found["name"] in self.named or self.has_setters:
                return False
            return self._is_plain(found["owner"]) if found["owner"] else not self.has_other_names
        if found := _CALL.search(message):
            return found["called"] not in self.bound and self._is_certain_call(found["called"], found["owner"])
        return False

    def _is_certain_call(self, name: str, owner: str | None) -> bool:
        """Say whether what is called can only be the one that the type checker has found."""
        if owner:
            family = [node for relative in self._family(owner) for node in self.classes.get(relative, [])]
            found = [it for node in family for it in node.body if isinstance(it, _Function) and it.name == name]
            return self._is_plain(owner) and len(found) == 1 and found[0] not in self.odd
        functions = self.functions.get(name, [])
        if name in self.classes:
            return not functions and self._is_plain(name) and self._below(name) == {name}
        paths = [path for path, _ in functions]
        return bool(paths) and len({*paths}) == len(paths) and not any(node in self.odd for _, node in functions)

    def _is_plain(self, name: str) -> bool:
        """Say whether a class of ours has just what stands in it, in the classes above it and in those below."""
        if name not in self.classes or name in self.bound:
            return False
        family = self._family(name)
        below = family - self._above({name})
        bases = {base for relative in below for base in self._bases(relative)}
        odd = any(node in self.odd for relative in family for node in self.classes.get(relative, []))
        return not odd and all(base in self.classes or base in _CLOSED for base in bases)

    def _family(self, name: str) -> set[str]:
        """Return the classes that an object of this one may also be of."""
        return self._above(self._below(name))

    def _below(self, name: str) -> set[str]:
        below, size = {name}, 0
        while len(below) > size:
            size = len(below)
            below |= {other for other in self.classes if not below.isdisjoint(self._bases(other))}
        return below

    def _above(self, names: set[str]) -> set[str]:
        above, new = set(names), set(names)
        while new:
            new = {base for name in new for base in self._bases(name)} - above
            above |= new
        return above

    def _bases(self, name: str) -> set[str]:
        return {_full_name(base, {}).rpartition(".")[2] for node in self.classes.get(name, []) for base in node.bases}


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return what names of a file are imported as, with their modules."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
    return found


def _full_name(node: ast.expr, imports: Mapping[str, str]) -> str:
    """Return the name of a decorator or a base, without its arguments; empty if it has none."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute(value=inside, attr=name):
                parts.append(name)
            case ast.Call(func=inside) | ast.Subscript(value=inside):
                pass
            case _:
                return ""
        node = inside
    return ".".join([imports.get(node.id, node.id), *reversed(parts)])


def _is_odd(node: ast.ClassDef, imports: Mapping[str, str]) -> bool:
    """Say whether a class may have more, or be called otherwise, than stands in it."""
    return (
        any(_full_name(it, imports) not in _PLAIN for it in node.decorator_list)
        or any(it.arg != "metaclass" or _full_name(it.value, imports) != "abc.ABCMeta" for it in node.keywords)
        or any(isinstance(it, _Function) and it.name in _HOOKS for it in node.body)
        or any(_full_name(base, imports).rpartition(".")[2] in ("", "Protocol") for base in node.bases)
    )


def _is_setter(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _SETTERS
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="vars")), attr=name)):
            return name in ("update", "setdefault", "__setitem__")
        case ast.Subscript(value=ast.Call(func=ast.Name(id="vars")), ctx=ast.Store()):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="vars"))):
            return True
    return False


def _expects(node: ast.Try | ast.With) -> bool:
    """Say whether errors are part of the plan: they are caught by name, or a test awaits them."""
    if isinstance(node, ast.With):
        calls = [_full_name(item.context_expr, {}) for item in node.items]
        return any(call.rpartition(".")[2] in _EXPECTING for call in calls)
    types = [handler.type for handler in node.handlers if handler.type]
    return any(isinstance(it, ast.Name) and it.id in _FAILING for kind in types for it in ast.walk(kind))


def _names(node: ast.AST) -> Iterator[str]:
    """Yield what a statement defines or imports."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name
