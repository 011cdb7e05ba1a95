/*
 * A program without a C library: a small static ELF that needs nothing from the machine it runs on and keeps a
 * few dozen kB of memory. System calls return -errno, as the kernel does.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/termbits.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <linux/uio.h>
#include <linux/wait.h>

typedef unsigned long word;

/* What the kernel's exported headers leave to the C library. */
#define AF_UNIX 1
#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SOCK_SEQPACKET 5
#define SEEK_END 2
#define CLD_EXITED 1
#define SI_KERNEL 0x80
#define DT_DIR 4
#define MSG_PEEK 2
#define MSG_DONTWAIT 0x40
#define MSG_NOSIGNAL 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define EXIT_RUNTIME_FAILED 125

#if defined(__x86_64__)
static inline long syscall6(long n, word a, word b, word c, word d, word e, word f)
{
	register word r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long syscall6(long n, word a, word b, word c, word d, word e, word f)
{
	register word x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
		      x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}
#else
#error "tinyctr runs on x86-64 and arm64"
#endif

#define SYSCALL_(n, a, b, c, d, e, f, ...) \
	syscall6(n, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e), (word)(f))
#define SYSCALL(name, ...) SYSCALL_(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

static inline void sleep_milliseconds(long n)
{
	struct __kernel_timespec time = { n / 1000, n % 1000 * 1000000 };
	SYSCALL(nanosleep, &time, 0);
}

#endif
