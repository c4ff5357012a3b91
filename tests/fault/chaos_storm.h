/*
 * The storm: a thread that does to the server and to the network what happens to them, one thing after
 * the other. After each fault that takes the server away it waits until a caller was answered again, and
 * notes how long that took.
 */
#ifndef TESTS_FAULT_CHAOS_STORM_H
#define TESTS_FAULT_CHAOS_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

typedef struct chaos_storm chaos_storm_t;

/* Makes on the server what the storm needs there. 0, or a negative errno value. */
int chaos_storm_prepare(database_t *database);

/* Rages for so many ms, but until each kind of fault was there once. All functions but the thread itself
 * are for the thread that starts it. proxy: between the pool and the server, or NULL. */
chaos_storm_t *chaos_storm_start(database_t *database, fault_proxy_t *proxy, uint64_t seed,
                                 uint64_t ms);
/* A caller was answered by the server. */
void chaos_storm_note_success(chaos_storm_t *storm);
bool chaos_storm_is_over(void *storm);
/* Joins the thread, prints what there was as TAP comments, frees. True when the pool came back after
 * every fault and every fault could be made. */
bool chaos_storm_end(chaos_storm_t *storm);

#endif
