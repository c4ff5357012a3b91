"""The two figures that repeat on a noisy machine: instructions and system calls a query.

Each is the difference of two runs of different length, so that starting, connecting and ending cancel
out. One connection, one caller, through slow_relay.py, which makes the answer always come late.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

# Not in the steady state; restart_syscall and the like do not occur.
UNWANTED = ("epoll_ctl", "poll", "ppoll", "eventfd2", "write", "read", "futex")
SHORT, LONG = 300, 1300  # requests
RELAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "slow_relay.py")
LATE_MS = "1.5"


def client_command(client, workload, queries):
    return client.command + [
        "--workload", workload, "--connections", "1", "--callers", "1", "--warmup", "0",
        "--queries", str(queries), "--no-latency",
    ]


def run(client, command, late):
    if late:
        host, port = os.environ["AURORA_HOST"], os.environ.get("AURORA_PORT", "3306")
        command = [sys.executable, RELAY, host, port, LATE_MS] + command
    answer = subprocess.run(
        command,
        env=dict(os.environ, **client.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if answer.returncode:
        sys.exit(f"compare.sh: {client.name}: {answer.stderr.strip()[-400:]}")
    return answer


def count_instructions(client, workload, queries, late):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--vgdb=no"]
    answer = run(client, command + client_command(client, workload, queries), late)
    return int(re.search(r"Collected : (\d+)", answer.stderr).group(1))


def count_calls(client, workload, queries):
    with tempfile.NamedTemporaryFile(mode="r", suffix=".strace") as file:
        command = ["strace", "-f", "-c", "-o", file.name]
        run(client, command + client_command(client, workload, queries), True)
        calls = {}
        for line in file:
            words = line.split()
            # % time, seconds, usecs/call, calls, [errors,] name
            if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
                calls[words[-1]] = int(words[3])
        return calls


def instructions(client, workload, low=SHORT, high=LONG, late=True):
    first = count_instructions(client, workload, low, late)
    return (count_instructions(client, workload, high, late) - first) / (high - low)


def system_calls(client, workload):
    first = count_calls(client, workload, SHORT)
    second = count_calls(client, workload, LONG)
    names = set(first) | set(second)
    each = {name: (second.get(name, 0) - first.get(name, 0)) / (LONG - SHORT) for name in names}
    return {name: value for name, value in each.items() if abs(value) >= 0.01}


def measure(clients, file):
    """Prints each as it is found; returns rows as table.targets does."""
    by_name = {client.name: client for client in clients}
    rows = []

    def note(name, **figures):
        file.write(json.dumps({"gate": name, **figures}) + "\n")
        file.flush()

    for workload in ("W1", "W2", "W3"):
        sys.stderr.write(f"callgrind, {workload}\n")
        found = {
            name: instructions(by_name[name], workload)
            for name in ("aurora", "bare", "threads", "raw")
            if name in by_name
        }
        note("instructions", workload=workload, **found)
        limit = found["bare"] + 800
        more = ", ".join(f"{name} {found[name]:,.0f}" for name in found if name != "aurora")
        rows.append((f"instructions a query, {workload}", f"<= {limit:,.0f}",
                     f"{found['aurora']:,.0f}", found["aurora"] <= limit, more))
    for workload, limit in (("W1", 3.0), ("W2", 4.0)):
        sys.stderr.write(f"strace, {workload}\n")
        found = {name: system_calls(client, workload) for name, client in by_name.items()}
        note("system calls", workload=workload, **found)
        total = {name: sum(calls.values()) for name, calls in found.items()}
        more = ", ".join(f"{name} {total[name]:.2f}" for name in total if name != "aurora")
        rows.append((f"system calls a query, {workload}", f"<= {limit:.1f}",
                     f"{total['aurora']:.2f}", total["aurora"] <= limit + 0.02, more))
        unwanted = sum(found["aurora"].get(name, 0) for name in UNWANTED)
        rows.append((f"of them epoll_ctl, poll, eventfd and such, {workload}", "0",
                     f"{unwanted:.2f}", unwanted < 0.01, ""))
    sys.stderr.write("callgrind, W4\n")
    found = {
        name: instructions(by_name[name], "W4", 1, 3, False) / 100000 for name in ("aurora", "bare")
    }
    note("instructions a row", workload="W4", **found)
    rows.append(("instructions a row, W4", "<= 700", f"{found['aurora']:,.0f}",
                 found["aurora"] <= 700, f"bare {found['bare']:,.0f}"))
    return rows
