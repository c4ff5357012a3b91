#!/usr/bin/env python3
"""Counts the test cases in a log of `meson test` (testlog.json) by suite and database server.

Meson counts programs; here each case of a program that prints TAP counts. A program without TAP
output is one case. A program that failed though no case of it did (it crashed, or ran out of time) is
one failed case more. What failed is listed once more, as the log of a long run is seldom read from its
beginning. Exit status: 0 when there were cases and none of them failed.
"""
import json
import re
import sys

TAP = re.compile(r"^(not )?ok\b(?:[^#]|#(?!\s*skip))*(#\s*skip)?", re.IGNORECASE)
GOOD = ("OK", "EXPECTEDFAIL")
# Suites as they are shown; a test that is in several counts for the first of these.
SUITES = ("unit", "integration", "fault", "fuzz", "slow", "build", "other")
SERVERS = ("mariadb", "mysql", "")


def count(test):
    """(passed, failed, skipped) of one test program."""
    passed = failed = skipped = 0
    for line in test.get("stdout", "").splitlines():
        match = TAP.match(line)
        if match and match.group(1):
            failed += 1
        elif match and match.group(2):
            skipped += 1
        elif match:
            passed += 1
    result = test["result"]
    if result == "SKIP" and passed + failed + skipped == 0:
        skipped = 1
    elif result in GOOD and passed + failed + skipped == 0:
        passed = 1
    elif result not in GOOD + ("SKIP",) and failed == 0:
        failed = 1
    return passed, failed, skipped


def failures(test):
    """A line for each case of the program that failed, or one for the program."""
    cases = [line for line in test.get("stdout", "").splitlines() if line.startswith("not ok")]
    if not cases and test["result"] not in GOOD + ("SKIP",):
        cases = [test["result"]]
    return [f"FAILED: {test['name']}: {case}" for case in cases]


def row_of(test):
    """Numbers of the suite and of the server, for sorting. Meson writes "project:suite+suite / name"."""
    suites = re.split(r"[:+]", test["name"].partition(" / ")[0])

    def first(names):
        return next(i for i, name in enumerate(names) if name in suites or name == names[-1])

    return first(SUITES), first(SERVERS)


def main(path):
    totals = {}
    try:
        with open(path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log]
    except OSError as error:
        print(f"no tests were run: {error}")
        tests = []
    for test in tests:
        sums = totals.setdefault(row_of(test), [0, 0, 0])
        for i, number in enumerate(count(test)):
            sums[i] += number
    print(f"\n{'suite':<16}{'server':<8}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for suite, server in sorted(totals):
        sums = "".join(f"{number:>8}" for number in totals[suite, server])
        print(f"{SUITES[suite]:<16}{SERVERS[server]:<8}{sums}")
    print("".join(f"\n{line}" for test in tests for line in failures(test)))
    passed, failed, skipped = (sum(sums[i] for sums in totals.values()) for i in range(3))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
