"""The client "aiomysql" of bench/compare.sh: aiomysql's pool on asyncio.

It has no prepared statements: parameters go into the text. Streaming is its SSCursor.
"""

import asyncio
import json
import os
import random
import resource
import ssl
import sys
import time

try:
    import aiomysql
    import pymysql
except ImportError:
    sys.exit("aiomysql is not installed")

ROWS = 10000
VERSIONS = "aiomysql {}, PyMySQL {}, Python {}".format(
    aiomysql.__version__, pymysql.__version__, sys.version.split()[0]
)


def read_options(arguments):
    options = {"connections": 8, "callers": 0, "queries": 0, "seconds": 0.0, "warmup": -1}
    names = iter(arguments)
    for name in names:
        name = name[2:]
        if name == "no-latency":
            continue
        value = next(names)
        options[name] = value if name == "workload" else type(options[name])(value)
    with open(os.environ["AURORA_COMPARE_WORKLOADS"], encoding="utf-8") as file:
        options["work"] = work = json.load(file)[options["workload"]]
    options["callers"] = options["callers"] or options["connections"]
    if not options["queries"] and not options["seconds"]:
        options["seconds"] = 1.0
    if options["warmup"] < 0:
        single = work["reads"] == 1 and not work["stream"]
        options["warmup"] = 200 if single else options["callers"]
    return options


def read_config(work):
    env = os.environ
    mode = env.get("AURORA_SSL_MODE", "").upper()
    config = {
        "host": env.get("AURORA_HOST", "127.0.0.1"),
        "port": int(env.get("AURORA_PORT", "3306")),
        "user": env.get("AURORA_USER", "arla"),
        "password": env.get("AURORA_PASSWORD", ""),
        "db": env.get("AURORA_DATABASE", "octane"),
        "autocommit": True,
    }
    if work["tls"] or mode == "REQUIRED" or mode.startswith("VERIFY"):
        context = ssl.create_default_context(cafile=env.get("AURORA_SSL_CA") or None)
        if not mode.startswith("VERIFY"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        config["ssl"] = context
    return config


def peak_kb():
    """Not from getrusage, which knows that of the program that started this one, too."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def resident_kb():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


class Meter:
    """As bench/peers/meter.h; latencies are kept one by one, for they are few."""

    def __init__(self, options):
        self.options = options
        self.unsent = options["queries"] + options["warmup"] if options["queries"] else 1 << 60
        self.to_warm = options["warmup"]
        self.until = None
        self.last = time.monotonic_ns()
        self.rows = 0
        if not self.to_warm:
            self.begin()

    def begin(self):
        self.latencies = []
        self.rows = 0
        self.usage = resource.getrusage(resource.RUSAGE_SELF)
        self.began = time.monotonic_ns()
        if self.options["seconds"]:
            self.until = self.began + self.options["seconds"] * 1e9

    def more(self):
        if self.unsent <= 0 or (self.until and self.last >= self.until):
            return False
        self.unsent -= 1
        return True

    def ended(self, started_at):
        self.last = time.monotonic_ns()
        if self.to_warm:
            self.to_warm -= 1
            if not self.to_warm:
                self.begin()
        else:
            self.latencies.append(self.last - started_at)
        return self.last

    def report(self, open_rss):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        seconds = (time.monotonic_ns() - self.began) / 1e9
        ordered = sorted(self.latencies) or [0]
        result = {"client": "aiomysql"}
        result.update({name: self.options[name] for name in ("workload", "connections", "callers")})
        result.update(
            queries=len(self.latencies),
            rows=self.rows,
            seconds=seconds,
            cpu_user=usage.ru_utime - self.usage.ru_utime,
            cpu_system=usage.ru_stime - self.usage.ru_stime,
            p50_us=ordered[int(0.5 * (len(ordered) - 1))] / 1000,
            p99_us=ordered[int(0.99 * (len(ordered) - 1))] / 1000,
            max_us=ordered[-1] / 1000,
            open_rss_kb=open_rss,
            peak_rss_kb=peak_kb(),
            versions=VERSIONS,
        )
        print(json.dumps(result))


async def execute(connection, sql, params, meter, work):
    cursor = await connection.cursor(aiomysql.SSCursor if work["stream"] else aiomysql.Cursor)
    await cursor.execute(sql.replace("?", "%s"), params)
    if work["stream"]:
        while await cursor.fetchone():
            meter.rows += 1
    elif cursor.description:
        rows = list(await cursor.fetchall())
        meter.rows += len(rows)
        if work["fortunes"]:
            rows.append((0, "Additional fortune added at request time."))
            rows.sort(key=lambda row: row[1])
    await cursor.close()


async def request(pool, work, meter):
    read, *write = work["statements"]
    ids = []
    for _ in range(work["reads"]):
        ids.append(random.randint(1, ROWS))
        async with pool.acquire() as connection:
            params = (ids[-1],) if read["params"] else None
            await execute(connection, read["sql"], params, meter, work)
    for number in ids[: work["writes"]]:
        async with pool.acquire() as connection:
            params = (random.randint(1, ROWS), number)
            await execute(connection, write[0]["sql"], params, meter, work)


async def connect(config, sql):
    connection = await aiomysql.connect(**config)
    cursor = await connection.cursor()
    await cursor.execute(sql)
    await cursor.fetchall()
    await connection.ensure_closed()


async def caller(options, config, pool, meter):
    work = options["work"]
    started_at = meter.last
    while meter.more():
        if work["kind"] == "connect":
            await connect(config, work["statements"][0]["sql"])
        elif work["kind"] == "acquire":
            async with pool.acquire():
                pass
        else:
            await request(pool, work, meter)
        started_at = meter.ended(started_at)


async def main(options):
    config = read_config(options["work"])
    size = options["connections"]
    pool, open_rss = None, 0
    if options["work"]["kind"] != "connect":
        before = resident_kb()
        pool = await aiomysql.create_pool(minsize=size, maxsize=size, **config)
        open_rss = resident_kb() - before
    meter = Meter(options)
    callers = (caller(options, config, pool, meter) for _ in range(options["callers"]))
    await asyncio.gather(*callers)
    meter.report(open_rss)
    if pool:
        pool.close()
        await pool.wait_closed()


if __name__ == "__main__":
    if sys.argv[1:] == ["--versions"]:
        print(VERSIONS)
        sys.exit(0)
    given = read_options(sys.argv[1:])
    if given["work"]["kind"] == "stall":
        sys.exit(3)
    asyncio.run(main(given))
