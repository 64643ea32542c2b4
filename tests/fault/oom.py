"""make test-oom (oom.py [SAMPLES]): memory that ends at every allocation of every statement. What is run, in full and as a sample; see README.md."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "hosts"), str(HERE.parent / "props")]

import harness  # noqa: E402
from libsqlite import QUERIES, TABLES  # noqa: E402

BUILD = harness.ROOT / "build"
PROGRAM = BUILD / "oom"
CASES = sorted((harness.ROOT / "tests" / "sql" / "cases").glob("*.sql"))
COOKBOOK = sorted((harness.ROOT / "sql-examples").glob("[0-9]*.sql"))
MOODS = {"cold": "c", "warm": "w", "after a row": "r", "beside another": "b"}


def write(path, text):
    """All at once: other workers read the same file."""
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def small_tables(folder, encoding):
    """The queries of the hosts' tests as a script, and their tables as another. In UTF-16 every text is converted, and needs memory for it."""
    tables, queries = folder / f"small_{encoding}.sql", folder / "small.sql"
    write(tables, f"PRAGMA encoding = '{encoding}';\n{TABLES.strip()}\n")
    write(queries, "".join(f"{sql};\n" for sql in [*QUERIES, "SELECT * FROM attribution_help"]))
    return ["-s", tables, "", queries]


def runs(folder, samples):
    """Name and arguments of each run; samples: of the allocations, 0 for all of small statements and many of large ones."""
    folder.mkdir(parents=True, exist_ok=True)
    several = ["-k", samples]
    small, wide = small_tables(folder, "UTF-8"), small_tables(folder, "UTF-16")
    yield "loading, opening, closing", ["-k", samples * 10, *small[:-2], "-g", small[-1], ""]
    for name, mood in MOODS.items():
        for processors in (1, 2) if mood == "c" or not samples else (1,):  # small tables need no threads
            options = [*several, "-m", mood, "-t", processors]
            if samples:  # a sample of them all in one process
                yield f"cases, {name}, {processors}", [*options, "", *CASES]
            else:
                yield from ((f"{case.stem}, {name}, {processors}", [*options, "", case]) for case in CASES)
            yield f"small, {name}, {processors}", [*options, *small]
            yield f"UTF-16, {name}, {processors}", [*options, *wide]
    for processors in (2,) if samples else (1, 2, 3):
        database = folder / f"large-{processors}.db"
        options = ["-k", 1 if samples else 25, "-t", processors, "-d", database, "-s", HERE / "large_tables.sql"]
        yield f"large tables, {processors}", [*options, "", HERE / "large.sql"]
    if samples == 0:
        for path in COOKBOOK:
            database = folder / f"{path.stem}.db"
            yield f"cookbook, {path.stem}", ["-k", 12, "-d", database, "", path]


def run(arguments):
    """What the program says of one run, and whether all was well. '' among the arguments stands for the extension."""
    words = [str(word) if word != "" else harness.extension_path() for word in arguments]
    if "-d" in words:
        database = Path(words[words.index("-d") + 1])
        database.unlink(missing_ok=True)
        if "-s" not in words:
            shutil.copy(BUILD / "demo.db", database)
    result = subprocess.run([str(PROGRAM), *words], capture_output=True, text=True, cwd=harness.ROOT)
    if "-d" in words:
        database.unlink(missing_ok=True)
    return result.stdout + result.stderr, result.returncode == 0


def main():
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    todo = list(runs(BUILD / "fault", samples))
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (name, _), (text, well) in zip(todo, pool.map(run, [arguments for _, arguments in todo])):
            failed += not well
            print(f"{name}: {text.strip()}", flush=True)
    print(f"{len(todo)} runs, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
