/* A program that stays beside the container and ends with its monitor: a network of user mode. */
#include "executor.h"

/* Where a companion finds the descriptor that it is to write to. */
#define READY_FD 3
#define PATIENCE_SECONDS 30

/* Its process, which whoever explains a failure in our place would wait for. */
static long staying;

void end_companion(void)
{
	if (staying)
		SYSCALL(kill, staying, SIGKILL);
}

static void become_companion(int parent, char **argv, char **envp, int ready, int output, int folder)
{
	const int own[] = { SYSCALL(openat, AT_FDCWD, "/dev/null", O_RDONLY, 0), output, output, ready };
	const word by_default[4] = { 0 }; /* struct sigaction as the kernel has it: SIG_DFL */
	int above[READY_FD + 1];
	word none = 0;

	SYSCALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (SYSCALL(getppid) != parent)
		SYSCALL(exit_group, 127);
	/* Ctrl-C is the container's. */
	SYSCALL(setsid);
	SYSCALL(fchdir, folder);
	/* JavaScript runtimes ignore it, and pass that on; pasta does not expect it. */
	SYSCALL(rt_sigaction, SIGPIPE, by_default, 0, sizeof none);
	for (int i = 0; i <= READY_FD; i++)
		above[i] = SYSCALL(fcntl, own[i], F_DUPFD, LOWEST_OWN_FD);
	for (int i = 0; i <= READY_FD; i++)
		SYSCALL(dup3, above[i], i, 0);
	SYSCALL(close_range, READY_FD + 1, ~0u, 0);
	SYSCALL(rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
	SYSCALL(execve, argv[0], argv, envp);
	SYSCALL(exit_group, 127);
}

/* A program that stays beside the container and ends with us. The result is its pidfd, when it has said that it is ready. */
long companion(char **argv, char **envp, int ready, int output, int folder)
{
	long parent = SYSCALL(getpid), child = SYSCALL(clone, SIGCHLD);
	struct __kernel_timespec time = { PATIENCE_SECONDS, 0 };
	struct pollfd fds[2] = { { ready, POLLIN, 0 } };

	if (child == 0)
		become_companion(parent, argv, envp, ready, output, folder);
	if (child < 0)
		return child;
	staying = child;
	fds[1] = (struct pollfd){ SYSCALL(pidfd_open, child, 0), POLLIN, 0 };
	while (SYSCALL(ppoll, fds, 2, &time, 0, 0) == -EINTR)
		;
	if (fds[0].revents)
		return fds[1].fd;
	SYSCALL(close, fds[1].fd);
	SYSCALL(kill, child, SIGKILL);
	SYSCALL(wait4, child, 0, 0, 0);
	staying = 0;
	return fds[1].revents ? -ECANCELED : -ETIMEDOUT;
}
