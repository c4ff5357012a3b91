/*
 * A file with many certificates of authorities, as programs verify with that trust what the system
 * trusts, or the bundle that AWS gives out for RDS.
 */
#ifndef BENCH_BUNDLE_H
#define BENCH_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

/* Certificates in a PEM file; 0 also when it cannot be read. */
unsigned bundle_count(const char *path);

/* Writes a new file: certificates of the system's bundle and then those of `ca`, about `wanted` in all
 * if the system has as many. The file is the caller's to remove. 0, or a negative errno value. */
int bundle_make(const char *ca, unsigned wanted, char *ret_path, size_t path_size);

#endif
