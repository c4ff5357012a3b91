"""Runs the clients, round after round, and writes a line of JSON for each run.

Within a round every workload and size is run by one client after the other, in an order that turns
from round to round, so that what the machine does meanwhile falls on all of them.
"""

import json
import os
import subprocess
import sys
import time

NOT_HERE = 3  # the client's exit status for a workload that it does not have


class Progress:
    """One line that is written over on a terminal; elsewhere a line now and then."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.began = time.monotonic()
        self.said = 0.0

    def step(self, text):
        self.done += 1
        passed = time.monotonic() - self.began
        left = passed / self.done * (self.total - self.done)
        line = f"{self.done} of {self.total}, about {left / 60:.0f} min left: {text}"
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K" + line[:110])
        elif passed - self.said > 15 or self.done == self.total:
            self.said = passed
            sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def end(self):
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")


def environment_of(client, workload):
    environment = dict(os.environ, **client.environment)
    if workload.name == "W5-tls" and environment.get("AURORA_SSL_CA"):
        environment["AURORA_SSL_MODE"] = "VERIFY_IDENTITY"
    return environment


def command_of(client, workload, size, core):
    command = list(client.command)
    if core is not None and workload.pinned:
        command = ["taskset", "-c", str(core)] + command
    command += ["--workload", workload.name, "--connections", str(size[0])]
    command += ["--callers", str(size[1])]
    return command


def run_once(client, workload, size, seconds, core):
    """The client's figures; a dictionary with "missing" or "error" when there are none."""
    command = command_of(client, workload, size, core)
    command += ["--seconds", str(seconds * workload.slow)]
    if not client.compiled:
        command += ["--warmup", str(workload.warmup)]
    try:
        answer = subprocess.run(
            command,
            env=environment_of(client, workload),
            capture_output=True,
            text=True,
            check=False,
            timeout=120 + 60 * seconds,
        )
    except subprocess.TimeoutExpired:
        return {"error": "did not end"}
    if answer.returncode == NOT_HERE:
        return {"missing": True}
    if answer.returncode != 0:
        return {"error": (answer.stderr.strip() or f"exit status {answer.returncode}")[-300:]}
    return json.loads(answer.stdout)


def run_rounds(clients, plan, options, file):
    """plan: pairs of workload and size. Returns every line that was written."""
    lines = []
    missing = set()
    progress = Progress(options.rounds * len(plan) * len(clients))
    for number in range(1, options.rounds + 1):
        turn = number % len(clients)
        for workload, size in plan:
            for client in clients[turn:] + clients[:turn]:
                progress.step(f"round {number}, {workload.name} {size[0]}/{size[1]}, {client.name}")
                if (client.name, workload.name) in missing:
                    continue
                figures = run_once(client, workload, size, options.seconds, options.client_core)
                if figures.get("missing"):
                    missing.add((client.name, workload.name))
                    continue
                line = {
                    "round": number,
                    "client": client.name,
                    "workload": workload.name,
                    "connections": size[0],
                    "callers": size[1],
                }
                line.update(figures)
                lines.append(line)
                file.write(json.dumps(line) + "\n")
                file.flush()
                if "error" in figures:
                    progress.end()
                    print(f"{client.name}, {workload.name}: {figures['error']}", file=sys.stderr)
    progress.end()
    return lines
