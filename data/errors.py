"""Every error that a user of PaperCoder can cause or meet, in one tree.

    PaperCoderError
    ├── PaperError        a paper that cannot be read, found or fetched, or that is too long
    ├── ConfigError       a configuration or an environment that cannot be used
    ├── FolderError       a run's folder that cannot be used: in the way, damaged, disk full
    ├── AnswerError       an answer of the language model that cannot be used
    │   ├── TruncatedAnswer   cut off by its token limit
    │   ├── EmptyAnswer       nothing in it
    │   └── RejectedAnswer    it violates the checks of its stage, for the last time
    ├── BackboneError     no answer: the provider, the mailbox or the recording failed
    ├── ExperimentError   some cells of an experiment failed, or a judge its self-test
    └── SandboxError      no sandbox to run untrusted code in, or it failed

The message is one line: what, where, what to do.
"""


class PaperCoderError(Exception):
    """Root of the tree."""


class PaperError(PaperCoderError):
    """A paper cannot be read, found or fetched, or is too long."""


class ConfigError(PaperCoderError):
    """A configuration or an environment cannot be used."""


class FolderError(PaperCoderError):
    """The folder of a run cannot be used."""


class AnswerError(PaperCoderError):
    """An answer of the language model cannot be used."""


class TruncatedAnswer(AnswerError):
    """The answer was cut off by its token limit."""


class EmptyAnswer(AnswerError):
    """The answer has no text."""


class RejectedAnswer(AnswerError):
    """The answer violates the checks of its stage, and no attempt is left."""


class BackboneError(PaperCoderError):
    """The provider, the mailbox or the recording gave no answer."""


class ExperimentError(PaperCoderError):
    """Some cells of an experiment failed, or a judge its self-test."""


class SandboxError(PaperCoderError):
    """There is no sandbox to run untrusted code in, or it failed."""
