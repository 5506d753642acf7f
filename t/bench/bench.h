/*
 * What the programs of the figures have in common: the people in the store.
 */

#ifndef BENCH_H
#define BENCH_H

#include "../../src/mfa.h"


#define BENCH_USER      "user%zu@example.org"
#define BENCH_PASSWORD  "correct horse 4711 staple"
#define BENCH_SECRET    "12345678901234567890"      /* of RFC 6238 */

#endif /* BENCH_H */
