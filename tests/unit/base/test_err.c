#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/err.h"

static void every_code_has_a_text_of_its_own(void **state)
{
    (void)state;

    static const enum err codes[] = {

#define ERR_CODE(code, text) code,
        ERR_LIST(ERR_CODE)
#undef ERR_CODE
    };

    enum { COUNT = sizeof(codes) / sizeof(codes[0]) };

    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(codes[i], i);
        assert_true(err_text(codes[i])[0] != '\0');
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(err_text(codes[i]), err_text(codes[k]));
    }
    assert_int_equal(ERR_OK, 0); /* `if (err)` would be right */
    assert_string_equal(err_text((enum err)COUNT), "unknown error");
    assert_string_equal(err_text(ERR_NO_MEMORY), "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
