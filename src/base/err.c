#include "rhumb/err.h"

const char *err_text(enum err code)
{
    switch (code) {
#define ERR_CASE(name, text)                                                                   \
    case name: return text;
        ERR_LIST(ERR_CASE)
#undef ERR_CASE
    }
    return "unknown error";
}
