/*
 * The draft is a copy of the target whose new strings are put in front of the target's own blocks.
 * Until commit the target is not written to, not even to initialise it; so nothing has to be undone.
 */
#include "config/edit.h"

#include <uv.h>

#include "base/error.h"
#include "config/config.h"
#include "config/storage.h"
#include "config/value.h"

void aurora__edit_begin(aurora__edit_t *edit, aurora_config_t *target)
{
  edit->target = target;
  if (aurora__config_initialised(target))
    edit->draft = *target;
  else
    aurora_config_init(&edit->draft);
}

int aurora__edit_set(aurora__edit_t *edit, const aurora__option_t *option, const char *text,
                     const char *name, bool shown, aurora_error_t *ret_error)
{
  const char *stored = NULL;

  if (!aurora__option_is_text(option)) {
    if (!aurora__value_read(option, text, &edit->draft))
      return aurora__value_refuse(option, name, shown ? text : NULL, ret_error);
    return 0;
  }
  if (!aurora__value_text_ok(option, text))
    return aurora__value_refuse(option, name, shown ? text : NULL, ret_error);
  if (option->kind != AURORA__OPTION_SQL || *text) {
    stored = aurora__storage_add(&edit->draft, text);
    if (!stored)
      return aurora__error_set(ret_error, UV_ENOMEM, AURORA_NOT_SENT, "out of memory");
  }
  aurora__option_set_text(option, &edit->draft, stored);
  return 0;
}

void aurora__edit_commit(aurora__edit_t *edit)
{
  aurora__storage_sweep(&edit->draft);
  *edit->target = edit->draft;
}

void aurora__edit_abort(aurora__edit_t *edit)
{
  aurora__storage_rewind(&edit->draft,
                         aurora__config_initialised(edit->target) ? edit->target->owned : NULL);
}
