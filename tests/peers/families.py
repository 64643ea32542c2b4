"""Random questions of the functions without a pattern: for each mode, arguments as SQL of ours and of ClickHouse."""

from itertools import combinations

from groups import STAGES
from question import Question, our_conditions, peers_conditions, some_conditions

ROUNDS = 3  # questions per mode for all groups of a batch
FOREVER = 4_000_000_000  # seconds; the engine's window where ours has none

NEXT_NODES = [("forward", "head"), ("forward", "first_match"), ("forward", "last_match")]
NEXT_NODES += [("backward", "tail"), ("backward", "first_match"), ("backward", "last_match")]


def window_modes():
    """Every set of modes that is no error: allow_reentry needs strict_order."""
    free = ("strict_deduplication", "strict_increase", "strict_once")
    for order in ((), ("strict_order",), ("strict_order", "allow_reentry")):
        for size in range(len(free) + 1):
            for chosen in combinations(free, size):
                yield order + chosen


def mode_name(modes):
    return "+".join(modes) or "default"


def peers_modes(modes):
    # "strict_increase: each step is later than the step before": the engine loses chains there without strict_once.
    # With it, nothing else changes: steps at different times are different rows.
    modes = modes + ("strict_once",) if "strict_increase" in modes and "strict_once" not in modes else modes
    return "".join(f", '{mode}'" for mode in modes)


def shuffled(random, items):
    return random.sample(items, len(items))


def window_funnels(random, shape):
    for modes in window_modes():
        for _ in range(ROUNDS):
            window, count = random.randint(0, shape.span + 1), some_conditions(random, shape)
            text = ", ".join([f"{window} s"] + shuffled(random, modes))
            first = str(window) if not modes and random.random() < 0.5 else f"'{text}'"
            yield Question(
                "window_funnel",
                mode_name(modes),
                f"window_funnel({first}, ts, {our_conditions(range(count))})",
                f"windowFunnelIf({window}{peers_modes(modes)})(ts, {peers_conditions(range(count))}, keep)",
                count,
            )


def funnel_stages(random, shape):
    for modes in window_modes():
        for _ in range(ROUNDS):
            count = some_conditions(random, shape)
            stages = sorted(random.sample(STAGES[: shape.conditions], count), key=STAGES.index)
            window = FOREVER if not modes and random.random() < 0.3 else random.randint(0, shape.span + 1)
            limits = [] if window == FOREVER else [str(window)] + (["'%s'" % ", ".join(modes)] if modes else [])
            ours = ", ".join(["stage", "ts", "'%s'" % " > ".join(stages)] + limits)
            equal = ", ".join(f"ifNull(stage = '{stage}', 0)" for stage in stages)
            peer = f"windowFunnelIf({window}{peers_modes(modes)})(ts, {equal}, keep)"
            yield Question("funnel_stage", mode_name(modes), f"funnel_stage({ours})", peer, count)


def next_nodes(random, shape):
    for direction, base in NEXT_NODES:
        for _ in range(ROUNDS):
            matching = base.endswith("match")
            # Few, as all but the base must hold on consecutive rows.
            count = min(some_conditions(random, shape, at_least=2 if matching else 1), random.randint(2, 5))
            ours, peers = our_conditions(range(count)), peers_conditions(range(count))
            if matching and count == 1:  # the matches need e1
                ours, peers = f"{ours}, {ours}", f"{peers}, {peers}"
            # The engine drops rows without a value itself, but has no more than 8 arguments then.
            value = "value, %s, keep" if count <= 4 else "ifNull(value, ''), %s, keep AND value IS NOT NULL"
            yield Question(
                "sequence_next_node",
                f"{direction}+{base}",
                f"sequence_next_node('{direction}', '{base}', ts, value, {ours})",
                f"sequenceNextNodeIf('{direction}', '{base}')(ts, {value % peers})",
                count,
            )


def retentions(random, shape):
    for _ in range(ROUNDS):
        count = some_conditions(random, shape)
        bits = shuffled(random, range(count))
        # retention sees no time, so a row without one is left out by hand.
        ours = f"retention({our_conditions(bits)}) FILTER (WHERE ts <> '')"
        peer = f"arraySlice(retentionIf({peers_conditions(bits, at_least=2)}, keep), 1, {count})"
        yield Question("retention", "default", ours, peer, count)
