"""The table in the terminal, and what was to be reached."""

from statistics import median

import plan
import summary

COLUMNS = (
    ("client", 9), ("a second", 11), ("spread", 9), ("CPU us", 9), ("x bare", 7), ("spread", 11),
    ("p50 us", 10), ("p99 us", 10), ("max us", 10), ("peak MB", 8),
)


def number(value, decimals=1):
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if 0 < abs(value) < 10:
        return f"{value:.{decimals + 1}f}"
    return f"{value:.{decimals}f}"


def spread(values):
    """Half the distance between the ends, in per cent of the middle."""
    if len(values) < 2 or not sum(values):
        return "-"
    low, high = min(values), max(values)
    return f"±{(high - low) / (high + low) * 100:.0f} %"


def print_cells(workload, cells, names):
    print("  " + " ".join(f"{title:>{width}}" for title, width in COLUMNS))
    for name in names:
        if name not in cells:
            continue
        cell = cells[name]
        # The bare loop's W6 is a few nanoseconds: nothing to divide by.
        cpu = [] if workload == "W6" else summary.ratios(cells, name, "cpu")
        rate = cell.rate()
        peak = cell.median("peak_rss_kb")
        row = (
            name,
            number(summary.middle(rate)),
            spread(rate.values()),
            number(summary.middle(cell.cpu()), 2),
            f"{median(cpu):.2f}" if cpu else "-",
            f"{cpu[0]:.2f}-{cpu[-1]:.2f}" if cpu else "-",
            number(cell.median("p50_us")),
            number(cell.median("p99_us")),
            number(cell.median("max_us")),
            number(peak / 1024 if peak else None),
        )
        print("  " + " ".join(f"{text:>{COLUMNS[i][1]}}" for i, text in enumerate(row)))


def print_stalls(cells):
    for name, cell in cells.items():
        for case in ("idle", "opening", "closing", "silent", "result", "timeouts"):
            values = cell.values(f"stall_{case}_ms")
            if values:
                print(f"  {name:>9} {case:<9} median {median(values):.2f} ms, "
                      f"longest {max(values):.2f} ms")


def print_all(groups, clients):
    names = [client.name for client in clients]
    for (workload, size), cells in sorted(
        groups.items(), key=lambda item: (list(plan.WORKLOADS).index(item[0][0]), item[0][1])
    ):
        title = plan.WORKLOADS[workload].title
        print(f"\n{workload}: {title}; {size[0]} connections, {size[1]} callers")
        if workload == "W7":
            print_stalls(cells)
        else:
            print_cells(workload, cells, names)
    memory = [(name, summary.connection_kb(groups, name)) for name in names]
    if any(value is not None for _, value in memory):
        print("\nMemory of one more connection, KB: "
              + ", ".join(f"{name} {value:.0f}" for name, value in memory if value is not None))
    print("\nCPU is the client's own, user and kernel, for each query (W4: 100,000 rows; W5: "
          "connection; W8: request).\n\"x bare\" divides it by the bare loop's of the same round: "
          "the median, and the ends. raw is the limit of\nthe protocol; it decodes nothing.")


def targets(groups):
    """What the timing figures were to reach: (what, reach, value as text, reached, and what others have)."""
    found = []

    def add(what, reach, value, limit):
        if value is not None:
            found.append((what, reach, number(value, 2), value <= limit, ""))

    def at(workload, *size):
        return groups.get((workload, size), {})

    for workload in ("W1", "W2"):
        for size in ((8, 8), (32, 32)):
            ratio = summary.ratios(at(workload, *size), "aurora", "cpu")
            add(f"CPU {workload}, {size[0]} busy, x bare", "<= 1.05",
                median(ratio) if ratio else None, 1.05)
    queued = at("W1", 8, 256).get("aurora")
    if queued:
        add("W1, 8 connections, 256 callers: p99/p50", "<= 2",
            queued.median("p99_us") / queued.median("p50_us"), 2)
        add("the same: max/p50", "<= 3.5", queued.median("max_us") / queued.median("p50_us"), 3.5)
    for workload, limit in (("W4", 1.10), ("W5", 1.2)):
        ratio = summary.ratios(at(workload, 8, 8), "aurora", "cpu")
        add(f"CPU {workload}, 8 busy, x bare", f"<= {limit:.2f}",
            median(ratio) if ratio else None, limit)
    streamed = at("W4", 8, 8).get("aurora")
    if streamed:
        add("W4, peak memory, MB", "<= 8", streamed.median("peak_rss_kb") / 1024, 8)
    taken = at("W6", 64, 64).get("aurora")
    if taken:
        add("W6, take and give back, 64 callers, ns", "<= 100",
            1e9 / summary.middle(taken.rate()), 100)
    taken = at("W6", 1, 1).get("aurora")
    if taken:
        add("W6, p99 with a connection idle, us", "< 2", taken.median("p99_us"), 2)
    add("memory of an idle connection, KB", "<= 48", summary.connection_kb(groups, "aurora"), 48)
    stalled = at("W7", 20, 20).get("aurora")
    if stalled:
        for case in ("opening", "closing", "silent", "result", "timeouts"):
            beyond = [max(0, line[f"stall_{case}_ms"] - line["stall_idle_ms"])
                      for line in stalled.lines if "stall_idle_ms" in line]
            if beyond:
                add(f"W7, {case}: longest stall beyond the idle loop's, ms", "< 2",
                    median(beyond), 2)
    return found


def print_targets(rows):
    if not rows:
        return
    wide = max(len(row[0]) for row in rows)
    print(f"\n  {'':<{wide}} {'to reach':>10} {'here':>12}")
    for what, reach, value, reached, others in rows:
        print(f"  {what:<{wide}} {reach:>10} {value:>12}   {'reached' if reached else 'NOT REACHED'}")
        if others:
            print(f"      {others}")
