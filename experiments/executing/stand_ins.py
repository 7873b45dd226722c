"""Made-up data for a repository whose data is missing: written by a program in the sandbox, and labelled."""

import sys
from dataclasses import replace
from pathlib import Path

from data.errors import SandboxError
from experiments.backbones.build import Sources
from experiments.choice import choose_backbones, settle_backbone
from experiments.config import Config
from experiments.executing.subject import Subject
from experiments.fit import room_of_prompt
from experiments.session import open_session
from experiments.tracking import Tracker
from program.execution.data import FETCHED, find_missing_data
from program.execution.executor import Executor
from program.repository import Repository, write_text
from program.sandbox.copying import copy_in, remove
from program.stand_ins import PROGRAM, StandInMaker

FOLDER = "with_stand_ins"
"""The copy of the repository that has the made-up data, in the folder of its execution."""

LABEL = "MADE_UP_DATA.md"


def add_stand_ins(subject: Subject, executor: Executor, folder: Path, config: Config, tracker: Tracker) -> Subject:
    """Return a copy of a repository in which made-up files stand in for missing ones; itself if nothing is missing.

    Raises:
        PaperCoderError: There is no model to write the program that makes them, or the program fails.
    """
    listing = subject.listing
    missing = [name for name in find_missing_data(listing.files, listing.left_out) if FETCHED not in name]
    if not missing:
        return subject
    config = settle_backbone(config, None)
    backbone = choose_backbones(config, ("debugger",))["debugger"]
    sources = Sources(config, folder)
    session = open_session(folder, sources, {"debugger": backbone})
    try:
        for mailbox in sources.mailboxes:
            print(mailbox.invitation, file=sys.stderr, flush=True)
        with session.asking(tracker):
            made = StandInMaker(room_of_prompt(config, backbone))(files=listing.files, missing=missing).stand_ins
    finally:
        sources.close("The data is made.")
    copy = folder / FOLDER
    if copy.exists():
        remove(copy)
    copy.mkdir(parents=True)
    copy_in(subject.repository, copy)
    write_text(copy / PROGRAM, made.program)
    done = executor.run(copy, f"python {PROGRAM}", folder / "stand_ins", executor.prepare(listing))
    (copy / PROGRAM).unlink()
    if done.status != "ran":
        reason = done.failure.error if done.failure else done.status
        raise SandboxError(f"the program that makes stand-ins failed: {reason}; try again, or bring the data")
    copy_in(folder / "stand_ins", copy)
    written = [name for name in missing if (copy / name).is_file()]
    listed = "\n".join(f"- {name}" for name in done.produced)
    write_text(copy / LABEL, f"# Made-up data\n\nNo published data; results with it mean nothing.\n\n{listed}\n")
    return replace(subject, repository=copy, listing=Repository(copy).read(), stand_ins=tuple(written))
