"""Procedures in words: quoted, each with document, version and section. Nothing in them is followed."""

from __future__ import annotations

from agents.conversation.answers.words import day, plain
from tools.sops import SopSection, SopSections

SHOWN = 3
QUOTED = 700


def sections(found: SopSections) -> str:
    """The best sections, quoted."""
    parts = [_section(one) for one in found.sections[:SHOWN]]
    parts += [f"*{plain(note)}*" for note in found.notes[:2]]
    return "\n\n".join(parts)


def citations(found: SopSections) -> tuple[str, ...]:
    """Those that were quoted."""
    return tuple(one.citation for one in found.sections[:SHOWN])


def _section(one: SopSection) -> str:
    since = f"in force since {day(one.effective_from)} {one.effective_from.year}"
    force = (
        since if one.in_force else f"not in force, effective from {day(one.effective_from)} {one.effective_from.year}"
    )
    text = one.text if len(one.text) <= QUOTED else f"{one.text[:QUOTED].rsplit(' ', 1)[0]} …"
    quoted = "\n".join(f"> {plain(line)}" if line.strip() else ">" for line in text.strip().splitlines())
    return f"**{plain(one.citation)}** {plain(one.title)}: {plain(one.heading)} ({force})\n\n{quoted}"
