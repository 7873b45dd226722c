"""What is wrong with a whole repository, as far as reading it without a language model shows. Nothing is run."""

import ast
import sys
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from program.checks import check_texts
from program.sandbox.dependencies import is_known
from program.syntax import python_or_none
from signatures.bundle import FileBundle
from signatures.paths import collisions

_ROOTS = (PurePosixPath(), PurePosixPath("src"))
"""Folders from which the modules of a repository are imported; a script also imports from its own."""

Modules = Mapping[str, ast.Module | None]
"""The Python files of a repository by path; None for one that is not Python."""


def check_revision(code: Mapping[str, str], revision: FileBundle) -> list[str]:
    """The repository that a revision leaves behind has no two files in one place, and each is what its name says."""
    files = {**code, **revision.by_path()}
    return collisions(list(files)) or check_texts(files)


def find_faults(files: Mapping[str, str]) -> list[str]:
    """Every file is what its name says, and what files import from each other is there."""
    modules = {path: python_or_none(text) for path, text in files.items() if path.endswith(".py")}
    imports = [
        f"{path}: line {node.lineno} {fault}"
        for path, tree in modules.items()
        if tree
        for node in _imports(tree)
        for fault in _unresolved(PurePosixPath(path).parent, node, modules)
    ]
    return check_texts(files) + imports


def is_shadowed(top: str, paths: Collection[str]) -> bool:
    """Say whether a name means a known package, which goes before a folder of this name without `__init__.py`."""
    places = [root / top for root in _ROOTS]
    return is_known(top) and not any(f"{place}.py" in paths or f"{place}/__init__.py" in paths for place in places)


def has_other_names(tree: ast.Module) -> bool:
    """Say whether a file may have names that do not stand in it: from `import *`, `globals()` or `exec`."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="globals" | "exec") | ast.alias(name="*"):
                return True
    return False


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield what a file imports, but not what it only tries to."""
    nodes: deque[ast.AST] = deque([tree])
    while nodes:
        node = nodes.popleft()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.Try):
            nodes += ast.iter_child_nodes(node)


def _unresolved(folder: PurePosixPath, node: ast.Import | ast.ImportFrom, modules: Modules) -> Iterator[str]:
    """Say what an import in a file of `folder` does not find."""
    if isinstance(node, ast.Import):
        for name in (alias.name for alias in node.names):
            if _is_ours(name, modules) and not _found((*_ROOTS, folder), name, modules):
                yield f"imports {name}, which is not in the repository"
        return
    source = "." * node.level + (node.module or "")
    if node.level > len(folder.parts):
        yield f"imports from {source}, but lies in no package that has this"
        return
    if not node.level and not _is_ours(source, modules):
        return
    roots = (*_ROOTS, folder) if not node.level else ([folder, *folder.parents][node.level - 1],)
    found = _found(roots, node.module or "", modules)
    if not found:
        yield f"imports from {source}, which is not in the repository"
        return
    for name in (alias.name for alias in node.names):
        if not any(_has(module, name, modules) for module in found):
            yield f"imports {name} from {source}, where it is not defined"


def _is_ours(name: str, modules: Modules) -> bool:
    """Say whether an absolute import means a module of the repository, and not a package that is installed."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or is_shadowed(top, modules):
        return False
    return bool(_found(_ROOTS, top, modules))


def _found(roots: Sequence[PurePosixPath], name: str, modules: Modules) -> list[PurePosixPath]:
    """Return where a module lies, without `.py`, or the folder of a package."""
    places = [root.joinpath(*filter(None, name.split("."))) for root in roots]
    return [place for place in places if f"{place}.py" in modules or _is_folder(place, modules)]


def _is_folder(place: PurePosixPath, modules: Modules) -> bool:
    return any(place in PurePosixPath(path).parents for path in modules)


def _has(module: PurePosixPath, name: str, modules: Modules) -> bool:
    """Say whether a name can be imported from a module; where that cannot be told, it can."""
    if name == "*" or _found([module], name, modules):
        return True
    path = next((path for path in (f"{module}/__init__.py", f"{module}.py") if path in modules), None)
    if path is None:
        return False
    tree = modules[path]
    return tree is None or has_other_names(tree) or not {name, "__getattr__"}.isdisjoint(_bound(tree))


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module defines: outside of functions and classes, or declared global in them."""
    yield from (name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names)
    nodes: list[ast.AST] = [tree]
    while nodes:
        match nodes.pop():
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case node:
                nodes += ast.iter_child_nodes(node)
