/* spelling.h - the names that tables of operators have: a name without a prefix stands for torch.NAME, Tensor.NAME, F.NAME,
 * aten::NAME, torch.special.NAME, prim::NAME and in-place NAME_; a full name comes before. */
#ifndef COMMON_OPERATORS_SPELLING_H
#define COMMON_OPERATORS_SPELLING_H

#include "common/base/intern.h"
#include "common/base/map.h"

/* What the map, from interned names of tables, has for an operator type; or NULL. */
void *spelling_find(const struct strings *strings, const struct map *map, const char *type);

#endif
