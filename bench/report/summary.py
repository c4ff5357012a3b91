"""Medians and spread of the rounds, and ratios to the bare loop of the same round."""

from statistics import median


class Cell:
    """All rounds of one client in one workload and size."""

    def __init__(self, lines):
        self.lines = lines

    def values(self, name):
        return [line[name] for line in self.lines if name in line]

    def median(self, name):
        values = self.values(name)
        return median(values) if values else None

    def cpu(self):
        """Microseconds of CPU a query, by round."""
        return {
            line["round"]: (line["cpu_user"] + line["cpu_system"]) * 1e6 / line["queries"]
            for line in self.lines
            if line.get("queries")
        }

    def rate(self):
        """Queries a second, by round."""
        return {
            line["round"]: line["queries"] / line["seconds"]
            for line in self.lines
            if line.get("queries")
        }


def group(lines):
    """{(workload, size): {client: Cell}}"""
    groups = {}
    for line in lines:
        if "error" in line:
            continue
        key = (line["workload"], (line["connections"], line["callers"]))
        groups.setdefault(key, {}).setdefault(line["client"], []).append(line)
    return {
        key: {name: Cell(rounds) for name, rounds in clients.items()}
        for key, clients in groups.items()
    }


def middle(by_round):
    return median(by_round.values()) if by_round else None


def ratios(cells, client, what):
    """A client's figure divided by that of the bare loop in the same round."""
    if client not in cells or "bare" not in cells:
        return []
    own, bare = getattr(cells[client], what)(), getattr(cells["bare"], what)()
    return sorted(own[number] / bare[number] for number in own if bare.get(number))


def connection_kb(groups, client):
    """Memory of one more connection: between 1 and 32 of them; fewer are lost in the size of a page."""
    opened = {}
    for (workload, size), cells in groups.items():
        if client in cells and workload in ("W1", "W2", "W3"):
            value = cells[client].median("open_rss_kb")
            if value is not None:
                opened.setdefault(size[0], []).append(value)
    counts = sorted(opened)
    if len(counts) < 2 or counts[-1] < 32:
        return None
    low, high = counts[0], counts[-1]
    return (median(opened[high]) - median(opened[low])) / (high - low)
