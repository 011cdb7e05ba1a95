/* Programs of others that a plan runs and waits for: newuidmap, hooks. */
#include "executor.h"

static long wait_for(int child, word milliseconds)
{
	struct pollfd ended = { SYSCALL(pidfd_open, child, 0), POLLIN, 0 };
	struct __kernel_timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	int status = 0, late = milliseconds && SYSCALL(ppoll, &ended, 1, &time, 0, 0) == 0;

	if (late)
		SYSCALL(kill, child, SIGKILL);
	while (SYSCALL(wait4, child, &status, 0, 0) == -EINTR)
		;
	SYSCALL(close, ended.fd);
	return late ? -ETIMEDOUT : status ? -ECANCELED : 0;
}

/* streams: standard input, and output and error in one; then it gets nothing else of ours. milliseconds 0: for ever. */
long spawn(const char *path, char **argv, char **envp, const word *streams, word milliseconds)
{
	long child = SYSCALL(clone, SIGCHLD);

	if (child == 0) {
		const char *folders[] = { "/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/" };
		word none = 0;
		char found[256]; /* the programs that are looked for are newuidmap and newgidmap */

		for (int i = 0; streams && i < 3; i++)
			SYSCALL(dup3, streams[i > 0], i, 0);
		if (streams)
			SYSCALL(close_range, 3, ~0u, 0);
		SYSCALL(rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
		if (path[0] == '/')
			SYSCALL(execve, path, argv, envp);
		for (unsigned i = 0; path[0] != '/' && i < sizeof folders / sizeof *folders; i++) {
			join(found, folders[i], path, "");
			SYSCALL(execve, found, argv, envp);
		}
		SYSCALL(exit_group, 127);
	}
	return child < 0 ? child : wait_for(child, milliseconds);
}
