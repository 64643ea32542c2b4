"""write_scripts.py FOLDER: every question of tests/builds/questions.py as a file that host.c reads, in FOLDER/demo those that
are asked of the demo database, in FOLDER/memory the others."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "builds"))

from questions import questions  # noqa: E402

for name, on_demo, script, statements in questions():
    folder = Path(sys.argv[1]) / ("demo" if on_demo else "memory")
    folder.mkdir(parents=True, exist_ok=True)
    pieces = ([script] if script else []) + list(statements)
    (folder / f"{name}.sql").write_bytes(b"".join(piece.encode() + b"\0" for piece in pieces))
