/* identifiers.c - Python names for what a model calls its operators and operands. */
#include <string.h>

#include "common/base/text.h"
#include "printer.h"

static const char *const keywords[] = {
    "False",    "None",  "True",   "and",    "as",   "assert", "async", "await",    "break", "class",
    "continue", "def",   "del",    "elif",   "else", "except", "exec",  "finally",  "for",   "from",
    "global",   "if",    "import", "in",     "is",   "lambda", "match", "nonlocal", "not",   "or",
    "pass",     "print", "raise",  "return", "try",  "while",  "with",  "yield",
};

/* What nn.Module and Model define: a member of that name would hide it, or be hidden. */
static const char *const members_taken[] = {
    "add_module",
    "apply",
    "bfloat16",
    "buffers",
    "call_super_init",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "dump_patches",
    "eval",
    "extra_repr",
    "float",
    "forward",
    "get_buffer",
    "get_extra_state",
    "get_parameter",
    "get_submodule",
    "half",
    "ipu",
    "load_pnnx_bin_as_parameter",
    "load_pnnx_bin_as_tensor",
    "load_state_dict",
    "modules",
    "mtia",
    "named_buffers",
    "named_children",
    "named_modules",
    "named_parameters",
    "parameters",
    "register_backward_hook",
    "register_buffer",
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook",
    "register_module",
    "register_parameter",
    "register_state_dict_post_hook",
    "register_state_dict_pre_hook",
    "requires_grad_",
    "set_extra_state",
    "set_submodule",
    "share_memory",
    "state_dict",
    "to",
    "to_empty",
    "train",
    "training",
    "type",
    "xpu",
    "zero_grad",
};

static bool among(const char *s, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(s, list[i]) == 0)
            return true;
    return false;
}

#define AMONG(s, list) among(s, list, sizeof(list) / sizeof *(list))

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_identifier(const char *s)
{
    if (!*s || is_digit(*s))
        return false;
    for (const char *c = s; *c; c++)
        if (!is_word(*c))
            return false;
    return !AMONG(s, keywords);
}

bool is_dotted(const char *s)
{
    char part[256];
    for (;;) {
        size_t length = strcspn(s, ".");
        if (length >= sizeof part)
            return false;
        memcpy(part, s, length);
        part[length] = '\0';
        if (!is_identifier(part))
            return false;
        if (!s[length])
            return true;
        s += length + 1;
    }
}

/* The name with every character that Python forbids turned into '_'; one for each byte of it. */
static char *cleaned(struct arena *arena, const char *prefix, const char *name, const char *suffix)
{
    char *text = arena_printf(arena, "%s%s%s", prefix, name, suffix);
    for (char *c = text; *c; c++)
        if (!is_word(*c))
            *c = '_';
    return text;
}

/* What an operator is called behind "self.".  A name that Python or nn.Module would misunderstand gets an underscore:
 * before a digit, behind a word that is taken; names with a leading underscore are nn.Module's own. */
static const char *member_wish(struct arena *arena, const struct operator *op)
{
    const char *suffix = operator_is(op, "pnnx.Attribute") ? "_data" : "";
    const char *text = cleaned(arena, "", op->name, suffix);
    if (is_digit(*text))
        return arena_printf(arena, "_%s", text);
    if (!*text || *text == '_')
        return arena_printf(arena, "m%s", text);
    if (AMONG(text, keywords) || AMONG(text, members_taken))
        return arena_printf(arena, "%s_", text);
    return text;
}

/* Gives out `wish` to its first owner, and wish_1, wish_2 ... that nobody else wished for to later ones. */
static const char *settle(struct strings *wished, struct strings *given, struct arena *arena,
                          const char *wish)
{
    const char *name = wish;
    for (unsigned long n = 1; intern_find(given, name) || (name != wish && intern_find(wished, name)); n++)
        name = arena_printf(arena, "%s_%lu", wish, n);
    return intern(given, name);
}

/* ---- members ---- */

/* Whether the last part of the name begins as classes do. */
static bool is_capital(const char *type)
{
    const char *dot = strrchr(type, '.'), *last = dot ? dot + 1 : type;
    return *last >= 'A' && *last <= 'Z';
}

/* Classes of the libraries by their full names (torch.nn.modules.conv.Conv2d) are kept ones, too; what PNNX has itself
 * is nn.Conv2d or torchvision.ops.RoIAlign.  A class of no package is one of the user's script. */
bool is_user_class(const struct operator *op)
{
    static const char *const ours[] = { "nn.", "F.", "Tensor.", "pnnx." };
    static const char *const libraries[] = { "torch.", "torchvision.", "torchaudio." };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (starts_with(op->type, ours[i]))
            return false;
    if (!is_dotted(op->type))
        return false;
    bool known = signature_find(op->graph->signatures, op->type);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (starts_with(op->type, libraries[i]))
            return !known && is_capital(op->type);
    return strchr(op->type, '.') || (!known && is_capital(op->type));
}

bool is_module(const struct operator *op)
{
    return starts_with(op->type, "nn.") || is_user_class(op) ||
           (starts_with(op->type, "torchvision.ops.") && strpbrk(op->type, "DRPSMF") &&
            op->type[strlen("torchvision.ops.")] < 'a');
}

static bool has_member(const struct operator *op)
{
    return is_module(op) || operator_is(op, "pnnx.Attribute");
}

/* Two walks, so that no made name meets a wished one. */
static void name_all(struct printer *p, bool members, struct strings *wished, struct strings *given)
{
    struct arena *arena = &p->graph->arena;
    for (int round = 0; round < 2; round++) {
        for (struct operator *op = p->graph->first; op; op = op->next) {
            if (members && has_member(op)) {
                const char *wish = member_wish(arena, op);
                if (round == 0)
                    intern(wished, wish);
                else
                    map_put(&p->modules, op, arena_printf(arena, "%s", settle(wished, given, arena, wish)));
            }
            for (size_t i = 0; !members && i < op->output_count; i++) {
                const char *wish = cleaned(arena, "v_", op->outputs[i]->name, "");
                if (round == 0)
                    intern(wished, wish);
                else
                    map_put(&p->variables, op->outputs[i],
                            arena_printf(arena, "%s", settle(wished, given, arena, wish)));
            }
        }
    }
}

void identifiers_choose(struct printer *p)
{
    for (int members = 0; members < 2; members++) {
        struct strings *wished = strings_new(), *given = strings_new();
        name_all(p, members, wished, given);
        strings_free(wished);
        strings_free(given);
    }
}

const char *variable(const struct printer *p, const struct operand *x)
{
    return map_get(&p->variables, x);
}

const char *member(const struct printer *p, const struct operator *op)
{
    return map_get(&p->modules, op);
}
