/*
 * A container that outlives whoever started it. The executor parts in two: one stays with the caller (client.c) or
 * leaves; the other, in a session of its own, is the container's parent. It keeps its streams, log and clients, waits,
 * writes down how it ended, makes it anew where that is asked for, and needs some 100 kB for all of that.
 */
#include "detached.h"

/* What the monitor polls beside its clients. */
#define OWN_FDS 4
/* Docker's: a restart waits 100 ms, then twice as long each time; a container that ran for 10 s begins anew. */
#define SHORTEST_DELAY 100
#define LONGEST_DELAY 60000
#define LONG_ENOUGH 10000

static int stay_down, exit_signal;

/* The container's exit code, or -1. Orphans of a container without a PID namespace are ours to reap. */
static int reap(void)
{
	int status, pid, code = -1;

	while ((pid = SYSCALL(wait4, -1, &status, WNOHANG | __WALL, 0)) > 0) {
		if (health_reap(pid, status) || pid != container())
			continue;
		exit_signal = status & 127;
		code = exit_signal ? 128 + exit_signal : status >> 8 & 255;
	}
	return code;
}

static void handle_signal(int signal)
{
	if (signal == STAY_DOWN)
		stay_down = 1;
	else if (is_passed_on(signal))
		pass_signal(signal);
}

/* Until the container has ended and all that it wrote has been passed on. Returns its exit code. */
static int serve(void)
{
	for (int code = -1;;) {
		int stalled = clients_stalled(), ended = code >= 0 || (code = reap()) >= 0;
		long wait = ended ? (stalled ? -1 : 0) : health_wait();
		struct __kernel_timespec time = { wait / 1000, wait % 1000 * 1000000 };
		struct pollfd fds[OWN_FDS + 1 + MOST_CLIENTS] = {
			{ signals, POLLIN, 0 },
			{ stalled ? -1 : pipes[1], POLLIN, 0 },
			{ stalled ? -1 : pipes[2], POLLIN, 0 },
			{ input_is_full() ? pipes[0] : -1, POLLOUT, 0 },
		};

		SYSCALL(ppoll, fds, OWN_FDS + clients_poll(fds + OWN_FDS), wait < 0 ? 0 : &time, 0, 0);
		if (ended && !stalled && !fds[1].revents && !fds[2].revents)
			return code;
		if (fds[0].revents)
			handle_signal(next_signal());
		if (fds[3].revents)
			pour_input();
		/* Before the output: that may lose clients, and with them the order in `fds`. */
		clients_handle(fds + OWN_FDS);
		for (int i = 0; i < 2; i++)
			if (fds[1 + i].revents)
				pump(i);
	}
}

/* The plan's own, but for the status: closing that would give up its lock. */
static void close_plans_files(void)
{
	int status = settings()->status_cell ? *cell(settings()->status_cell) : -1;

	for (int fd = 3; fd < LOWEST_OWN_FD; fd++)
		if (fd != status)
			SYSCALL(close, fd);
}

static void record_start(void)
{
	const long pid = container();

	record_event("started", 1, &pid);
	tell_story(settings()->event_began);
}

static void record_end(int code, int signal)
{
	const long how[] = { code, signal, memory_ran_out() };

	record_event("exited", 3, how);
	tell_story(settings()->event_ended);
}

static void finish(int code)
{
	streams_close();
	health_end();
	record_end(code, exit_signal);
	run_cleanup();
	close_plans_files();
	clients_close(code);
	settle_status();
}

/* Milliseconds until it is to be made anew, or -1. */
static long restart_delay(int code, long ran)
{
	static long delay;
	static long tries;
	char policy;
	long most;

	if (stay_down || !read_restart(&policy, &most))
		return -1;
	if (policy == 'o' && (code == 0 || (most && tries >= most)))
		return -1;
	if (policy != 'o' && policy != 'a' && policy != 'u')
		return -1;
	tries++;
	delay = ran >= LONG_ENOUGH || !delay ? SHORTEST_DELAY : delay * 2;
	if (delay > LONGEST_DELAY)
		delay = LONGEST_DELAY;
	return delay;
}

/* Whether the time has come; not if somebody wants it to stay down. */
static int wait_for_restart(long delay)
{
	long end = milliseconds() + delay;

	record_event("restarting", 1, &delay);
	for (long left = delay; left > 0; left = end - milliseconds()) {
		struct __kernel_timespec time = { left / 1000, left % 1000 * 1000000 };
		struct pollfd fds = { signals, POLLIN, 0 };

		if (SYSCALL(ppoll, &fds, 1, &time, 0, 0) > 0) {
			int signal = next_signal();

			if (signal == STAY_DOWN || signal == SIGTERM)
				return 0;
		}
	}
	return 1;
}

/* The same container, made anew by the same steps; the status stays open. */
static void restart(void)
{
	long status = settings()->status_cell ? *cell(settings()->status_cell) : 0;

	begin_again();
	if (settings()->status_cell)
		*cell(settings()->status_cell) = status;
}

static void let_go(void)
{
	int null = SYSCALL(openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);

	for (int i = 0; i < 3; i++)
		SYSCALL(dup3, null, i, 0);
	SYSCALL(close, null);
	SYSCALL(chdir, "/");
}

/* The steps that are done need no memory any more; those of the clean-up are behind them. */
static void forget_steps(void)
{
	word page = 4096, from = (word)plan + plan->records, to = from + plan->container_end * sizeof(struct record);

	from = (from + page - 1) / page * page;
	if (to / page * page > from)
		SYSCALL(madvise, from, to / page * page - from, MADV_DONTNEED);
}

static int keep(int caller)
{
	SYSCALL(setsid);
	SYSCALL(prctl, PR_SET_CHILD_SUBREAPER, 1);
	client_add(caller, 1);
	for (;;) {
		long began = milliseconds(), delay;
		int code;

		streams_open();
		begin();
		streams_opened();
		log_open();
		clients_listen();
		record_start();
		let_go();
		health_begin();
		forget_steps();
		clients_started();
		code = serve();
		finish(code);
		delay = restart_delay(code, milliseconds() - began);
		if (delay < 0 || !wait_for_restart(delay))
			return 0;
		restart();
	}
}

/* The container has the caller's own streams, and ends with us. */
static int direct(void)
{
	int code;

	begin();
	record_start();
	code = monitor();
	record_end(code, code > 128 ? code - 128 : 0);
	run_cleanup();
	return code;
}

/* In place of the caller. Returns an exit code. */
int detached(void)
{
	const char *line = text(settings()->announce);
	int pair[2], child, code;
	word length = 0;

	if (settings()->flags & MONITOR_DIRECT)
		return direct();
	if (settings()->flags & MONITOR_CLIENT)
		return client(settings()->client_fd, 0);
	SYSCALL(socketpair, AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC, 0, pair);
	pair[0] = above(pair[0]);
	pair[1] = above(pair[1]);
	child = SYSCALL(clone, SIGCHLD);
	SYSCALL(close, pair[child != 0]);
	if (child == 0)
		return keep(pair[1]);
	if (!(settings()->flags & MONITOR_DETACH))
		return client(pair[0], child);
	code = await_start(pair[0], child);
	if (code >= 0)
		return code;
	while (line && line[length])
		length++;
	SYSCALL(write, 1, line, length);
	return 0;
}
