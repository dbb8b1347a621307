/* element - checks the conversions of common/graph/element.h against each other: all halves, and floats of every exponent. */
#include <stdio.h>
#include <string.h>

#include "common/graph/element.h"

static float float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* Every half but NaNs comes back; between two neighbours the nearer one wins, and the even one in the middle. */
static unsigned check_halves(void)
{
    unsigned wrong = 0;
    for (uint32_t h = 0; h < 0x7c00; h++) {
        float low = half_to_float((uint16_t)h),
              high = h == 0x7bff ? 65536.0f : half_to_float((uint16_t)(h + 1));
        float middle = (float)(((double)low + high) / 2);
        wrong += half_from_float(low) != h || half_from_float(-low) != (h | 0x8000);
        wrong += half_from_float(middle) != (h & 1 ? h + 1 : h);
    }
    return wrong;
}

/* The fast conversion gives what the plain one gives. */
static unsigned check_many(void)
{
    unsigned wrong = 0;
    for (uint64_t bits = 0; bits < 0x100000000; bits += 4099) {
        float f = float_of((uint32_t)bits);
        uint16_t half;
        halves_from_floats(&half, &f, 1);
        wrong += half != half_from_float(f);
    }
    return wrong;
}

int main(void)
{
    unsigned halves = check_halves(), many = check_many();
    printf("halves: %u wrong, fast conversion: %u wrong\n", halves, many);
    return halves || many;
}
