/*
 * The pools that aurora_pool_get has made: one a loop, until it is closed. The list is shared by all
 * loops of the process, which may live on different threads; a pool is touched on its own only.
 */
#include "base/error.h"
#include "pool/pool.h"

static uv_once_t registry_once = UV_ONCE_INIT;
static uv_mutex_t registry_lock; /* loops live on different threads */
static aurora__list_t registry;

static void init_registry(void)
{
  aurora__list_init(&registry);
  if (uv_mutex_init(&registry_lock))
    aurora__bug(__func__, "no mutex");
}

static aurora_pool_t *find_registered(const uv_loop_t *loop)
{
  aurora_pool_t *found = NULL;
  aurora__list_t *node;

  uv_mutex_lock(&registry_lock);
  for (node = registry.next; node != &registry && !found; node = node->next) {
    aurora_pool_t *pool = aurora__container_of(node, aurora_pool_t, registry_node);
    if (pool->loop == loop)
      found = pool;
  }
  uv_mutex_unlock(&registry_lock);
  return found;
}

static void add_registered(aurora_pool_t *pool)
{
  uv_mutex_lock(&registry_lock);
  aurora__list_push_back(&registry, &pool->registry_node);
  pool->registered = true;
  uv_mutex_unlock(&registry_lock);
}

void aurora__pool_unregister(aurora_pool_t *pool)
{
  if (!pool->registered)
    return;
  uv_mutex_lock(&registry_lock);
  aurora__list_remove(&pool->registry_node);
  pool->registered = false;
  uv_mutex_unlock(&registry_lock);
}

int aurora_pool_get(uv_loop_t *loop, aurora_pool_t **ret_pool, aurora_error_t *ret_error)
{
  aurora_config_t config;
  aurora_pool_t *pool;
  int code;

  if (!loop || !ret_pool)
    return aurora__error_set(ret_error, UV_EINVAL, AURORA_NOT_SENT, "%s is NULL",
                             loop ? "ret_pool" : "loop");
  uv_once(&registry_once, init_registry);
  pool = find_registered(loop);
  if (pool) {
    *ret_pool = pool;
    return 0;
  }
  aurora_config_init(&config);
  code = aurora_config_from_env(&config, ret_error);
  if (!code)
    code = aurora_pool_create(loop, &config, &pool, ret_error);
  aurora_config_clear(&config);
  if (code)
    return code;
  add_registered(pool);
  *ret_pool = pool;
  return 0;
}
