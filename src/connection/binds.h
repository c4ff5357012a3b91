/*
 * Parameters as libmariadb wants them.
 */
#ifndef AURORA_CONNECTION_BINDS_H
#define AURORA_CONNECTION_BINDS_H

#include "connection/connection.h"

/* Points connection->binds at the parameters, which must stay where they are until the statement was
 * sent. 0 or UV_ENOMEM. */
int aurora__binds_set(aurora_connection_t *connection, aurora_params_t params);

void aurora__binds_free(aurora_connection_t *connection);

#endif
