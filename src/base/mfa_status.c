/*
 * The texts of statuses, and of the errors an operator gets.
 *
 * Must never be shown to a visitor: pages have words of their own.
 */

#include "mfa_base.h"

#include <stdarg.h>


typedef enum {
    STATUS_ANSWER = 0,
    STATUS_FAULT
} status_class_t;


typedef struct {
    const char      *text;
    status_class_t   class;
} status_row_t;


static const status_row_t  status_rows[MFA_STATUS_COUNT] = {
#define STATUS_ROW(name, class, text)  { text, STATUS_##class },
    MFA_STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
};


const char *
mfa_status_text(mfa_status_t st)
{
    if ((unsigned) st >= MFA_STATUS_COUNT) {
        return "unknown status";
    }

    return status_rows[st].text;
}


bool
mfa_status_is_fault(mfa_status_t st)
{
    if ((unsigned) st >= MFA_STATUS_COUNT) {
        return true;
    }

    return status_rows[st].class == STATUS_FAULT;
}


void
mfa_error_set(mfa_error_t *error, const char *fmt, ...)
{
    int      n;
    va_list  args;

    if (error == NULL) {
        return;
    }

    va_start(args, fmt);
    n = vsnprintf(error->text, sizeof(error->text), fmt, args);
    va_end(args);

    if (n < 0) {
        error->text[0] = '\0';
    }
}
