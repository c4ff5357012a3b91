#include "one_core.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Threads that end meanwhile are none of ours; new ones inherit. */
static void move(pid_t process, const cpu_set_t *cores)
{
  char path[64];
  DIR *tasks;
  struct dirent *task;

  snprintf(path, sizeof path, "/proc/%d/task", (int)process);
  tasks = opendir(path);
  if (!tasks)
    return;
  while ((task = readdir(tasks)) != NULL) {
    pid_t thread = (pid_t)strtol(task->d_name, NULL, 10);

    if (thread > 0)
      sched_setaffinity(thread, sizeof *cores, cores);
  }
  closedir(tasks);
}

void one_core_begin(one_core_t *core, pid_t server)
{
  cpu_set_t one;
  int first = 0;

  *core = (one_core_t){.server = server};
  if (!server || sched_getaffinity(0, sizeof core->before, &core->before))
    return;
  while (first < CPU_SETSIZE - 1 && !CPU_ISSET(first, &core->before))
    first++;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  move(getpid(), &one);
  move(server, &one);
  core->pinned = true;
}

void one_core_end(one_core_t *core)
{
  if (!core->pinned)
    return;
  move(getpid(), &core->before);
  move(core->server, &core->before);
}
