"""The shape of lab.toml: one pydantic model a table. What they accept is also the JSON Schema for editors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from labkit.model.units import Size


def _size(text: str) -> str:
    Size.parse(text)  # its ValueError says what to write instead
    return text


NAME = r"^[a-z][a-z0-9-]*$"
IDENTIFIER = r"^[a-z][a-z0-9_]*$"

SizeText = Annotated[str, AfterValidator(_size), Field(examples=["320MiB"])]
Name = Annotated[str, Field(pattern=NAME)]
Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Sentence = Annotated[str, Field(min_length=1)]
Scalar = int | str
Number = Annotated[int, Field(ge=0)]


class Table(BaseModel):
    """A table of lab.toml: an unknown key is a typo, and 1 is not '1'."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PoolTable(Table):
    size: SizeText
    count: int


class NodeTable(Table):
    cpus: int = 1
    memory: SizeText = "0B"
    hugepages: list[PoolTable] = []


class PathTable(Table):
    initiator: int
    target: int
    latency_ns: int
    bandwidth_mib_s: int


class DiskTable(Table):
    serial: str
    size: SizeText


class MachineTable(Table):
    """[machine] holds for every scene; a scene's own `machine` replaces single keys of it."""

    node: list[NodeTable] | None = None
    kernel: str | None = None
    cpu_model: str | None = None
    distances: list[list[int]] | None = None
    hmat: list[PathTable] | None = None
    thp: Literal["always", "madvise", "never"] | None = None
    swap: SizeText | None = None
    disk: list[DiskTable] | None = None
    max_ram_below_4g: SizeText | None = None
    cmdline: list[str] | None = None


class ParameterTable(Table):
    """A number or word drawn from a student's seed; `kind` says how `values` are read."""

    name: Identifier
    kind: Literal["choice", "shuffle", "range"]
    values: Annotated[list[Scalar], Field(min_length=1)]


class HandInTable(Table):
    name: FileName
    kind: Literal["c", "shell", "toml", "text"]
    says: Sentence


ProbeName = Literal[  # not "ram": nothing is judged by it; "map" is its picture, for people
    "zones",
    "tasks",
    "memcgs",
    "slabs",
    "hugepages",
    "vmstat",
    "totals",
    "thp",
    "modules",
    "dmesg",
    "text",
    "map",
]


Comm = Annotated[str, Field(pattern=r"^[^/]{1,15}$")]  # TASK_COMM_LEN is 16 with the final NUL


class WitnessTable(Table):
    """What the host reads in the guest's memory: tables of the kernel, and the pages of named processes."""

    probes: list[ProbeName] = []
    contents_of: list[Comm] = []
    tables_of: list[Comm] = []
    tags: bool = False


class StepTable(Table):
    name: Name
    run: Sentence
    runs_as: Literal["student", "labkit"] = "labkit"
    seconds: Annotated[float, Field(gt=0, strict=False)] = 30.0
    capture: list[str] = []
    once: bool = False
    witness: WitnessTable | None = None


class SceneTable(Table):
    name: Name
    says: Sentence
    machine: MachineTable = MachineTable()
    programs: list[Name] = []
    modules: list[Identifier] = []
    files: list[FileName] = []
    submission: list[FileName] = []
    capture: list[str] = []
    fresh: bool = False
    witness: WitnessTable | None = None
    step: Annotated[list[StepTable], Field(min_length=1)]


class FileTable(Table):
    """A check that facts express: a value of a captured file related to a constant or a {parameter}."""

    scene: str
    moment: str = "after"
    path: str
    key: str = ""
    relation: Literal["eq", "ne", "le", "ge", "between", "matches", "contains"]
    value: Scalar | list[Scalar]


class CheckTable(Table):
    """One statement: judged by a function of checks.py (`python`) or by a fact (`file`)."""

    id: Name
    says: str = ""
    points: Number
    evidence: Literal["testimony", "observer", "witness", "sealed", "physical"]
    hint: str = ""
    needs: list[str] = []
    python: Identifier | None = None
    file: FileTable | None = None


class LabDocument(Table):
    """The whole of lab.toml."""

    id: Identifier
    title: Sentence
    question: Sentence
    course: Sentence
    tier: Literal["user", "root", "kernel"]
    points: Number
    answers: Identifier | None = None
    machine: MachineTable
    parameter: list[ParameterTable] = []
    hand_in: list[HandInTable] = []
    scene: Annotated[list[SceneTable], Field(min_length=1)]
    check: Annotated[list[CheckTable], Field(min_length=1)]
