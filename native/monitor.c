/*
 * What stays while the container runs: wait for it, pass signals and the terminal through, leave with its exit code.
 * Every signal is blocked and read from a signalfd, so nothing here can be interrupted half-way.
 */
#include "executor.h"

/* The third Ctrl-C in a row means it. */
#define PATIENCE 3

int container(void)
{
	return verdict->pid ? verdict->pid : *cell(plan->pid_cell);
}

int next_signal(void)
{
	unsigned info[32];

	return SYSCALL(read, signals, info, sizeof info) > 0 ? (int)info[0] : 0;
}

/* The exit code if `pid` has ended, or -1. */
static int reap(int pid)
{
	int info[32] = { 0 };

	if (SYSCALL(waitid, P_PID, pid, info, WEXITED | WNOHANG | __WALL, 0) < 0 || info[4] == 0)
		return -1;
	/* struct siginfo: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status */
	return info[2] == CLD_EXITED ? info[6] : 128 + info[6];
}

/* One message of the container: 0 at its end, else the byte. A terminal that comes along is kept. */
static int receive(void)
{
	struct message m;
	char byte;

	message_prepare(&m, &byte, 1, 1);
	if (SYSCALL(recvmsg, channel, &m.header, MSG_CMSG_CLOEXEC) <= 0)
		return 0;
	if (message_fd(&m) >= 0)
		terminal = message_fd(&m);
	return byte;
}

/* Waits for a message; Ctrl-C while the container is being made ends it. */
static int await_message(void)
{
	for (;;) {
		struct pollfd fds[2] = { { channel, POLLIN, 0 }, { signals, POLLIN, 0 } };

		SYSCALL(ppoll, fds, 2, 0, 0, 0);
		if (fds[0].revents)
			return receive();
		if (fds[1].revents) {
			int signal = next_signal();

			if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT) {
				SYSCALL(kill, container(), SIGKILL);
				while (SYSCALL(wait4, -1, 0, __WALL, 0) == -EINTR)
					;
				run_cleanup();
				SYSCALL(exit_group, 128 + signal);
			}
		}
	}
}

/* Barrier 0 is the container's end of the channel closing: it has become its program. */
long await_barrier(int number)
{
	int byte;

	while ((byte = await_message()) != number)
		if (byte == 0)
			return -EPIPE; /* the container failed: the verdict says how */
	*cell(plan->pid_cell) = container();
	return verdict->step ? -EPIPE : 0;
}

void await_execve(void)
{
	while (await_message())
		;
	SYSCALL(close, channel);
}

/* False when there is nothing more to come. */
static int pass(int from, int to)
{
	char buffer[4096];
	long got = SYSCALL(read, from, buffer, sizeof buffer);

	for (long done = 0, put; done < got; done += put)
		if ((put = SYSCALL(write, to, buffer + done, got - done)) <= 0)
			return 0;
	return got > 0;
}

static void become_raw(void)
{
	if (plan->flags & FLAG_INTERACTIVE)
		enter_raw(0, terminal);
}

/* Stopped by job control: so is the container, until somebody continues us. */
static void suspend(void)
{
	int self = SYSCALL(getpid);

	leave_raw();
	SYSCALL(kill, container(), SIGSTOP);
	SYSCALL(kill, self, SIGSTOP);
	SYSCALL(kill, container(), SIGCONT);
	if (terminal >= 0)
		become_raw();
}

/* Ours to know and nobody else's. */
#define NOT_PASSED_ON \
	(1u | 1u << SIGCHLD | 1u << SIGPIPE | 1u << SIGURG | 1u << SIGCONT | 1u << SIGTTIN | 1u << SIGTTOU)

int is_passed_on(int signal)
{
	return signal > 31 || !(NOT_PASSED_ON >> signal & 1);
}

/* The third Ctrl-C means it. */
void pass_signal(int signal)
{
	static int patience = PATIENCE;
	int enough = (signal == SIGINT || signal == SIGTERM) && --patience == 0;

	SYSCALL(kill, container(), enough ? SIGKILL : signal);
}

static void handle(int signal)
{
	if (signal == SIGWINCH && terminal >= 0)
		copy_window_size(0, terminal);
	else if (signal == SIGTSTP)
		suspend();
	/* When its terminal is gone nobody can reach it any more. */
	else if (signal == SIGHUP && terminal >= 0)
		SYSCALL(kill, container(), SIGKILL);
	else if (is_passed_on(signal))
		pass_signal(signal);
}

int monitor(void)
{
	/* Without a terminal the container reads its input itself. */
	int code = -1, input = terminal >= 0 && plan->flags & FLAG_INTERACTIVE ? 0 : -1;

	if (terminal >= 0) {
		become_raw();
		copy_window_size(0, terminal);
	}
	while ((code = reap(container())) < 0) {
		struct pollfd fds[3] = { { signals, POLLIN, 0 }, { terminal, POLLIN, 0 }, { input, POLLIN, 0 } };

		SYSCALL(ppoll, fds, 3, 0, 0, 0);
		if (fds[1].revents && !pass(terminal, 1))
			terminal = -1;
		if (fds[2].revents && !pass(0, terminal))
			input = -1;
		if (fds[0].revents)
			handle(next_signal());
	}
	if (terminal >= 0) {
		struct pollfd rest = { terminal, POLLIN, 0 };
		struct __kernel_timespec now = { 0, 0 };

		while (SYSCALL(ppoll, &rest, 1, &now, 0, 0) > 0 && pass(terminal, 1))
			;
	}
	leave_raw();
	return code;
}

/* PID 1 of --init: reaps whoever is left to it and passes on what it is sent. */
int serve_as_init(int child)
{
	word all = ~0ul;
	int own = 0;

	SYSCALL(rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
	signals = SYSCALL(signalfd4, -1, &all, sizeof all, O_CLOEXEC);
	SYSCALL(close_range, 0, signals - 1, 0);
	SYSCALL(close_range, signals + 1, ~0u, 0);
	for (;;) {
		unsigned info[32] = { 0 }; /* struct signalfd_siginfo: ssi_signo, ssi_errno, ssi_code */
		int status, pid;

		/* First, too: a child that ended before its signal was blocked has sent none. */
		while ((pid = SYSCALL(wait4, -1, &status, WNOHANG, 0)) > 0)
			if (pid == child)
				own = status & 127 ? 128 + (status & 127) : status >> 8 & 255, child = 0;
		if (!child)
			return own;
		SYSCALL(read, signals, info, sizeof info);
		/* What a terminal sends reaches the whole process group: the child has it already. */
		if (info[0] != SIGCHLD && info[2] != SI_KERNEL)
			SYSCALL(kill, child, info[0]);
	}
}
