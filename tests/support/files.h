/*
 * Files and directories as tests need them: the cache directory, whole trees copied and removed.
 */
#ifndef TESTS_SUPPORT_FILES_H
#define TESTS_SUPPORT_FILES_H

#include <stddef.h>

enum { FILES_PATH_SIZE = 256 };

/* All give 0 or a negative errno value. */

/* Where test programs share what is slow to make: $AURORA_TEST_CACHE, else "aurora-test" in
 * $XDG_RUNTIME_DIR, else /tmp/aurora-test-<uid>. Made if missing; it must be the user's own. */
int files_cache_directory(char ret_path[FILES_PATH_SIZE]);

int files_write(const char *path, const void *data, size_t size);

/* Copies a directory to a place that does not exist yet. Blocks of zeros become holes. */
int files_copy_tree(const char *from, const char *to);

/* Removes a directory with all it holds; what is gone already is no error. */
int files_remove_tree(const char *path);

#endif
