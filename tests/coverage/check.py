"""What gcov has counted, as a table; fails where a floor or the list is not met.

    check.py BUILD LIST FOLDER...     e.g. check.py build/coverage tests/coverage/core.txt core

How it works. `gcov` reads every .gcda below BUILD and prints JSON; a line (and each of its branches) is reached if any
object has reached it, so a core built with low limits counts beside the usual one. What is not reached must be in LIST
under a reason, and what LIST has must still be there and still not be reached. An entry is

    FILE FUNCTION N: TEXT OF THE LINE

N is `line`, or how many of the line's branches are not reached; so lines may move about. A reason stands above its entries
after `= `; after `~ ` where it is chance whether they are reached (threads, samples of failures), so that both are right,
and fewer branches than N, too.
"""
import collections
import json
import os
import subprocess
import sys

FLOORS = {"core": (100.0, 95.0), "sql": (98.0, 90.0), "attribution.c": (96.0, 90.0)}  # percent of lines, of branches


def gcov(build):
    """{(file, line): [function, reached, [branch reached]]} of all that is below build."""
    lines = {}
    for folder, _, names in sorted(os.walk(build)):
        data = sorted(os.path.join(folder, n) for n in names if n.endswith(".gcda"))
        if not data:
            continue
        out = subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "--stdout", "--branch-probabilities", *data],
                             check=True, capture_output=True, text=True).stdout
        for text in out.splitlines():
            if not text.startswith("{"):
                continue
            for file in json.loads(text)["files"]:
                name = os.path.relpath(file["file"])
                if not name.startswith("ext" + os.sep):
                    continue
                for line in file["lines"]:
                    add(lines, (name, line["line_number"]), line)
    return lines


def add(lines, key, line):
    branches = [b["count"] > 0 for b in line["branches"]]
    known = lines.setdefault(key, [line.get("function_name", ""), False, branches])
    known[1] |= line["count"] > 0
    if len(known[2]) == len(branches):
        known[2] = [a or b for a, b in zip(known[2], branches)]
    elif len(known[2]) < len(branches):      # compiled in two ways: the one with more to decide
        known[2] = branches


def folder_of(name):
    return name.split(os.sep)[1]


def table(lines):
    """Prints the table; {folder: (percent of lines, of branches)}."""
    sums = collections.defaultdict(lambda: [0, 0, 0, 0])
    for (name, _), (_, reached, branches) in lines.items():
        row = sums[folder_of(name)]
        row[0] += reached
        row[1] += 1
        row[2] += sum(branches)
        row[3] += len(branches)
    print(f"{'':15}{'lines':>14}{'%':>8}{'branches':>15}{'%':>8}")
    got = {}
    for folder, (hit, all_lines, taken, branches) in sorted(sums.items()):
        got[folder] = (100.0 * hit / max(all_lines, 1), 100.0 * taken / max(branches, 1))
        print(f"{folder:15}{hit:>7}/{all_lines:<6}{got[folder][0]:>8.2f}{taken:>8}/{branches:<6}{got[folder][1]:>8.2f}")
    return got


def unreached(lines, folders):
    """A Counter of entries."""
    found = collections.Counter()
    sources = {}
    for (name, number), (function, reached, branches) in sorted(lines.items()):
        missing = len(branches) - sum(branches)
        if folder_of(name) not in folders or (reached and not missing):
            continue
        if name not in sources:
            with open(name) as file:
                sources[name] = file.read().split("\n")
        text = sources[name][number - 1].strip()
        found[f"{os.path.relpath(name, 'ext')} {function} {missing if reached else 'line'}: {text}"] += 1
    return found


def read_list(path):
    """Counters of the entries that are never reached, and of those that are by chance."""
    sure, chance = collections.Counter(), collections.Counter()
    into = None
    with open(path) as file:
        for number, text in enumerate(file, 1):
            text = text.rstrip("\n")
            if text.startswith(("= ", "~ ")):
                into = sure if text[0] == "=" else chance
            elif text and not text.startswith("#"):
                if into is None:
                    sys.exit(f"{path}:{number}: an entry without a reason above it")
                into[text] += 1
    return sure, chance


def by_chance(entry, chance):
    """Whether an entry is one of chance: of the same line, with as many branches unreached or fewer."""
    head, text = entry.split(": ", 1)
    place, n = head.rsplit(" ", 1)
    for known in chance:
        known_head, known_text = known.split(": ", 1)
        known_place, most = known_head.rsplit(" ", 1)
        if (known_place, known_text) == (place, text) and (most == "line" or (n != "line" and int(n) <= int(most))):
            return True
    return False


def main(build, path, *folders):
    lines = gcov(build)
    got = table(lines)
    bad = []
    for folder in folders:
        for what, percent, floor in zip(("lines", "branches"), got.get(folder, (0, 0)), FLOORS[folder]):
            if percent < floor:
                bad.append(f"{folder}: {percent:.2f} % of {what}, less than {floor:g} %")
    found = unreached(lines, folders)
    sure, chance = read_list(path)
    new = [entry for entry in (found - sure).elements() if not by_chance(entry, chance)]
    old = list((sure - found).elements())
    bad += [f"not reached, and not in {path}:", *new] if new else []
    bad += [f"in {path}, but reached or gone:", *old] if old else []
    print(f"{sum(found.values())} lines with something that is not reached, {sum(sure.values()) + sum(chance.values())} listed")
    for text in bad:
        print(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
