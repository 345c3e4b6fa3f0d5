from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.model.machine import Accel, Disk, HugepagePool, MachineSpec, MemoryPath, Node, Thp
from labkit.model.units import Size
from labkit.store.codec import CodecError, decode, encode, from_text, to_text

MACHINE = MachineSpec(
    nodes=(
        Node(cpus=2, memory=Size.mib(256), hugepages=(HugepagePool(size=Size.mib(2), count=4),)),
        Node(cpus=0, memory=Size.mib(128)),
    ),
    distances=((10, 21), (21, 10)),
    hmat=(
        MemoryPath(initiator=0, target=0, latency_ns=100, bandwidth_mib_s=10240),
        MemoryPath(initiator=0, target=1, latency_ns=300, bandwidth_mib_s=2048),
    ),
    thp=Thp.MADVISE,
    swap=Size.mib(64),
    disks=(Disk(serial="data", size=Size.mib(32)),),
    cmdline=("labkit.word=1",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    text: str
    number: int
    share: float
    flag: bool
    accel: Accel
    maybe: Size | None
    row: tuple[int, ...]
    table: Mapping[str, float]
    anything: object = None


SAMPLE = Sample(
    text="a", number=1, share=0.5, flag=True, accel=Accel.TCG, maybe=None, row=(1, 2), table={"boot": 4.0}
)
DATA = encode(SAMPLE)


def test_a_machine_survives_the_round_trip_and_reads_like_its_declaration() -> None:
    text = to_text(MACHINE)
    assert from_text(MachineSpec, text) == MACHINE
    assert '"memory": "256MiB"' in text
    assert '"thp": "madvise"' in text


@given(
    st.builds(
        Sample,
        text=st.text(),
        number=st.integers(),
        share=st.floats(allow_nan=False, allow_infinity=False),
        flag=st.booleans(),
        accel=st.sampled_from(Accel),
        maybe=st.none() | st.integers(min_value=0).map(Size),
        row=st.lists(st.integers()).map(tuple),
        table=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)),
        anything=st.recursive(
            st.none() | st.integers() | st.text(), lambda inner: st.lists(inner).map(tuple), max_leaves=5
        ),
    )
)
def test_every_value_survives_the_round_trip(sample: Sample) -> None:
    assert from_text(Sample, to_text(sample)) == sample


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"number": "1"}, 'number: found "1", expected int'),
        ({"number": True}, "number: found true, expected int"),
        ({"flag": 1}, "flag: found 1, expected bool"),
        ({"accel": "xen"}, 'accel: found "xen", which is no Accel'),
        ({"maybe": "12 parsecs"}, 'maybe: found "12 parsecs", which is no Size'),
        ({"row": [1, "2"]}, 'row[1]: found "2", expected int'),
        ({"row": {}}, "row: found {}, expected a list"),
        ({"table": []}, "table: found [], expected an object"),
        ({"table": {"boot": None}}, "table.boot: found null, expected float"),
        ({"extra": 1}, "extra: is no field of Sample"),
    ],
)
def test_what_is_of_another_type_is_refused_with_its_place(change: dict[str, object], complaint: str) -> None:
    assert isinstance(DATA, dict)
    with pytest.raises(CodecError) as caught:
        decode(Sample, DATA | change)
    assert str(caught.value) == complaint


def test_a_missing_field_is_refused_by_name() -> None:
    assert isinstance(DATA, dict)
    with pytest.raises(CodecError, match="text"):
        decode(Sample, {key: value for key, value in DATA.items() if key != "text"})


def test_an_impossible_machine_is_refused_with_the_machine_s_own_reason() -> None:
    data = encode(MACHINE)
    assert isinstance(data, dict)
    with pytest.raises(CodecError, match=r"machine\.distances: found 1 rows"):
        decode(MachineSpec, data | {"distances": [[10]]}, "machine")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"text": "a"', "nonsense"])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(CodecError, match="is no whole JSON"):
        from_text(Sample, text)


def test_a_value_without_a_place_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="a set has no place"):
        encode({1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_text(float("nan"))
