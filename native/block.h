/* Sixteen bytes, compared at once: SSE2 and NEON are in every x86-64 and arm64. */
#ifndef BLOCK_H
#define BLOCK_H

#include "system.h"

#define BLOCK 16

typedef unsigned char block __attribute__((vector_size(BLOCK), aligned(1), may_alias));
typedef signed char signed_block __attribute__((vector_size(BLOCK)));

/* How many stand before the first of which it is true. */
static inline word bytes_before(block truth)
{
	typedef word halves __attribute__((vector_size(BLOCK)));
	halves both = (halves)truth;

	return both[0] ? __builtin_ctzl(both[0]) / 8 : both[1] ? 8 + __builtin_ctzl(both[1]) / 8 : BLOCK;
}

/* Up to a block more is read and written. */
static inline void copy_blocks(char *to, const char *from, word count)
{
	for (word at = 0; at < count; at += BLOCK)
		*(block *)(to + at) = *(const block *)(from + at);
}

#endif
