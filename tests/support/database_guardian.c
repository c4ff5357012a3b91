/*
 * The guardian is forked from the test program and becomes the parent of the server, so that it alone
 * may signal its process id without a race and collects it. It obeys orders from a socket, one at a
 * time, and ends at the end of file there: the program, and every process the program forked while
 * the socket was open, has closed it or died. It keeps no other descriptor of the program, has a
 * session of its own (Check kills the group of a test that takes too long) and asks the kernel to
 * kill the server should the guardian itself be killed.
 *
 * States: no server, running, frozen; server_t.pid is 0 in the first. Server and directory are the
 * guardian's own.
 */
#include "support/database_guardian.h"

#include "support/files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL = 3, READY_MS = 30000, TERMINATE_MS = 20000 };

typedef struct {
  int status;
  pid_t server;
} answer_t;

typedef struct {
  const guardian_plan_t *plan;
  pid_t pid;
} server_t;

static long long now_ms(void)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits a moment; false: the test program has gone. */
static bool pause_ms(int ms)
{
  struct pollfd control = {.fd = CONTROL}; /* no events: only the hang-up */

  return poll(&control, 1, ms) == 0 || !(control.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void run_server(const guardian_plan_t *plan)
{
  sigset_t none;
  int log = open(plan->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGHUP, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || getppid() == 1)
    _exit(127);
  execv(plan->arguments[0], plan->arguments);
  _exit(127);
}

/* Whether the server has ended; collects it then. */
static bool server_ended(server_t *server)
{
  if (waitpid(server->pid, NULL, WNOHANG) != server->pid)
    return false;
  server->pid = 0;
  return true;
}

static void kill_server(server_t *server)
{
  kill(server->pid, SIGKILL);
  while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
    continue;
  server->pid = 0;
}

static int terminate_server(server_t *server)
{
  long long end = now_ms() + TERMINATE_MS;

  kill(server->pid, SIGTERM);
  kill(server->pid, SIGCONT); /* one that is frozen could not hear the other */
  while (!server_ended(server)) {
    if (now_ms() >= end || !pause_ms(2)) {
      kill_server(server);
      return -ETIMEDOUT;
    }
  }
  return 0;
}

/* A connection to the server, or -1 as long as it does not listen. */
static int connect_server(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd < 0)
    return -1;
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
    close(fd);
    return -1;
  }
  shutdown(fd, SHUT_WR);
  return fd;
}

/* Reads what the server says to one who says nothing; true: it has hung up. */
static bool was_served(int fd)
{
  char bytes[512];
  ssize_t got;

  do
    got = recv(fd, bytes, sizeof bytes, 0);
  while (got > 0);
  return got == 0 || (errno != EAGAIN && errno != EINTR);
}

/*
 * The server is ready when it has greeted and let go of a connection: it binds its TCP port before
 * its Unix socket, but loses a SIGTERM that comes after that and before it accepts.
 */
static int wait_until_ready(server_t *server)
{
  long long end = now_ms() + READY_MS;
  int fd = -1;
  int status = 1;

  while (status > 0) {
    if (fd < 0)
      fd = connect_server(server->plan->socket);
    if (fd >= 0 && was_served(fd)) {
      status = 0;
    } else if (server_ended(server)) {
      status = -ECHILD;
    } else if (now_ms() >= end || !pause_ms(1)) {
      kill_server(server);
      status = -ETIMEDOUT;
    }
  }
  if (fd >= 0)
    close(fd);
  return status;
}

/* What one that was killed left. The lock is MySQL's: it names a process that may be another now. */
static void remove_socket(const char *path)
{
  char lock[sizeof((struct sockaddr_un *)0)->sun_path + sizeof ".lock"];

  unlink(path);
  snprintf(lock, sizeof lock, "%s.lock", path);
  unlink(lock);
}

static int start_server(server_t *server)
{
  pid_t pid;

  remove_socket(server->plan->socket);
  pid = fork();
  if (pid < 0)
    return -errno;
  if (!pid)
    run_server(server->plan);
  server->pid = pid;
  return wait_until_ready(server);
}

static int freeze_server(server_t *server)
{
  siginfo_t info;

  kill(server->pid, SIGSTOP);
  while (waitid(P_PID, (id_t)server->pid, &info, WSTOPPED | WEXITED | WNOWAIT) < 0)
    if (errno != EINTR)
      return -errno;
  return info.si_code == CLD_STOPPED ? 0 : -ESRCH;
}

static int obey(server_t *server, guardian_order_t order)
{
  bool running = server->pid && !server_ended(server);

  switch (order) {
  case GUARDIAN_START:
    return running ? -EBUSY : start_server(server);
  case GUARDIAN_KILL:
    if (!running)
      return -ESRCH;
    kill_server(server);
    return 0;
  case GUARDIAN_TERMINATE:
    return running ? terminate_server(server) : -ESRCH;
  case GUARDIAN_FREEZE:
    return running ? freeze_server(server) : -ESRCH;
  case GUARDIAN_THAW:
    return running && !kill(server->pid, SIGCONT) ? 0 : -ESRCH;
  case GUARDIAN_PID:
    return 0;
  }
  return -EINVAL;
}

static void close_others(void)
{
  long limit = sysconf(_SC_OPEN_MAX);

  if (!syscall(SYS_close_range, CONTROL + 1, ~0U, 0))
    return;
  for (int fd = CONTROL + 1; fd < limit && fd < 65536; fd++)
    close(fd);
}

static void become_guardian(int control)
{
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);

  /* The socket moves out of the way of the numbers that are set here, and then to its place. */
  control = fcntl(control, F_DUPFD_CLOEXEC, CONTROL + 1);
  if (null < 0 || control < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
      dup3(control, CONTROL, O_CLOEXEC) < 0)
    _exit(1);
  close_others();
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGALRM, SIG_IGN);
  setsid();
  if (chdir("/"))
    _exit(1);
}

static void guard(const guardian_plan_t *plan)
{
  server_t server = {plan, 0};
  guardian_order_t order;

  while (recv(CONTROL, &order, sizeof order, 0) == (ssize_t)sizeof order) {
    answer_t answer;

    answer.status = obey(&server, order);
    answer.server = server.pid;
    if (send(CONTROL, &answer, sizeof answer, MSG_NOSIGNAL) < 0)
      break;
  }
  if (server.pid && !server_ended(&server))
    kill_server(&server);
  files_remove_tree(plan->directory);
  _exit(0);
}

int guardian_start(const guardian_plan_t *plan, guardian_t *ret_guardian)
{
  int pair[2];
  pid_t pid;

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
    return -errno;
  pid = fork();
  if (!pid) {
    become_guardian(pair[1]);
    guard(plan);
  }
  close(pair[1]);
  if (pid < 0) {
    close(pair[0]);
    return -EAGAIN;
  }
  ret_guardian->control = pair[0];
  ret_guardian->pid = pid;
  return 0;
}

int guardian_order(guardian_t *guardian, guardian_order_t order, pid_t *ret_server)
{
  answer_t answer;
  ssize_t got;

  if (send(guardian->control, &order, sizeof order, MSG_NOSIGNAL) < 0)
    return -EPIPE;
  do
    got = recv(guardian->control, &answer, sizeof answer, 0);
  while (got < 0 && errno == EINTR);
  if (got != (ssize_t)sizeof answer)
    return -EPIPE;
  if (ret_server && !answer.status)
    *ret_server = answer.server;
  return answer.status;
}

void guardian_stop(guardian_t *guardian)
{
  char byte;

  /* Shut down, not only closed: processes forked meanwhile may have copies. The guardian's end of the
   * socket closes when it exits. */
  shutdown(guardian->control, SHUT_WR);
  while (recv(guardian->control, &byte, 1, 0) < 0 && errno == EINTR)
    continue;
  close(guardian->control);
  while (waitpid(guardian->pid, NULL, 0) < 0 &&
         errno == EINTR) /* another process's child: ECHILD */
    continue;
}
