/*
 * What the senders that use libcurl share; private to them.
 */

#ifndef MFA_SEND_CURL_H
#define MFA_SEND_CURL_H

#include "mfa_send.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)


/* sets the library up, once; MFA_UNAVAILABLE is logged */
mfa_status_t mfa_curl_ready(const mfa_ports_t *ports) MFA_MUST_CHECK;

/*
 * TLS 1.2 or newer, certificate and name verified. ca: PEM, which must live
 * as long as the handle; NULL: the authorities of the system.
 */
CURLcode mfa_curl_trust(CURL *curl, char *ca);

/* there is no TLS that could be trusted with the other side */
bool mfa_curl_is_tls_fault(CURLcode rc);

#pragma GCC visibility pop

#endif /* MFA_SEND_CURL_H */
