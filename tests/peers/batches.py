"""Batches of random groups, each with its questions: the same for the same seed."""

import random

from families import funnel_stages, next_nodes, retentions, window_funnels
from groups import SHAPES, random_groups
from sequences import sequences

LONG = 10  # so many times fewer groups, as they have so many times more rows


def batches(seed, wanted):
    """(shape, random, groups) for each shape: as many groups as make the number wanted together."""
    size = -(-wanted // sum(not shape.long for shape in SHAPES))
    for number, shape in enumerate(SHAPES):
        source = random.Random(f"{seed}/{number}")
        yield shape, source, random_groups(source, shape, -(-size // LONG) if shape.long else size)


def questions(source, shape, groups, removed):
    """All questions of one batch of so many groups; removed counts the groups that are not asked, by reason."""
    for family in (window_funnels, funnel_stages, next_nodes, retentions):
        for question in family(source, shape):
            yield question._replace(last=groups - 1)
    yield from sequences(source, shape, groups, removed)
