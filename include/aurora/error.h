/*
 * Errors: what a call returns, and what a callback is told.
 */
#ifndef AURORA_ERROR_H
#define AURORA_ERROR_H

#if defined(AURORA_STATIC)
#define AURORA_API
#else
#define AURORA_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * XX(name, number, text). The range -20000 and below is aurora's own: libuv's codes are negated
 * errno values and -3000 to -4095. The numbers are part of the ABI.
 */
#define AURORA_ERRNO_MAP(XX)                                                                       \
  XX(ECONFIG, -20001, "the configuration is not valid")                                            \
  XX(ECONNECT, -20002, "the connection could not be made")                                         \
  XX(EACCESS, -20003, "the server refused the user, the password or the database")                 \
  XX(ETLS, -20004, "the TLS session could not be made or trusted")                                 \
  XX(ESERVER, -20005, "the server answered with an error")                                         \
  XX(ELOST, -20006, "the connection to the server was lost")                                       \
  XX(EPROTOCOL, -20007, "the server's answer does not follow the protocol")                        \
  XX(ETYPE, -20008, "the value has another type or does not fit")                                  \
  XX(ENOTFOUND, -20009, "there is no such row or column")                                          \
  XX(ETOOBIG, -20010, "the result is larger than max_result_size")                                 \
  XX(EPARAMS, -20011, "the parameters do not fit the statement")                                   \
  XX(EQUEUEFULL, -20012, "the queue of the pool is full")                                          \
  XX(ECLOSED, -20013, "the pool is closed")                                                        \
  XX(EBUSY, -20014, "the connection is busy")                                                      \
  XX(EDEADLOCK, -20015, "the server has rolled the transaction back: a deadlock, or the like")     \
  XX(ELOCKTIMEOUT, -20016, "a lock was not had in time: the server has undone the statement")      \
  XX(ENOTRANSACTION, -20017, "the transaction has ended on the server")

enum {
#define AURORA__ERRNO_GEN(name, number, text) AURORA_##name = (number),
  AURORA_ERRNO_MAP(AURORA__ERRNO_GEN)
#undef AURORA__ERRNO_GEN
      AURORA__ERRNO_END = -20018
};

/* The name of a code, such as "AURORA_ETYPE" or "ETIMEDOUT". A static string, never NULL. UV_E*
 * codes pass through to libuv; a number that is no code gives "UNKNOWN". */
AURORA_API const char *aurora_err_name(int code);

/* A short English text for a code. A static string, never NULL. */
AURORA_API const char *aurora_strerror(int code);

/* How far a failed request came: what decides whether it may be sent again. */
typedef enum {
  AURORA_NOT_SENT, /* it never left the client */
  AURORA_REFUSED,  /* the server answered with an error */
  AURORA_UNKNOWN   /* sent, and no answer came: it may have been executed */
} aurora_outcome_t;

/* What went wrong. A procedure or trigger may SIGNAL any number: with a SQLSTATE of its own, such as '45000', it is
 * AURORA_ESERVER whatever the number means from the server; with the server's own number and SQLSTATE (1213 and
 * '40001') it counts as the server's error. Passed to callbacks as a borrowed pointer that is valid until the callback
 * returns; a copy by value stays valid. It never holds a password, and a parameter's value only where
 * the server quotes one in its message (AURORA_ESERVER). */
typedef struct {
  int code;                 /* AURORA_E* or UV_E*, always negative */
  unsigned server_errno;    /* the server's error number, 0 when it is not the server's error */
  char sqlstate[6];         /* the server's SQLSTATE, "" when it is not the server's error */
  aurora_outcome_t outcome; /* how far the request came */
  char message[512];        /* for people; cut, never unterminated */
} aurora_error_t;

#ifdef __cplusplus
}
#endif
#endif
