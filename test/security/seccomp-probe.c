/* seccomp-probe [FILTER FLAGS]: for each line "ABI NUMBER A0 A1 A2" of stdin, installs the filter in a new process,
 * makes that call, and prints "= RESULT" or "killed SIGNAL". ABI: 64 is syscall, 32 is int 0x80. x86-64 only. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long call64(long number, long a0, long a1, long a2)
{
	long result;
	register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0, r9 __asm__("r9") = 0;
	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(number), "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static long call32(long number, long a0, long a1, long a2)
{
	int result;
	__asm__ volatile("int $0x80" : "=a"(result)
			 : "a"((int)number), "b"((int)a0), "c"((int)a1), "d"((int)a2), "S"(0), "D"(0)
			 : "r8", "r9", "r10", "r11", "memory");
	return result;
}

int main(int argc, char **argv)
{
	static struct sock_filter filter[BPF_MAXINSNS];
	FILE *file = argc == 3 ? fopen(argv[1], "r") : NULL;
	if (argc == 3 && !file)
		return 2;
	struct sock_fprog program = {.filter = filter};
	if (file)
		program.len = fread(filter, sizeof *filter, BPF_MAXINSNS, file);
	/* The filter may forbid every way to report: shared memory needs no call. */
	volatile long *result = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rlimit no_core = {0, 0};
	setrlimit(RLIMIT_CORE, &no_core);
	int abi;
	unsigned long number, a0, a1, a2;
	while (scanf("%d %li %li %li %li", &abi, &number, &a0, &a1, &a2) == 5) {
		fflush(stdout);
		result[1] = 0;
		pid_t child = fork();
		if (child == 0) {
			if (file)
				prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			if (file && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, strtoul(argv[2], NULL, 0), &program) < 0)
				_exit(3);
			*result = abi == 32 ? call32(number, a0, a1, a2) : call64(number, a0, a1, a2);
			result[1] = 1;
			__builtin_trap();
		}
		int status;
		waitpid(child, &status, 0);
		if (WIFEXITED(status))
			return 3;
		if (result[1])
			printf("= %ld\n", *result);
		else
			printf("killed %d\n", WTERMSIG(status));
	}
	return 0;
}
