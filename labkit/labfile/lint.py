"""What loads and is still not a finished lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.labfile.draw import placeholders
from labkit.labfile.submission import SOLUTION, TEMPLATE_SUFFIX
from labkit.labfile.wrongs import EXPECT, wrongs
from labkit.model.errors import LabFileError
from labkit.model.lab import Check, FileRelation, Lab, Tier
from labkit.model.verdict import EvidenceClass
from labkit.model.witness import SEALING

HANDOUT = "README.md.j2"
STARTER = "starter"

# TRUST: the classes whose forging costs more than the exercise, for each tier.
HOLDS = {
    Tier.USER: frozenset(EvidenceClass) - {EvidenceClass.TESTIMONY},
    Tier.ROOT: frozenset({EvidenceClass.WITNESS, EvidenceClass.SEALED, EvidenceClass.PHYSICAL}),
    Tier.KERNEL: frozenset({EvidenceClass.SEALED, EvidenceClass.PHYSICAL}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing an author should mend: where, what was found, what to do."""

    where: str
    found: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}; {self.fix}"


def lint(lab: Lab) -> tuple[Complaint, ...]:
    """Everything an author should mend before students see the lab, in the order of the folder."""
    return (
        *_handout(lab),
        *_folders(lab),
        *_wrongs(lab),
        *_dead_parameters(lab),
        *_forgeable(lab),
        *_unwitnessed(lab),
    )


def _handout(lab: Lab) -> Iterator[Complaint]:
    if not (lab.folder / HANDOUT).is_file():
        yield Complaint(where=str(lab.folder / HANDOUT), found="no handout", fix="write what a student reads")


def _folders(lab: Lab) -> Iterator[Complaint]:
    for name in (STARTER, SOLUTION):
        folder = lab.folder / name
        if lab.hand_in and not folder.is_dir():
            yield Complaint(where=str(folder), found="no such folder", fix="put every hand-in file there")
            continue
        for item in lab.hand_in:
            kinds = [item.name] if name == STARTER else [item.name, item.name + TEMPLATE_SUFFIX]
            if not any((folder / kind).is_file() for kind in kinds):
                yield Complaint(where=str(folder), found=f"{item.name} is missing", fix="add it")


def _wrongs(lab: Lab) -> Iterator[Complaint]:
    try:
        own = wrongs(lab)
    except LabFileError as error:
        yield Complaint(where=error.where, found=error.found, fix=error.fix)
        return
    failed = {check for item in own for check in item.fails}
    for check in lab.checks:
        if check.points and check.id not in failed:
            yield Complaint(
                where=str(lab.folder / "wrong"),
                found=f"no wrong submission fails '{check.id}'",
                fix=f"add wrong/<name>/{EXPECT} with fails = ['{check.id}']",
            )


def _dead_parameters(lab: Lab) -> Iterator[Complaint]:
    """Parameters that no step, path, source, hand-in or handout ever names."""
    texts = "\n".join(_texts(lab.folder))
    named = set(_captured_names(lab))
    for draw in lab.draws:
        if draw.name not in named and draw.name.upper() not in texts and draw.name not in texts:
            yield Complaint(
                where=str(lab.folder / "lab.toml"),
                found=f"parameter '{draw.name}' is never used",
                fix="drop it",
            )


def _captured_names(lab: Lab) -> Iterator[str]:
    for scene in lab.scenes:
        for path in (*scene.capture, *(path for step in scene.steps for path in step.capture)):
            yield from placeholders(path)
        for step in scene.steps:
            yield from (draw.name for draw in lab.draws if draw.name.upper() in step.run)
    for check in lab.checks:
        if isinstance(check.judge, FileRelation):
            yield from (name for item in check.judge.value for name in placeholders(str(item)))


def _texts(folder: Path) -> Iterator[str]:
    inside = (file for name in ("src", STARTER, SOLUTION) for file in sorted((folder / name).glob("*")))
    for file in (*sorted(folder.glob("*.py")), folder / HANDOUT, *inside):
        if file.is_file():
            yield file.read_text(encoding="utf-8", errors="replace")


def forgeable(lab: Lab) -> tuple[Check, ...]:
    """The graded checks whose class does not hold at the lab's tier: with one, no run is official."""
    return tuple(check for check in lab.checks if check.points and _class(check) not in HOLDS[lab.tier])


def _class(check: Check) -> EvidenceClass:
    """The class of a check's facts: what it says of itself, but a captured file was read in the guest."""
    if isinstance(check.judge, FileRelation) and check.evidence is not EvidenceClass.TESTIMONY:
        return EvidenceClass.OBSERVER
    return check.evidence


def _forgeable(lab: Lab) -> Iterator[Complaint]:
    holding = " or ".join(kind.value for kind in EvidenceClass if kind in HOLDS[lab.tier])
    for check in forgeable(lab):
        yield Complaint(
            where=f"{lab.folder / 'lab.toml'}: check '{check.id}'",
            found=f"graded on {_class(check).value}, which tier {lab.tier.value} can forge",
            fix=f"judge what is {holding}, or show it for 0 points",
        )


def _unwitnessed(lab: Lab) -> Iterator[Complaint]:
    """Checks that claim a class whose facts nobody has asked the host to read."""
    wants = {
        EvidenceClass.WITNESS: ('probes = ["tasks", …]', bool(lab.looks)),
        EvidenceClass.SEALED: (
            'probes = ["zones", "tasks", "modules", "text"]',
            any({*SEALING}.issubset(look.probes) for look in lab.looks),
        ),
        EvidenceClass.PHYSICAL: ("tags = true", any(look.tags for look in lab.looks)),
    }
    for check in lab.checks:
        want, asked = wants.get(check.evidence, ("", True))
        if not asked:
            yield Complaint(
                where=f"{lab.folder / 'lab.toml'}: check '{check.id}'",
                found=f"its class is {check.evidence.value}, and no scene has the host read that",
                fix=f"give a scene or a step `witness = {{ {want} }}`",
            )
