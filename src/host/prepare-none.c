/* SPDX-License-Identifier: MIT */
/*
 * prepare-none.c - what has to be done before BASE can be used, where there is none
 */
#include "host/prepare.h"

#include "util/error.h"

/* There is never a BASE, so nothing can be done. */
int ration_host_prepare(struct ration_host *host, enum ration_purpose purpose, struct ration_error *reterr)
{
	int r = error_check_null("host", host, reterr);

	return r < 0 ? r : error_check_enum("purpose", (int)purpose, RATION_PURPOSE_PROCESS, reterr);
}

int host_need(const struct ration_host *host, enum ration_purpose purpose, const struct host_snapshot **ret_host,
		struct ration_error *reterr)
{
	(void)purpose;
	(void)reterr;
	*ret_host = host_now(host);
	return 0;
}
