/*
 * Saying on stderr what is being done: one line that is written over on a terminal, plain lines
 * elsewhere.
 */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

/* What begins now. */
void progress_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How far it is; shown on a terminal only. */
void progress_round(unsigned done, unsigned all);
/* Everything is done: the line goes away. */
void progress_end(void);

#endif
