"""A run's evidence → its exhibit. Pure; what it cannot read it leaves out, for nothing here is graded."""

from __future__ import annotations

from labkit.grade.exhibit.blocks import free_blocks
from labkit.grade.exhibit.moved import moved
from labkit.grade.exhibit.ooms import oom_tables
from labkit.grade.exhibit.timeline import clock_of, timeline
from labkit.model.evidence import Evidence, SceneEnd, SceneEvidence
from labkit.model.exhibit import Exhibit, Maps, SceneExhibit
from labkit.model.machine import MachineSpec, Thp

_ENDED = {
    SceneEnd.COMPLETED: "came to its end",
    SceneEnd.PANICKED: "the kernel panicked",
    SceneEnd.OOPSED: "the kernel lost a thread of its own (oops)",
    SceneEnd.HUNG: "the guest stopped answering",
    SceneEnd.LOST: "the guest was gone before its time",
    SceneEnd.BROKEN: "labkit could not play it",
    SceneEnd.INTERRUPTED: "interrupted",
}


def exhibit(evidence: Evidence) -> Exhibit:
    """All there is to show of a run."""
    request = evidence.request
    return Exhibit(
        submission=request.submission_name,
        started_at=request.started_at,
        labkit=request.labkit,
        parameters=tuple((name, _plain(value)) for name, value in request.parameters.items()),
        scenes=tuple(map(_scene, evidence.scenes)),
    )


def _scene(scene: SceneEvidence) -> SceneExhibit:
    clock = clock_of(scene)
    ended = scene.end is not SceneEnd.COMPLETED
    return SceneExhibit(
        name=scene.name,
        machine=_machine(scene.machine),
        ended=_ENDED[scene.end],
        detail=scene.detail if ended else "",
        timeline=timeline(scene, clock),
        free_blocks=free_blocks(scene),
        moved=moved(scene),
        ooms=oom_tables(scene, clock),
        maps=_maps(scene),
        tail=scene.console_tail if ended else "",
    )


def _maps(scene: SceneEvidence) -> Maps | None:
    """The first map of RAM and the last one, if they are of the same frames."""
    drawn = [(seen, found) for seen in scene.in_time if (found := seen.reading.marked_map) is not None]
    if len(drawn) < 2:
        return None
    (first, before), (last, after) = drawn[0], drawn[-1]
    if before.stretches != after.stretches:
        return None
    return Maps(first=first.moment, last=last.moment, before=before, after=after, where=last.where)


def _machine(machine: MachineSpec) -> str:
    """'2 nodes: 1 CPU and 320 MiB, 1 CPU and 320 MiB · swap 512 MiB'."""
    nodes = [
        " and ".join(
            [
                *([f"{node.cpus} CPU" + "s" * (node.cpus > 1)] if node.cpus else []),
                *([f"{node.memory >> 20} MiB"] if node.memory else []),
            ]
        )
        for node in machine.nodes
    ]
    words = [f"{len(nodes)} nodes: {', '.join(nodes)}" if len(nodes) > 1 else nodes[0]]
    if machine.swap:
        words.append(f"swap {machine.swap >> 20} MiB")
    if machine.thp is not Thp.NEVER:
        words.append(f"THP {machine.thp.value}")
    return " · ".join([*words, *machine.cmdline])


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)
