from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labkit.guest.kmsg import parse_kmsg
from labkit.model.kernel_log import LogRecord

# From a 6.1 guest: a driver's record with its dictionary, and the memcg statistics that are one printk.
REAL = (
    b"6,407,3562454,-;erofs: (device vdb): mounted with root inode @ nid 36.\n"
    b"6,408,4283850,-;virtio_net virtio1 eth0: renamed\n SUBSYSTEM=virtio\n DEVICE=+virtio:virtio1\n"
    b"6,512,28076931,-;anon 104857600\\x0afile 0\\x0akernel 1\\x5c2\n"
    b"12,513,28077000,-;labkit: step 01-hog begins\n"
)


def render(record: LogRecord) -> bytes:
    """As msg_add_ext_text() of kernel/printk/printk.c does it: what is not printable is escaped."""
    text = "".join(
        chr(byte) if 32 <= byte < 127 and byte != ord("\\") else f"\\x{byte:02x}"
        for byte in record.text.encode()
    )
    return f"{record.facility << 3 | record.level},{record.seq},{record.time_us},-;{text}\n".encode()


RECORDS = st.lists(
    st.builds(
        LogRecord,
        seq=st.integers(0, 2**63),
        time_us=st.integers(0, 2**63),
        level=st.integers(0, 7),
        facility=st.integers(0, 23),
        text=st.text(st.characters(codec="utf-8")),
        line=st.just(0),
    )
)


@given(RECORDS)
def test_what_the_kernel_would_write_is_read_back(records: list[LogRecord]) -> None:
    parsed = parse_kmsg(b"".join(render(record) for record in records))
    assert [(r.seq, r.time_us, r.level, r.facility, r.text) for r in parsed] == [
        (r.seq, r.time_us, r.level, r.facility, r.text) for r in records
    ]
    assert [record.line for record in parsed] == list(range(1, len(records) + 1))


@given(st.binary())
def test_no_bytes_make_the_parser_fail(raw: bytes) -> None:
    parse_kmsg(raw)


def test_a_printk_of_many_lines_is_one_record() -> None:
    assert parse_kmsg(REAL)[2].text == "anon 104857600\nfile 0\nkernel 1\\2"


def test_dictionary_lines_are_no_records() -> None:
    assert [record.seq for record in parse_kmsg(REAL)] == [407, 408, 512, 513]


def test_only_the_kernel_itself_has_facility_0() -> None:
    assert [record.from_kernel for record in parse_kmsg(REAL)] == [True, True, True, False]


def test_half_a_first_line_is_dropped() -> None:
    assert parse_kmsg(b"nid 36.\n" + REAL[len("6,407") :])[0].seq == 408
