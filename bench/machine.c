/*
 * The machine, as Linux tells it, and the libraries that are loaded.
 */
#include "machine.h"

#include <mysql.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <uv.h>

static void read_model(char *model, size_t size)
{
  FILE *file = fopen("/proc/cpuinfo", "re");
  char line[256];
  const char *colon;

  snprintf(model, size, "unknown CPU");
  while (file && fgets(line, sizeof line, file)) {
    colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || !colon)
      continue;
    snprintf(model, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    break;
  }
  if (file)
    fclose(file);
}

void machine_look(machine_t *machine)
{
  struct utsname system;

  *machine = (machine_t){.cores = uv_available_parallelism(), .aurora = BENCH_VERSION};
  read_model(machine->cpu, sizeof machine->cpu);
  if (uname(&system) == 0)
    snprintf(machine->kernel, sizeof machine->kernel, "%.60s %.60s", system.sysname,
             system.release);
  snprintf(machine->libmariadb, sizeof machine->libmariadb, "%s", mysql_get_client_info());
  snprintf(machine->libuv, sizeof machine->libuv, "%s", uv_version_string());
}
