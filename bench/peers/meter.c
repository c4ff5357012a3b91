/*
 * Clocks and memory, as Linux tells them.
 */
#include "meter.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t meter_now(void)
{
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static long resident(void)
{
  FILE *file = fopen("/proc/self/statm", "re");
  long size = 0, resident = 0;

  if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
    resident = 0;
  if (file)
    fclose(file);
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

long meter_peak(void)
{
  FILE *file = fopen("/proc/self/status", "re");
  char line[160];
  long peak = 0;

  while (file && fgets(line, sizeof line, file) && sscanf(line, "VmHWM: %ld", &peak) != 1)
    ;
  if (file)
    fclose(file);
  return peak;
}

void meter_memory_empty(meter_t *meter)
{
  meter->rss_empty = resident();
}

void meter_memory_open(meter_t *meter)
{
  meter->rss_open = resident();
}

static void read_cpu(double *ret_user, double *ret_system)
{
  struct rusage usage;

  getrusage(RUSAGE_SELF, &usage);
  *ret_user = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
  *ret_system = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

void meter_start(meter_t *meter)
{
  meter->unsent = meter->queries ? meter->queries + meter->warmup : UINT64_MAX;
  meter->to_warm = meter->warmup;
  meter->done = 0;
  meter->until = 0;
  meter->last_at = meter_now();
  if (!meter->to_warm)
    meter_begin(meter);
}

void meter_begin(meter_t *meter)
{
  meter->done = 0;
  meter->seen_before = meter->seen;
  read_cpu(&meter->user_0, &meter->system_0);
  meter->began = meter_now();
  if (meter->seconds > 0)
    meter->until = meter->began + (uint64_t)(meter->seconds * 1e9);
}

void meter_stop(meter_t *meter)
{
  double user, system;

  meter->elapsed = (double)(meter_now() - meter->began) / 1e9;
  read_cpu(&user, &system);
  meter->user = user - meter->user_0;
  meter->system = system - meter->system_0;
  meter->seen.rows -= meter->seen_before.rows;
}
