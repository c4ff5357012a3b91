/*
 * A port is taken by a lock on the byte of its number in a file of the cache directory, and only
 * then probed by binding it. So a port whose server is down for a moment stays its owner's, which
 * restarts need. Programs that know nothing of the file are noticed by the probe; the little race
 * that is left with them is for the caller to retry.
 */
#include "support/ports.h"

#include "support/files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_PORT = 10000, LAST_PORT = 65535, ENOUGH_PORTS = 1000, ATTEMPTS = 200 };

/* One past the last port to choose from. */
static unsigned end_of_range(void)
{
  unsigned first_outgoing = 32768;
  FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

  if (file) {
    if (fscanf(file, "%u", &first_outgoing) != 1)
      first_outgoing = 32768;
    fclose(file);
  }
  return first_outgoing < FIRST_PORT + ENOUGH_PORTS ? LAST_PORT + 1 : first_outgoing;
}

static int bind_number(unsigned number)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1;
  int error;

  if (fd < 0)
    return -errno;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) &&
      !bind(fd, (struct sockaddr *)&address, sizeof address))
    return fd;
  error = -errno;
  close(fd);
  return error;
}

/* Two sockets with SO_REUSEADDR may be bound to one port as long as neither listens. */
static int is_free(unsigned number)
{
  int fd = bind_number(number);
  int free;

  if (fd < 0)
    return 0;
  free = !listen(fd, 1);
  close(fd);
  return free;
}

int port_take(port_t *ret_port)
{
  char cache[FILES_PATH_SIZE];
  char path[FILES_PATH_SIZE + 16];
  unsigned end = end_of_range();
  int lock;
  int status = files_cache_directory(cache);

  if (status)
    return status;
  snprintf(path, sizeof path, "%s/ports", cache);
  lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0)
    return -errno;
  for (int i = 0; i < ATTEMPTS; i++) {
    struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    unsigned number;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
      continue;
    number = FIRST_PORT + number % (end - FIRST_PORT);
    byte.l_start = (off_t)number;
    if (fcntl(lock, F_OFD_SETLK, &byte))
      continue;
    if (is_free(number)) {
      ret_port->number = number;
      ret_port->lock = lock;
      return 0;
    }
    byte.l_type = F_UNLCK;
    fcntl(lock, F_OFD_SETLK, &byte);
  }
  close(lock);
  return -EADDRINUSE;
}

void port_release(port_t *port)
{
  if (port->number)
    close(port->lock);
  memset(port, 0, sizeof *port);
}

int port_bind_again(const port_t *port)
{
  return bind_number(port->number);
}

int port_bind(port_t *ret_port)
{
  port_t port;
  int status = port_take(&port);

  if (status)
    return status;
  status = port_bind_again(&port);
  if (status < 0)
    port_release(&port);
  else
    *ret_port = port;
  return status;
}
