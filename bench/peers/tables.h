/*
 * The tables that the workloads read, and what is asked of them.
 *
 * world and fortune are those of the public TechEmpower rules, under names that are in nobody's way.
 * rows has 10,000 rows, wide 100,000.
 */
#ifndef BENCH_PEERS_TABLES_H
#define BENCH_PEERS_TABLES_H

#define TABLES_WORLD   "aurora_compare_world"
#define TABLES_FORTUNE "aurora_compare_fortune"
#define TABLES_ROWS    "aurora_compare_rows"
#define TABLES_WIDE    "aurora_compare_wide"

#endif
