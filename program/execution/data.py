"""Data that a repository reads and does not have, as far as its text tells; found before anything is run."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from program.syntax import parse_python

_SUFFIXES = (
    *(".csv", ".tsv", ".json", ".jsonl", ".txt", ".npy", ".npz", ".pt", ".pth", ".pkl", ".pickle", ".parquet"),
    *(".h5", ".hdf5", ".mat", ".arff", ".xlsx", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".feather", ".arrow", ".bin"),
    *(".png", ".jpg", ".jpeg", ".wav", ".mp3", ".mp4", ".xml", ".libsvm", ".ckpt", ".safetensors", ".model"),
)
"""Of files that hold data, models among them."""

_READ = (
    *("open", "read_csv", "read_json", "read_table", "read_parquet", "read_pickle", "read_excel", "read_feather"),
    *("load", "loadtxt", "genfromtxt", "fromfile", "loadmat", "imread", "load_svmlight_file", "loadarff"),
    *("ImageFolder", "DatasetFolder", "memmap", "File", "ZipFile"),
)
"""Functions whose first argument is a file that has to be there."""

_OF_A_PATH = ("read_text", "read_bytes", "open")
"""Methods of a path that read it."""

_FETCHED = ("load_dataset", "from_pretrained", "urlretrieve", "urlopen", "hf_hub_download", "snapshot_download")
"""Functions that fetch what their first argument names; so are those that begin with `fetch_`, and `download=True`."""

FETCHED = ", fetched from the network"
"""Stands behind what is no file."""

_INPUT_KEYS = ("data", "input", "corpus", "train", "valid", "test", "dev", "vocab", "weights", "pretrained", "dataset")
_OUTPUT_KEYS = ("out", "result", "save", "log", "checkpoint", "figure", "plot", "report", "cache")


def find_missing_data(files: Mapping[str, str], also: Mapping[str, str]) -> list[str]:
    """Return the data that a repository reads and that is not in it, in order.

    Args:
        files: The text files of the repository, by path.
        also: Its other files by path, e.g. binary ones.

    Returns:
        Paths, and names of data sets that would be fetched from the network, which no sandbox has.
    """
    trees = [(path, tree) for path, text in files.items() if path.endswith(".py") and (tree := _parsed(text))]
    there = {*files, *also}
    folders = {parent.as_posix() for path in there for parent in PurePosixPath(path).parents}
    written = {name for _, tree in trees for name in _written(tree)}
    found: dict[str, None] = {}
    for path, tree in trees:
        beside = PurePosixPath(path).parent
        for name in _read(tree):
            plain = PurePosixPath(name).as_posix()
            places = {plain, (beside / plain).as_posix()}
            if not (places & (there | folders)) and plain not in written:
                found[plain] = None
        for name in _fetched(tree):
            found[name] = None
    for name in _configured(files.get("config.yaml", "")):
        plain = PurePosixPath(name).as_posix()
        if plain not in there | folders | written:
            found[plain] = None
    return list(found)


def _parsed(text: str) -> ast.Module | None:
    try:
        return parse_python(text)
    except (SyntaxError, ValueError):
        return None


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with the last part of the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node


def _read(tree: ast.Module) -> Iterator[str]:
    """Yield the files that a program reads by a name that stands in it."""
    for name, call in _calls(tree):
        if name in _OF_A_PATH and isinstance(call.func, ast.Attribute) and not _writes(call, 0):
            path = _path(call.func.value)
        elif name in _READ and call.args and not _writes(call, 1):
            path = _path(call.args[0])
        else:
            continue
        if path and _is_data(path):
            yield path


def _written(tree: ast.Module) -> Iterator[str]:
    """Yield the names of files in calls that do not read: the program may make them itself."""
    for name, call in _calls(tree):
        reads = name in (*_READ, *_OF_A_PATH) and not _writes(call, 1 if isinstance(call.func, ast.Name) else 0)
        for node in [*call.args, *(keyword.value for keyword in call.keywords)]:
            path = _path(node)
            if path and not reads and name not in ("Path", "join"):
                yield PurePosixPath(path).as_posix()
        if isinstance(call.func, ast.Attribute) and name in ("write_text", "write_bytes", "mkdir", "touch"):
            path = _path(call.func.value)
            if path:
                yield PurePosixPath(path).as_posix()


def _writes(call: ast.Call, place: int) -> bool:
    """Say whether a call of `open` is for writing."""
    modes = [*call.args[place : place + 1], *(word.value for word in call.keywords if word.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    return any(set(text) & set("wax") and len(text) <= 3 for text in texts)


def _path(node: ast.expr) -> str | None:
    """Return the path that an expression names, if it can be read off: a text, Path(text), join and `/` of such."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            return _joined([left, right])
        case ast.Call(func=ast.Name(id="Path" | "PurePath"), args=[_, *_] as parts):
            return _joined(parts)
        case ast.Call(func=ast.Attribute(attr="join"), args=[_, *_] as parts):
            return _joined(parts)
    return None


def _joined(parts: list[ast.expr]) -> str | None:
    names = [_path(part) for part in parts]
    return "/".join(name for name in names if name) if all(names) else None


def _is_data(path: str) -> bool:
    place = PurePosixPath(path)
    return place.suffix.lower() in _SUFFIXES and not place.is_absolute() and ".." not in place.parts


def _fetched(tree: ast.Module) -> Iterator[str]:
    """Yield what a program would fetch from the network."""
    for name, call in _calls(tree):
        downloads = any(
            word.arg == "download" and isinstance(word.value, ast.Constant) and word.value.value is True
            for word in call.keywords
        )
        if name in _FETCHED or name.startswith("fetch_") or downloads:
            texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if texts and (texts[0].startswith(("./", "/")) or _is_data(texts[0])) and not downloads:
                continue
            what = f"{name}({texts[0]!r})" if texts and not downloads else f"{name}()"
            yield what + FETCHED


def _configured(text: str) -> Iterator[str]:
    """Yield the files that config.yaml names as input."""
    try:
        settings = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    yield from _named(settings, "")


def _named(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from _named(inside, f"{key}.{name}".lower())
    elif isinstance(value, list):
        for inside in value:
            yield from _named(inside, key)
    elif isinstance(value, str) and _is_data(value) and "://" not in value:
        last = key.rpartition(".")[2]
        if any(part in key for part in _INPUT_KEYS) and not any(part in last for part in _OUTPUT_KEYS):
            yield value
