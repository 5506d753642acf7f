/*
 * Routes: the lines mail, sms and voice of a realm; private to this folder.
 */

#ifndef MFA_SEND_ROUTE_H
#define MFA_SEND_ROUTE_H

#include "mfa_send.h"

#pragma GCC visibility push(hidden)


MFA_OPTION_SETTER(mfa_send_set_mail);
MFA_OPTION_SETTER(mfa_send_set_sms);
MFA_OPTION_SETTER(mfa_send_set_voice);

/* the routes of a channel, the first choice first; NULL and 0: none */
const mfa_route_t *mfa_send_routes(const mfa_send_settings_t *settings,
    mfa_str_t channel, size_t *count);

/* text that may stand in a header, a page and a mail */
bool mfa_send_is_name(mfa_str_t s);

#pragma GCC visibility pop

#endif /* MFA_SEND_ROUTE_H */
