/*
 * Alarms: deadlines with a function to call. A pool keeps one set of them and one uv timer.
 */
#ifndef AURORA_BASE_ALARM_H
#define AURORA_BASE_ALARM_H

#include "base/deadline.h"
#include "base/list.h"

typedef struct aurora__alarm aurora__alarm_t;

struct aurora__alarm {
  aurora__deadline_t deadline;
  void (*ring)(aurora__alarm_t *alarm);
};

static inline void aurora__alarm_init(aurora__alarm_t *alarm, void (*ring)(aurora__alarm_t *alarm))
{
  aurora__deadline_init(&alarm->deadline);
  alarm->ring = ring;
}

#endif
