/*
 * The series as text for Prometheus, format 0.0.4.
 *
 * Contract: mfa_model_metric.h. What the format wants: the series of a
 * family in one piece behind HELP and TYPE, base units, "_total" for what
 * only grows.
 */

#include <inttypes.h>

#include "mfa_record.h"


#define METRIC_PREFIX  "nginx_mfa_"

typedef enum {
#define MFA_METRIC_FAMILY(id, type, unit, name, help)  FAMILY_##id,
#include "mfa_metric.def"
    FAMILY_COUNT
} family_t;

typedef struct {
    const char  *type;
    int64_t      unit;
    const char  *name;
    const char  *help;
} family_row_t;

typedef struct {
    family_t     family;
    const char  *labels;
} series_t;

static const family_row_t  families[FAMILY_COUNT] = {
#define MFA_METRIC_FAMILY(id, type, unit, name, help)                         \
    { type, unit, name, help },
#include "mfa_metric.def"
};

static const series_t  series[MFA_METRIC_COUNT] = {
#define MFA_METRIC(id, family, labels, event, result, reason, factor)         \
    { FAMILY_##family, labels },
#include "mfa_metric.def"
};


bool
mfa_metric_is_gauge(mfa_metric_t metric)
{
    return strcmp(families[series[metric].family].type, "gauge") == 0;
}


void
mfa_metric_label(mfa_buf_t *buf, mfa_str_t value)
{
    size_t  i;

    for (i = 0; i < value.len; i++) {
        switch (value.data[i]) {
        case '\n':
            mfa_buf_puts(buf, "\\n");
            break;
        case '\\':
        case '"':
            mfa_buf_putc(buf, '\\');
            mfa_buf_putc(buf, value.data[i]);
            break;
        default:
            mfa_buf_putc(buf, value.data[i]);
        }
    }
}


/* the parts of a histogram have names of their own; sum is the only one with
 * a unit */

static void
series_print(mfa_buf_t *buf, const series_t *one, mfa_str_t realm,
    int64_t value)
{
    int64_t              unit;
    const char          *suffix, *labels;
    const family_row_t  *family;

    family = &families[one->family];
    labels = one->labels;
    unit = family->unit;
    suffix = "";

    if (strcmp(family->type, "histogram") == 0) {
        unit = (strcmp(labels, "sum") == 0) ? family->unit : 0;
        suffix = labels[0] == 'l' ? "_bucket"
                 : labels[0] == 's' ? "_sum" : "_count";
        labels = labels[0] == 'l' ? labels : "";
    }

    mfa_buf_printf(buf, METRIC_PREFIX "%s%s{realm=\"", family->name, suffix);
    mfa_metric_label(buf, realm);
    mfa_buf_printf(buf, "\"%s%s} ", labels[0] != '\0' ? "," : "", labels);

    if (unit == 0) {
        mfa_buf_printf(buf, "%" PRId64 "\n", value);

    } else {
        mfa_buf_printf(buf, "%" PRId64 ".%0*" PRId64 "\n", value / unit,
                       unit == 1000 ? 3 : 6, value % unit);
    }
}


void
mfa_metrics_print(mfa_buf_t *buf, const mfa_metric_realm_t *realms,
    size_t count)
{
    size_t  i, k, family;

    for (i = 0; count > 0 && i < MFA_METRIC_COUNT; /* void */ ) {
        family = series[i].family;

        mfa_buf_printf(buf, "# HELP " METRIC_PREFIX "%s %s\n"
                       "# TYPE " METRIC_PREFIX "%s %s\n",
                       families[family].name, families[family].help,
                       families[family].name, families[family].type);

        for ( /* void */ ; i < MFA_METRIC_COUNT
                           && series[i].family == family; i++)
        {
            for (k = 0; k < count; k++) {
                if (realms[k].values[i] != MFA_METRIC_UNKNOWN) {
                    series_print(buf, &series[i], realms[k].name,
                                 realms[k].values[i]);
                }
            }
        }
    }
}
