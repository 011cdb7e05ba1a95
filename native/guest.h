/* What the two files of the machine's first process share. */
#ifndef GUEST_H
#define GUEST_H

#include "system.h"

void say(const char *words, const char *object);
void turn_off(void) __attribute__((noreturn));
void *memcpy(void *to, const void *from, word size);

/* guest-boot.c */
void make_system(int is_virtual);

#endif
