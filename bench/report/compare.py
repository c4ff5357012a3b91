"""What bench/compare.sh runs when everything is built and the server is there.

Makes the tables, runs the rounds, and prints and draws what came out.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time

import chart
import gates
import plan
import rounds
import summary
import table


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--node-modules", default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--workloads", default="")
    parser.add_argument("--peers", default="")
    parser.add_argument("--gates", action="store_true")
    parser.add_argument("--client-core", type=int)
    parser.add_argument("--server-core", type=int)
    return parser.parse_args()


def choose(names, known, what):
    chosen = [name for name in names.split(",") if name]
    for name in chosen:
        if name not in known:
            sys.exit(f"compare.sh: there is no {what} \"{name}\"; known: {', '.join(known)}")
    return chosen


def expand(names):
    """W8 stands for all that begin so; W5 too."""
    found = []
    for name in names.split(","):
        family = [each for each in plan.WORKLOADS if each == name or each.startswith(name + "-")]
        found += family if name else []
        if name and not family:
            sys.exit(f"compare.sh: there is no workload \"{name}\": {', '.join(plan.WORKLOADS)}")
    return found


def choose_plan(options):
    names = expand(options.workloads)
    if not names:
        names = plan.SHORT_WORKLOADS if options.short else list(plan.WORKLOADS)
    pairs = []
    for name in names:
        workload = plan.WORKLOADS[name]
        pairs += [(workload, size) for size in workload.sizes
                  if not options.short or size in plan.SHORT_SIZES or len(workload.sizes) == 1]
    return pairs


def choose_clients(options):
    clients = plan.clients(options.build, options.source, options.node_modules)
    wanted = choose(options.peers, [client.name for client in clients], "peer")
    found = []
    for client in clients:
        # The floor is always there: ratios are to it.
        if wanted and client.name not in wanted and client.name not in ("aurora", "bare"):
            continue
        if plan.find_versions(client):
            found.append(client)
            print(f"  {client.name:>9}  {client.title}: {client.versions}")
        else:
            print(f"  {client.name:>9}  {client.title}: left out, not installed ({client.package})")
    return found


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def tables(options, what, **how):
    program = os.path.join(options.build, "bench", "peers", "aurora-compare-tables")
    return subprocess.run([program, what], check=True, text=True, **how)


def header(options, clients):
    server = tables(options, "server", stdout=subprocess.PIPE).stdout.strip()
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores, "
                   f"{platform.system()} {platform.release()}",
        "server": server,
        "client_core": options.client_core,
        "server_core": options.server_core,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "clients": {client.name: client.versions for client in clients},
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def measure(options, clients, file):
    about = header(options, clients)
    file.write(json.dumps(about) + "\n")
    print(f"  {about['machine']}; server {about['server']}")
    if options.client_core is not None:
        print(f"  client on core {options.client_core}, server on core {options.server_core}")
    targets = []
    if options.gates:
        targets = gates.measure(clients, file)
    else:
        lines = rounds.run_rounds(clients, choose_plan(options), options, file)
        groups = summary.group(lines)
        table.print_all(groups, clients)
        targets = table.targets(groups)
        picture = os.path.join(options.output, "compare.svg")
        if chart.draw(groups, clients, about, picture):
            print(f"\nChart: {picture}")
    table.print_targets(targets)
    print(f"\nEvery run: {file.name}")


def main():
    options = read_options()
    os.makedirs(options.output, exist_ok=True)
    workloads = os.path.join(options.output, "workloads.json")
    with open(workloads, "w", encoding="utf-8") as file:
        tables(options, "workloads", stdout=file)
    os.environ["AURORA_COMPARE_WORKLOADS"] = workloads
    clients = choose_clients(options)
    choose_plan(options)
    name = "gates.jsonl" if options.gates else "results.jsonl"
    tables(options, "make")
    try:
        with open(os.path.join(options.output, name), "w", encoding="utf-8") as file:
            measure(options, clients, file)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        tables(options, "drop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
