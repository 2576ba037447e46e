/* SPDX-License-Identifier: MIT */
/*
 * precedence.h - priority over others where CPUs or memory are short, as far as allowed
 */
#ifndef RATION_SYS_PRECEDENCE_H
#define RATION_SYS_PRECEDENCE_H

#include <stdbool.h>

/* How this thread was scheduled. Zeroed: as it is. */
struct precedence {
	bool realtime, nice;
	int policy, old_nice;
};

/*
 * Gives this thread the highest priority that it may have. Against a bomb of 2000 that
 * keep all CPUs busy, a fair share is a thousandth of one: a look that takes 30 ms alone was
 * seen to take 30 s. A realtime priority or, without the right to it (or in a cgroup without a
 * realtime budget), the best nice value ends that race. A thread that has a realtime priority
 * keeps it.
 */
void precedence_raise(struct precedence *precedence);
void precedence_restore(struct precedence *precedence);

/*
 * Keeps the OOM killer from this process and everything that it forks from now on, if allowed. Keeps the old
 * value for the second function.
 */
struct spared {
	char before[8]; /* "": nothing was changed */
};
void precedence_spare(struct spared *spared);
void precedence_unspare(struct spared *spared);

#endif
