"""The chart: what a query costs the client, by workload, as SVG that reads well in light and dark."""

from statistics import median
from xml.sax.saxutils import escape

import plan
import summary

SHOWN = ("W1", "W2", "W3", "W4", "W5", "W8-db", "W8-queries", "W8-fortunes", "W8-updates")
SIZE = (8, 8)
WIDTH, LABEL, BAR, GAP, PANEL_GAP, TOP = 760, 96, 15, 4, 34, 64

STYLE = """
  svg { color-scheme: light dark; background: #ffffff }
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .panel { font-weight: 600 }
  .quiet { fill: #57606a }
  .bar { fill: #b6bfc9 } .aurora { fill: #0969da } .bare { fill: #1a7f37 }
  .axis { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117 }
    text { fill: #e6edf3 } .quiet { fill: #9198a1 }
    .bar { fill: #59636e } .aurora { fill: #4493f8 } .bare { fill: #3fb950 }
    .axis { stroke: #3d444d }
  }
"""


def text(x, y, content, kind="", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f"{escape(content)}</text>")


def amount(microseconds):
    if microseconds >= 10000:
        return f"{microseconds / 1000:,.0f} ms"
    if microseconds >= 1000:
        return f"{microseconds / 1000:.1f} ms"
    return f"{microseconds:.1f} µs"


def panel(workload, cells, names, top):
    """The bars of one workload; its elements and its height. A bar that is much longer than the
    others is cut, and its number says so."""
    title = plan.WORKLOADS[workload]
    values = [(name, summary.middle(cells[name].cpu())) for name in names if name in cells]
    values = [(name, value) for name, value in values if value]
    if not values:
        return [], 0
    bare = dict(values).get("bare")
    longest = max(value for _, value in values)
    scale = min(longest, 4 * bare) if bare else longest
    room = WIDTH - LABEL - 150
    parts = [text(LABEL, top, f"{workload}: {title.title}", "panel"),
             text(WIDTH - 12, top, f"client CPU for {title.unit}", "quiet", "end")]
    y = top + 8
    for name, value in values:
        width = max(1.0, min(value / scale, 1.0) * room)
        ratio = summary.ratios(cells, name, "cpu") if name != "bare" else []
        note = amount(value) + (f", {median(ratio):.2f} x bare" if ratio else "")
        parts.append(text(LABEL - 8, y + BAR - 3, name, "", "end"))
        parts.append(f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" '
                     f'class="bar {name}"/>')
        if value > scale:
            parts.append(text(LABEL + room - 14, y + BAR - 3, "»"))
        parts.append(text(LABEL + width + 6, y + BAR - 3, note, "quiet"))
        y += BAR + GAP
    parts.append(f'<line x1="{LABEL}" x2="{LABEL}" y1="{top + 6}" y2="{y}" class="axis"/>')
    return parts, y - top


def draw(groups, clients, about, path):
    """False when there is nothing to show."""
    names = [client.name for client in clients]
    parts, y = [], TOP
    for workload in SHOWN:
        cells = groups.get((workload, SIZE))
        if cells:
            elements, height = panel(workload, cells, names, y)
            parts += elements
            y += height + PANEL_GAP if height else 0
    if not parts:
        return False
    heading = [
        text(12, 24, "What it costs the client: CPU time, less is better", "title"),
        text(12, 42, f"{SIZE[0]} connections, all busy; medians of {about['rounds']} rounds; "
                     f"{about['machine']}", "quiet"),
    ]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" '
                   f'width="{WIDTH}" height="{y:.0f}" role="img">\n'
                   "<title>Client CPU a query, by workload and client</title>\n"
                   f"<style>{STYLE}</style>\n" + "\n".join(heading + parts) + "\n</svg>\n")
    return True
