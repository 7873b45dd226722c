"""The mailbox backbone: each prompt becomes a file, and whoever writes the answer file is the model.

mailbox/README.md            how to answer
mailbox/0007.request.md      a pending request
mailbox/0007.answer.md       its answer; taken up when its last line is the closing header
mailbox/done/                both, once the answer was taken up
mailbox/ENDED                the run waits for nothing any more
"""

import re
import threading
import time
from contextlib import suppress
from pathlib import Path

from dspy.lm15 import Request
from dspy.utils.exceptions import LMError

from data.errors import BackboneError, FolderError
from experiments.backbones.engine import Completion
from experiments.backbones.prefix import PrefixIndex
from program.ask import current_call
from program.repository import write_text
from signatures.sections import COMPLETED, header

POLL_SECONDS = 0.2
SETTLED_SECONDS = 60.0
"""After this long without a change an answer is taken up even if its closing header is missing."""

_NAME = re.compile(r"\d+\.request\.md")
_PROMPT = "=================================== prompt ===================================\n"

_README = f"""# Mailbox

You are the language model behind these prompts.

- Each `NNNN.request.md` in this folder is a pending request. Read the whole prompt in it, below the line of equals
signs. Its head says how much of it is the same as an earlier request (see `done/`); what you remember you need not
read again.
- Write the answer, exactly as the prompt asks, to `NNNN.answer.md` in this folder. It is taken up as soon as its
last line is `{header(COMPLETED)}`; then both files move to `done/`.
- An answer that does not fit comes back as a new request that says why.
- New requests appear while you work. All that are pending at a time can be answered in any order. When the file
`ENDED` is there, nothing more will come.
"""


class Mailbox:
    """Writes requests, waits for answers."""

    def __init__(self, folder: Path, timeout: float | None = None) -> None:
        """Open a mailbox; requests of an earlier, interrupted run stay pending and are found again.

        Args:
            folder: Where requests and answers lie.
            timeout: Seconds to wait for an answer; None waits for ever.
        """
        self.folder = folder
        self.timeout = timeout
        self._lock = threading.Lock()
        self._prefixes = PrefixIndex()
        self._names: list[str] = []
        self._waiting: set[str] = set()
        found = [*folder.glob("*.request.md"), *(folder / "done").glob("*.request.md")]
        for path in sorted((path for path in found if _NAME.fullmatch(path.name)), key=_number):
            self._names.append(path.name.removesuffix(".request.md"))
            self._prefixes.prompts.append(path.read_text(encoding="utf-8", errors="replace").partition(_PROMPT)[2])

    def answer(self, request: Request, prompt: str) -> Completion:
        """Show the prompt and wait for the answer.

        Raises:
            BackboneError: None came in time, or it is not UTF-8 text.
        """
        name = self._show(prompt)
        text = self._wait(name)
        return Completion(text=text, model="mailbox", on_recorded=lambda: self._put_away(name))

    @property
    def invitation(self) -> str:
        """Where somebody has to answer."""
        return f"the requests come to {self.folder}, to be answered there: {self.folder / 'README.md'} says how"

    def explain(self, error: LMError) -> str:
        """Return what went wrong, in a line."""
        return f"backbone 'mailbox': {' '.join(str(error).split())}"

    def close(self, reason: str) -> None:
        """Say that nothing more will come, and why; requests without an answer stay for `papercoder resume`."""
        write_text(self.folder / "ENDED", reason + "\n")

    def _show(self, prompt: str) -> str:
        with self._lock:
            self._open()
            if (name := self._pending(prompt)) is None:
                earlier, shared = self._prefixes.longest(prompt)
                name = f"{max((int(other) for other in self._names), default=0) + 1:04d}"
                head = _head(name, prompt, None if earlier is None else self._names[earlier], shared)
                self._set_aside(self.folder / f"{name}.answer.md")
                write_text(self.folder / f"{name}.request.md", head + prompt)
                self._names.append(name)
                self._prefixes.prompts.append(prompt)
            self._waiting.add(name)
        return name

    def _set_aside(self, answer: Path) -> None:
        """Keep an answer that lies here before its request from being taken for the answer to it."""
        with suppress(FileNotFoundError):
            answer.replace(answer.with_name(answer.name.replace(".answer.", ".unasked.")))

    def _open(self) -> None:
        try:
            (self.folder / "done").mkdir(parents=True, exist_ok=True)
            (self.folder / "ENDED").unlink(missing_ok=True)
        except OSError as error:
            raise FolderError(f"mailbox: cannot use {self.folder}: {error.strerror}") from error
        if not self._waiting:
            write_text(self.folder / "README.md", _README)

    def _pending(self, prompt: str) -> str | None:
        """Return the request of an earlier, interrupted run that nobody waits for and that has this prompt."""
        for name, other in zip(self._names, self._prefixes.prompts, strict=True):
            if name not in self._waiting and other == prompt and (self.folder / f"{name}.request.md").exists():
                return name
        return None

    def _wait(self, name: str) -> str:
        path = self.folder / f"{name}.answer.md"
        deadline = None if self.timeout is None else time.monotonic() + self.timeout
        while True:
            try:
                content = path.read_bytes()
                last = content.rstrip().rpartition(b"\n")[2].strip()
                age = time.time() - path.stat().st_mtime
                if last == header(COMPLETED).encode() or (content.strip() and age > SETTLED_SECONDS):
                    return content.decode("utf-8-sig").replace("\r\n", "\n")
            except FileNotFoundError:
                pass
            except UnicodeDecodeError:
                raise BackboneError(f"mailbox: {path} is not UTF-8 text; remove it, resume and answer again") from None
            except OSError as error:
                raise FolderError(f"mailbox: cannot read {path}: {error.strerror}") from error
            if deadline is not None and time.monotonic() > deadline:
                raise BackboneError(
                    f"mailbox: no answer to {name}.request.md within {self.timeout:g} s; resume to wait on"
                )
            time.sleep(POLL_SECONDS)

    def _put_away(self, name: str) -> None:
        try:
            for kind in ("request", "answer"):  # in this order, so that no answered request looks pending
                (self.folder / f"{name}.{kind}.md").replace(self.folder / "done" / f"{name}.{kind}.md")
        except OSError as error:
            raise FolderError(
                f"mailbox: cannot move request {name} to {self.folder / 'done'}: {error.strerror}"
            ) from error


def _number(path: Path) -> int:
    return int(path.name.removesuffix(".request.md"))


def _head(name: str, prompt: str, earlier: str | None, shared: int) -> str:
    call = current_call.get()
    lines = [
        f"# Request {name}: {call.role} {call.step} {call.subject}".rstrip() + (" (again)" if call.attempt > 1 else ""),
        "",
        f"Write the answer to `{name}.answer.md` in this folder; its last line is `{header(COMPLETED)}`.",
    ]
    if earlier is None:
        lines.append(f"The prompt has {len(prompt):,} characters; no earlier request begins like it.")
        return "\n".join([*lines, "", _PROMPT])
    begins = len(lines) + 3 + prompt.count("\n", 0, shared) + 1
    lines.append(
        f"The first {shared:,} of the {len(prompt):,} characters of the prompt are those of request {earlier}: "
        f"what is new begins in line {begins} of this file."
    )
    return "\n".join([*lines, "", _PROMPT])
