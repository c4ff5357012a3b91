/*
 * The thread has its sockets to itself from start to stop; only the record is shared.
 */
#include "support/server_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int server_thread_open(server_thread_t *thread)
{
  thread->wake[0] = thread->wake[1] = -1;
  pthread_mutex_init(&thread->mutex, NULL);
  thread->listener = port_bind(&thread->port);
  return thread->listener < 0 ? thread->listener : 0;
}

int server_thread_start(server_thread_t *thread, void *(*serve)(void *), void *data)
{
  int error;

  if (pipe2(thread->wake, O_CLOEXEC))
    return -errno;
  error = -pthread_create(&thread->thread, NULL, serve, data);
  thread->threaded = !error;
  return error;
}

unsigned server_thread_count(server_thread_t *thread)
{
  unsigned before;

  pthread_mutex_lock(&thread->mutex);
  before = thread->accepted++;
  pthread_mutex_unlock(&thread->mutex);
  return before;
}

void server_thread_note(server_thread_t *thread, const void *bytes, size_t size)
{
  pthread_mutex_lock(&thread->mutex);
  if (size > SERVER_SEEN - thread->seen_size)
    size = SERVER_SEEN - thread->seen_size;
  memcpy(thread->seen + thread->seen_size, bytes, size);
  thread->seen_size += size;
  pthread_mutex_unlock(&thread->mutex);
}

unsigned server_thread_accepted(server_thread_t *thread)
{
  unsigned accepted;

  pthread_mutex_lock(&thread->mutex);
  accepted = thread->accepted;
  pthread_mutex_unlock(&thread->mutex);
  return accepted;
}

size_t server_thread_seen(server_thread_t *thread, void *ret_bytes, size_t size)
{
  pthread_mutex_lock(&thread->mutex);
  if (size > thread->seen_size)
    size = thread->seen_size;
  memcpy(ret_bytes, thread->seen, size);
  pthread_mutex_unlock(&thread->mutex);
  return size;
}

void server_thread_stop(server_thread_t *thread)
{
  if (!thread->threaded)
    return;
  close(thread->wake[1]); /* the thread sees the hang-up */
  thread->wake[1] = -1;
  pthread_join(thread->thread, NULL);
  thread->threaded = false;
}

void server_thread_free(server_thread_t *thread)
{
  for (int i = 0; i < 2; i++)
    if (thread->wake[i] >= 0)
      close(thread->wake[i]);
  if (thread->listener >= 0)
    close(thread->listener);
  port_release(&thread->port);
  pthread_mutex_destroy(&thread->mutex);
}
