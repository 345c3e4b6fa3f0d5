"""Says what acts.sh must know of a plan that takes all of TOML to read: NAME=ADJ, one a line.

Usage: python3 plan.py plan.toml
"""

import sys
from pathlib import Path

import tomllib

table = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8")).get("adj")
for name, value in table.items() if isinstance(table, dict) else ():
    if type(value) is int and abs(value) <= 1000 and name.isidentifier():
        print(f"{name}={value}")
