"""The funnel of the demo database replayed in plain Python, for tests: no extension, one lead after the other."""

STAGES = ["inquiry", "mql", "sal", "sql", "won"]


class Pass:
    def __init__(self, lead, number, source, time):
        self.lead, self.number, self.source, self.started_at = lead, number, source, time
        self.entered = {}  # stage -> time, skipped stages at the time of the next one
        self.outcome = "open"

    @property
    def furthest(self):
        return max(STAGES.index(stage) for stage in self.entered)

    def enter(self, stage, time):
        for skipped in STAGES[: STAGES.index(stage) + 1]:
            self.entered.setdefault(skipped, time)
        if stage == "won":
            self.outcome = "won"


def passes(connection, until="9999"):
    """Every pass of every lead, from what had happened by then. lost, disqualified and recycled end a pass."""
    done, current, numbers = [], {}, {}
    events = connection.execute("SELECT lead_id, stage, entered_at, source FROM stage_events WHERE entered_at <= ?"
                                " ORDER BY lead_id, entered_at, event_id", (until,))
    for lead, stage, time, source in events:
        running = current.get(lead)
        if stage not in STAGES:
            if running:
                running.outcome = "exited"
                current[lead] = None
            continue
        if not running:
            numbers[lead] = numbers.get(lead, 0) + 1
            running = current[lead] = Pass(lead, numbers[lead], source, time)
            done.append(running)
        if STAGES.index(stage) > (running.furthest if running.entered else -1):
            running.enter(stage, time)
        if running.outcome == "won":
            current[lead] = None
    return done
