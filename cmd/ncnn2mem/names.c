/* names.c - identifiers of C and C++ from names of files, layers and blobs. */
#include <string.h>

#include "cmd/ncnn2mem/names.h"
#include "common/base/arena.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *name_sanitised(struct arena *arena, const char *name)
{
    char *text = arena_text(arena, name, strlen(name));
    for (char *c = text; *c; c++)
        if (!is_letter(*c) && !is_digit(*c))
            *c = '_';
    return text;
}

/* Words that are no identifiers in C or in C++, and short enough to be names of files. */
static bool is_keyword(const char *word)
{
    static const char *const keywords[] = {
        "alignas", "alignof",   "and",       "and_eq",    "asm",      "auto",     "bitand",   "bitor",
        "bool",    "break",     "case",      "catch",     "char",     "class",    "compl",    "concept",
        "const",   "consteval", "constexpr", "constinit", "continue", "decltype", "default",  "delete",
        "do",      "double",    "else",      "enum",      "explicit", "export",   "extern",   "false",
        "float",   "for",       "friend",    "goto",      "if",       "inline",   "int",      "long",
        "mutable", "namespace", "new",       "noexcept",  "not",      "not_eq",   "nullptr",  "operator",
        "or",      "or_eq",     "private",   "protected", "public",   "register", "requires", "restrict",
        "return",  "short",     "signed",    "sizeof",    "static",   "struct",   "switch",   "template",
        "this",    "throw",     "true",      "try",       "typedef",  "typeid",   "typename", "typeof",
        "union",   "unsigned",  "using",     "virtual",   "void",     "volatile", "while",    "xor",
        "xor_eq",
    };
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i], word) == 0)
            return true;
    return false;
}

const char *name_of_file(struct arena *arena, const char *path, const char *suffix)
{
    const char *slash = strrchr(path, '/');
    const char *name = name_sanitised(arena, slash ? slash + 1 : path);
    name = arena_printf(arena, "%s%s%s", is_digit(*name) ? "_" : "", name, suffix);
    return is_keyword(name) ? arena_printf(arena, "%s_", name) : name;
}

const char *name_unique(struct strings *taken, struct arena *arena, const char *name)
{
    const char *fresh = name;
    for (size_t i = 1; intern_find(taken, fresh); i++)
        fresh = arena_printf(arena, "%s_%zu", name, i);
    return intern(taken, fresh);
}
