"""What bench/compare.sh runs: the workloads, their sizes, and the clients beside aurora."""

import os
import subprocess
from dataclasses import dataclass, field

# (connections, callers)
BUSY = ((1, 1), (8, 8), (32, 32))
QUEUED = (8, 256)


@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    sizes: tuple
    unit: str = "a query"
    slow: float = 1.0  # how much longer it is to be run
    warmup: int = 3000  # requests, for clients that are compiled while they run
    pinned: bool = True


WORKLOADS = {
    each.name: each
    for each in (
        Workload("W1", "SELECT 1 as text", BUSY + (QUEUED,)),
        Workload("W2", "a row of 10,000 by its key, prepared", BUSY + (QUEUED,)),
        Workload("W3", "12 short rows as text", BUSY + (QUEUED,)),
        Workload("W4", "100,000 rows of 5 columns, streamed", BUSY, "100,000 rows", 2, 2),
        Workload("W5", "connect, log in, one query, close", BUSY, "a connection", warmup=50),
        Workload("W5-tls", "the same with TLS, verified", BUSY, "a connection", 2, 50),
        Workload("W6", "take a connection and give it back", BUSY + ((64, 64), QUEUED), "a take"),
        Workload("W7", "longest stall of the loop", ((20, 20),), pinned=False),
        Workload("W8-db", "/db: one row by its key", BUSY + (QUEUED,), "a request"),
        Workload("W8-queries", "/queries: 20 rows in turn", BUSY + (QUEUED,), "a request", 2, 300),
        Workload("W8-fortunes", "/fortunes: 12 rows, sorted", BUSY + (QUEUED,), "a request"),
        Workload("W8-updates", "/updates: 20 read, changed", BUSY + (QUEUED,), "a request", 2, 200),
    )
}
SHORT_WORKLOADS = ("W1", "W2", "W3", "W6", "W8-db")
SHORT_SIZES = ((1, 1), (8, 8), (8, 256), (64, 64))


@dataclass
class Client:
    name: str
    title: str
    command: list
    package: str = ""  # what is missing when it is not there
    compiled: bool = True  # before it runs
    environment: dict = field(default_factory=dict)
    versions: str = ""


def clients(build, source, node_modules):
    """All of them, those that are not installed too. aurora and bare are always there."""
    programs = os.path.join(build, "bench", "peers")
    peers = os.path.join(source, "bench", "peers")
    node = {"NODE_PATH": node_modules}

    def compiled(name, title):
        return Client(name, title, [os.path.join(programs, "aurora-compare-" + name)])

    return [
        compiled("aurora", "aurora"),
        compiled("bare", "bare uv_poll + libmariadb"),
        compiled("threads", "libmariadb, a thread a connection"),
        compiled("raw", "raw socket and epoll"),
        Client("mysql2", "mysql2 (node)", ["node", os.path.join(peers, "node", "mysql2.js")],
               "mysql2 from npm", False, node),
        Client("mariadb", "mariadb (node)", ["node", os.path.join(peers, "node", "mariadb.js")],
               "mariadb from npm", False, node),
        Client("go", "go-sql-driver (Go)", [os.path.join(build, "bench", "compare-go")],
               "golang-github-go-sql-driver-mysql-dev and golang-go"),
        Client("aiomysql", "aiomysql (Python)",
               ["/usr/bin/python3", os.path.join(peers, "python", "aiomysql_client.py")],
               "python3-aiomysql"),
    ]


def find_versions(client):
    """Asks a client what it is made of; False when it is not installed."""
    try:
        answer = subprocess.run(
            client.command + ["--versions"],
            env=dict(os.environ, **client.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=60,
        )
    except OSError:
        return False
    client.versions = answer.stdout.strip()
    return answer.returncode == 0
