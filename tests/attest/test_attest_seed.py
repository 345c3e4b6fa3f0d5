"""Official seeds: the same for ever, and no two runs share one by how their fields are written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labkit.attest.seed import official_seed
from labkit.model.official import Official

Field = tuple[bytes, str, Official]
FIELDS = st.tuples(
    st.binary(min_size=32, max_size=32),
    st.text(max_size=8),
    st.builds(Official, student=st.text(max_size=8), attempt=st.integers(1, 200)),
)


def test_a_seed_is_the_same_for_ever() -> None:
    ada = Official(student="ada", attempt=1)
    assert official_seed(bytes(32), "lab2", ada) == "e246d48b8dc4ea51d735151146b682af"


@given(one=FIELDS, other=FIELDS)
def test_runs_that_differ_have_seeds_that_differ(one: Field, other: Field) -> None:
    assert (official_seed(*one) == official_seed(*other)) == (one == other)


def test_fields_cannot_flow_into_each_other() -> None:
    pairs = [
        ("lab1", "1ada", 1),
        ("lab11", "ada", 1),
        ("lab1", "1ad", 1),
        ("lab1", "ada", 11),
        ("lab1", "ada1", 1),
    ]
    seeds = {official_seed(bytes(32), lab, Official(student=who, attempt=n)) for lab, who, n in pairs}
    assert len(seeds) == len(pairs)
