/* SPDX-License-Identifier: MIT */
/*
 * vm.h - what of a group's memory is a virtual machine's
 *
 * The kernel counts QEMU and its guest as one. QEMU maps the guest's memory in one piece, its largest mapping
 * without code. So the result is a guess, and is shown as one.
 */
#ifndef RATION_HELPERS_TOP_VM_H
#define RATION_HELPERS_TOP_VM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Among so many processes of a group it is looked for. */
#define VM_AMONG 256

struct vm {
	pid_t pid;               /* 0: no QEMU was found */
	uint64_t guest_bytes;    /* what it maps for the guest */
	uint64_t resident_bytes; /* what of that is in memory */
	uint64_t own_bytes;      /* what else of QEMU is */
};

/*
 * Looks for QEMU among these processes, and at its memory. 0: there is none, or it doesn't tell. A process can
 * have its memory's list locked for as long as it likes: -ETIMEDOUT, and this one isn't to be asked again.
 */
int vm_look(int proc_fd, const int *pids, size_t n, struct vm *ret);

#endif
