/* What every program here begins with, in place of a C library: start(stack), and what the compiler may ask for. */
#ifndef ENTRY_H
#define ENTRY_H

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#else
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl start\n");
#endif

void *memcpy(void *to, const void *from, word size)
{
	for (word i = 0; i < size; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memset(void *to, int byte, word size)
{
	for (word i = 0; i < size; i++)
		((char *)to)[i] = byte;
	return to;
}

#endif
