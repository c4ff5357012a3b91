/*
 * Whether a value can be a parameter.
 */
#ifndef AURORA_RESULT_PARAMETER_H
#define AURORA_RESULT_PARAMETER_H

#include <aurora/value.h>

/* NULL: it can. Else what is wrong with it, a static text without anything of the value. Both servers would take most of it
 * for something else, MariaDB in silence. */
const char *aurora__parameter_fault(const aurora_value_t *value);

#endif
