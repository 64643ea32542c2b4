"""Draws docs/speed.svg: horizontal bars on a logarithmic scale, from the plain scan (1) to the left or to the right.

A panel has a title and rows; a row has a label, whether it is ours, and one bar per number of threads, each with its
median, smallest and largest ratio. A thin line across a bar's end reaches from the smallest to the largest; the median
stands at the right. Colours follow the reader's light or dark mode, the ground stays transparent.
"""
import math
from typing import NamedTuple
from xml.sax.saxutils import escape

from report import digits

WIDTH, LEFT, RIGHT = 820, 250, 690  # the plot lies between LEFT and RIGHT, numbers stand right of it
BAR, GAP, TITLE, AXIS = 14, 9, 34, 26
TICKS = (1, 2, 5)
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .small { font-size: 11px; fill: #59636e }
  .grid { stroke: #d1d9e0 } .one { stroke: #59636e } .span { stroke: #1f2328; stroke-opacity: .6 }
  .ours { fill: #0969da } .theirs { fill: #8c959f } .two { opacity: .55 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 }
    .grid { stroke: #3d444d } .one { stroke: #9198a1 } .span { stroke: #f0f6fc }
    .ours { fill: #4493f8 } .theirs { fill: #848d97 }
  }
"""


class Bar(NamedTuple):
    threads: int
    median: float
    low: float
    high: float


class Row(NamedTuple):
    label: str
    ours: bool
    bars: list


class Panel(NamedTuple):
    title: str
    rows: list


def ticks_between(low, high):
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick * 10.0**power for power in powers for tick in TICKS if low <= tick * 10.0**power <= high]


class Scale:
    """From a ratio to its place; the ends are the next ticks beyond all ratios."""

    def __init__(self, panels):
        bars = [bar for panel in panels for row in panel.rows for bar in row.bars]
        low, high = min(1, *(bar.low for bar in bars)), max(1, *(bar.high for bar in bars))
        self.low = max(tick for tick in ticks_between(low / 10, high) if tick <= low)
        self.high = min(tick for tick in ticks_between(low, high * 10) if tick >= high)
        self.ticks = ticks_between(self.low, self.high * (1 + 1e-9))

    def place(self, ratio):
        part = math.log(ratio / self.low) / math.log(self.high / self.low)
        return LEFT + part * (RIGHT - LEFT)


def text(x, y, content, anchor="start", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(content)}</text>'


def line(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def draw_bar(bar, row, y, scale):
    kind = ("ours" if row.ours else "theirs") + (" two" if bar.threads == 2 else "")
    start, end = sorted((scale.place(1), scale.place(bar.median)))
    middle = y + BAR / 2
    return [f'<rect class="{kind}" x="{start:.1f}" y="{y:.1f}" width="{end - start:.1f}" height="{BAR}"/>',
            line("span", scale.place(bar.low), middle, scale.place(bar.high), middle),
            text(RIGHT + 12, y + BAR - 2.5, digits(bar.median)),
            text(RIGHT + 58, y + BAR - 2.5, f"{bar.threads} thread{'s'[:bar.threads - 1]}", kind="small")]


def draw_panel(panel, top, scale):
    """Its elements, and where it ends."""
    y = top + TITLE
    body = []
    for row in panel.rows:
        height = BAR * len(row.bars)
        body.append(text(LEFT - 12, y + height / 2 + 4, row.label, "end"))
        for number, bar in enumerate(row.bars):
            body += draw_bar(bar, row, y + number * BAR, scale)
        y += height + GAP
    grid = []
    for tick in scale.ticks:
        x = scale.place(tick)
        grid.append(line("one" if math.isclose(tick, 1) else "grid", x, top + TITLE - 6, x, y))
        grid.append(text(x, y + 14, f"{tick:g}", "middle", "small"))
    return [text(0, top + 16, panel.title, kind="title"), *grid, *body], y + AXIS


def draw(panels, description):
    """The text of the SVG file."""
    scale, elements, top = Scale(panels), [], 4
    for panel in panels:
        drawn, top = draw_panel(panel, top, scale)
        elements += drawn
        top += 14
    elements.append(text(0, top + 2, "Times as long as a plain scan of the table (1), logarithmic; thin lines reach "
                         "from the quickest round to the slowest. * answers another question.", kind="small"))
    height = top + 12
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
            f'height="{height:.0f}" role="img">\n<title>{escape(description)}</title>\n<style>{STYLE}</style>\n'
            + "\n".join(elements) + "\n</svg>\n")
