"""Random groups of rows in which what is hard is frequent: ties, edges of windows, repeats, rows of many conditions.

A row is (ts, mask, value, stage): bit k-1 of mask is condition k; value is for sequence_next_node, stage for
funnel_stage. A row whose ts is NULL or '' is one that the functions skip; a group of none but such rows is an empty
group. The rows of a group are in no order.
"""

import string
from typing import NamedTuple

STAGES = string.ascii_lowercase + string.ascii_uppercase  # the stage of a row is the letter of its first condition
EPOCH = 1000  # times are EPOCH + 0 … EPOCH + span


class Shape(NamedTuple):
    conditions: int
    span: int  # seconds between the first and the last possible time
    overlap: float  # how often one more condition is true of a row
    rows: int  # at most so many rows in a group
    long: bool = False  # long groups are fewer and have no ties: the engine keeps the order of few rows only


SHAPES = [
    Shape(1, 6, 0.0, 6),
    Shape(2, 3, 0.3, 8),
    Shape(2, 12, 0.2, 12),
    Shape(3, 1, 0.3, 8),
    Shape(3, 5, 0.4, 9),
    Shape(3, 12, 0.0, 12),
    Shape(4, 4, 0.3, 12),
    Shape(4, 16, 0.0, 12),
    Shape(5, 0, 0.4, 8),
    Shape(5, 6, 0.3, 12),
    Shape(5, 30, 0.2, 12),
    Shape(31, 12, 0.6, 16),
    Shape(6, 300, 0.1, 100, long=True),
]


def random_groups(random, shape, count):
    return [random_group(random, shape) for _ in range(count)]


def random_group(random, shape):
    size = random.randint(0, shape.rows)
    if not size:
        return [skipped_row(random, shape)]
    masks = random.choice([noise, walk])(random, shape, size)
    if shape.long:
        times = random.sample(range(EPOCH, EPOCH + shape.span + 1), size)
    else:
        times = [EPOCH + random.randint(0, shape.span) for _ in masks]
    rows = [(ts, mask, random_value(random), stage_of(random, mask)) for ts, mask in zip(sorted(times), masks)]
    if random.random() < 0.2:
        rows.append(skipped_row(random, shape))
    random.shuffle(rows)
    return rows


def skipped_row(random, shape):
    mask = random.randrange(1 << shape.conditions)
    return (random.choice([None, ""]), mask, random_value(random), stage_of(random, mask))


def random_value(random):
    return random.choice(["x", "x", "y", "z", "", None])


def stage_of(random, mask):
    if mask:
        return STAGES[(mask & -mask).bit_length() - 1]
    return random.choice(["other", "", None])


def noise(random, shape, size):
    """Conditions in no order, as often none or several as one."""
    masks = []
    for _ in range(size):
        mask = 0 if random.random() < 0.15 else 1 << random.randrange(shape.conditions)
        masks.append(overlapping(random, shape, mask))
    return masks


def walk(random, shape, size):
    """Conditions mostly in their order, with repeats, gaps and strangers, so that many steps are reached."""
    masks = []
    step = 0 if random.random() < 0.7 else random.randrange(shape.conditions)
    for _ in range(size):
        chance = random.random()
        mask = 0 if chance < 0.06 else 1 << step
        masks.append(overlapping(random, shape, mask))
        if chance > 0.9:
            step = random.randrange(shape.conditions)
        elif chance > 0.25:
            step = (step + 1) % shape.conditions
    return masks


def overlapping(random, shape, mask):
    while mask and random.random() < shape.overlap:
        mask |= 1 << random.randrange(shape.conditions)
    return mask
