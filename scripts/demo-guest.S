/* SPDX-License-Identifier: MIT */
/*
 * demo-guest.S - the smallest guest: says hello on its serial port, powers off
 *
 * A multiboot image for `qemu-system-x86_64 -kernel`. With `-append fill` it
 * writes to every page of its memory first: a guest that uses all it was given.
 * With `stay` it stays, asleep.
 */
	.set FLAGS, 0x00010002		/* tell us the memory; the addresses are here */
	.set MAGIC, 0x1BADB002

	.code32
	.text
	.globl _start
header:
	.long MAGIC, FLAGS, -(MAGIC + FLAGS)
	.long header, header, end, bss_end, _start

/* %ebx: the multiboot information. */
_start:
	mov $stack, %esp
	mov $hello, %esi
	call print
	testb $4, (%ebx)		/* is there a command line? */
	jz off
	mov $0x6c6c6966, %edx		/* "fill" */
	call find
	jne rest

	mov $filling, %esi
	call print
	mov 8(%ebx), %ecx		/* KiB above 1 MiB */
	shr $2, %ecx
	sub $512, %ecx			/* but not what lies in our way, nor the top */
	mov $0x200000, %edi
fill:	movb $1, (%edi)
	add $4096, %edi
	loop fill
	mov $filled, %esi
	call print

rest:	mov $0x79617473, %edx		/* "stay" */
	call find
	jne off
	mov $staying, %esi
	call print
	jmp halt

off:	mov $bye, %esi
	call print
	mov $0x604, %dx			/* the PM1a control register, where SeaBIOS puts it */
	mov $0x2000, %ax		/* sleep, state 5: off */
	out %ax, %dx
halt:	hlt
	jmp halt

/* Are the four letters %edx in the command line? */
find:	mov 16(%ebx), %esi
look:	mov (%esi), %eax
	test %al, %al
	jz no
	inc %esi
	cmp %edx, %eax
	jne look
	ret
no:	or $1, %al			/* not equal */
	ret

/* Prints the text at %esi. */
print:
	mov $0x3f8, %dx
next:	lodsb
	test %al, %al
	jz done
	out %al, %dx
	jmp next
done:	ret

hello:	.asciz "guest: hello\n"
filling:.asciz "guest: writing to all of my memory\n"
filled:	.asciz "guest: done\n"
staying:.asciz "guest: staying\n"
bye:	.asciz "guest: switching off\n"
	.balign 16
end:
	.set stack, header + 0x10000
	.set bss_end, stack
