/*
 * Runs an encoded plan (src/plan/wire.ts): the host half, the clone, the container half up to execve; then monitor.c
 * waits. What it does is in the plan; only how to do it is here. Errors leave as {step, errno}: the front end, started
 * again in our place, has the words.
 */
#include "executor.h"

struct header *plan;
struct verdict *verdict;
int plan_fd, channel = -1, signals = -1, terminal = -1;

static int container_channel = -1;
static enum { HOST, CONTAINER, CLEANUP } half = HOST;

static void run(unsigned from, unsigned to);

void exit_group(int code)
{
	for (;;)
		SYSCALL(exit_group, code);
}

char *decimal(char *end, unsigned long number)
{
	*--end = 0;
	do
		*--end = '0' + number % 10;
	while (number /= 10);
	return end;
}

/* The front end takes our place: it compiles the plan again, looks at the failed container, explains and cleans up. */
static void explain(int step, int error)
{
	char text[4][24], *argv[16], **given = (char **)cell(plan->explain_argv);
	const long numbers[4] = { plan_fd, step, error, container() > 0 ? container() : 0 };
	unsigned n = 0;
	word none = 0;

	for (; given[n] && n < 10; n++)
		argv[n] = given[n];
	for (int i = 0; i < 4; i++)
		argv[n++] = decimal(text[i] + sizeof text[i], numbers[i]);
	argv[n++] = verdict->words;
	argv[n] = 0;
	end_companion();
	SYSCALL(fcntl, plan_fd, F_SETFD, 0);
	SYSCALL(rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
	SYSCALL(execve, argv[0], argv, cell(plan->explain_envp));
	if (numbers[3])
		SYSCALL(kill, numbers[3], SIGKILL);
	run_cleanup();
	exit_group(EXIT_RUNTIME_FAILED);
}

static void fail(int step, int error)
{
	/* A barrier breaks (EPIPE) when the container has failed before it: that is the cause. */
	if (half == HOST)
		explain(verdict->step ? (int)verdict->step : step, verdict->step ? (int)verdict->error : error);
	/* Wait to be looked at through /proc/PID/root; the front end ends us, and we end with it. */
	SYSCALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
	verdict->error = error;
	verdict->step = step;
	SYSCALL(close, container_channel);
	SYSCALL(close, *cell(plan->start_cell));
	SYSCALL(ppoll, 0, 0, 0, 0, 0);
	exit_group(EXIT_RUNTIME_FAILED);
}

static int tolerated(const struct record *record, long error)
{
	for (int i = 0; i < TOLERATED && record->tolerated[i]; i++)
		if (record->tolerated[i] == error)
			return 1;
	return 0;
}

long join(char *to, const char *before, const char *middle, const char *after)
{
	const char *parts[3] = { before, middle, after };
	char *end = to;

	for (int i = 0; i < 3; i++)
		for (const char *from = parts[i]; *from; from++)
			*end++ = *from;
	*end = 0;
	return end - to;
}

/* After a clone3 that starts somebody: who goes on, and with what. */
static void part_ways(const struct record *record, long result)
{
	switch (record->role) {
	case ROLE_CONTAINER:
		if (result == 0) {
			half = CONTAINER;
			SYSCALL(close, channel);
			SYSCALL(close, plan_fd);
			run(plan->host_end, plan->container_end);
		}
		SYSCALL(close, container_channel);
		break;
	case ROLE_RELAY:
		if (result > 0) {
			verdict->pid = result;
			exit_group(0);
		}
		break;
	case ROLE_INIT:
		if (result > 0) {
			SYSCALL(close, container_channel);
			exit_group(serve_as_init(result));
		}
		break;
	case ROLE_HOLDER:
		if (result == 0) {
			SYSCALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				SYSCALL(ppoll, 0, 0, 0, 0, 0);
		}
	}
}

static long perform(const struct record *record, const word *args)
{
	char byte = args[0], digits[24];

	switch (record->op) {
	case OP_CALL:
		return syscall6(record->number, args[0], args[1], args[2], args[3], args[4], args[5]);
	case OP_COPY:
		__builtin_memcpy((char *)plan + args[1], cell(args[0]), args[2]);
		return 0;
	case OP_FORMAT:
		return join((char *)cell(args[1]), (char *)cell(args[2]),
			    decimal(digits + sizeof digits, *cell(args[0])), (char *)cell(args[3]));
	case OP_SIGNAL: /* plain calls: the container's seccomp filter may be in force */
		return SYSCALL(write, half == HOST ? channel : container_channel, &byte, 1);
	case OP_WAIT:
		if (half == HOST)
			return await_barrier(args[0]);
		if (SYSCALL(read, container_channel, &byte, 1) <= 0)
			exit_group(EXIT_RUNTIME_FAILED); /* the monitor is gone */
		return 0;
	case OP_SPAWN:
		return spawn(*(char **)args[0], (char **)args[0], (char **)cell(plan->explain_envp), 0, 0);
	case OP_HOOK:
		return spawn((char *)args[0], (char **)args[1], (char **)args[2], args + 3, args[5]);
	case OP_REMOVE_TREE:
		return remove_tree((char *)args[0], 0);
	case OP_REMOVE_CGROUP:
		return remove_cgroup((char *)args[0]);
	case OP_COPY_TREE:
		return copy_tree(args[0], args[1]);
	case OP_COMPANION:
		return companion((char **)args[0], (char **)cell(plan->explain_envp), args[1], args[2], args[3]);
	case OP_NETLINK:
		return netlink(args[0], (void *)args[1], args[2]);
	}
	return -EBADF;
}

/* A record that reads a slot which an earlier, tolerated failure left empty has nothing to work on. */
static long gather(const struct record *record, word *args)
{
	for (int i = 0; i < 6; i++) {
		args[i] = record->args[i];
		if (record->kinds[i] == ARGUMENT_DATA)
			args[i] += (word)plan;
		else if (record->kinds[i] == ARGUMENT_SLOT) {
			args[i] = *cell(record->args[i]);
			if ((long)args[i] < 0)
				return (long)args[i];
		}
	}
	return 0;
}

static void run(unsigned from, unsigned to)
{
	const struct record *records = (struct record *)((char *)plan + plan->records);
	long error = 0;
	int step = 0;

	for (const struct record *record = records + from; record < records + to; record++) {
		word args[6];
		long result;

		if (record->unless && *cell(record->unless) >= 0)
			continue;
		result = gather(record, args);
		if (result < 0) {
			if (record->into)
				*cell(record->into) = result;
			continue;
		}
		result = perform(record, args);
		if (record->into)
			*cell(record->into) = result;
		if (record->role)
			part_ways(record, result);
		if (result >= 0 || result < -4095)
			continue;
		if (!tolerated(record, -result)) {
			/* The state folder goes last: while it stands, the next command tries again. */
			if (half == CLEANUP)
				return;
			fail(record->step, -result);
		}
		/* execvp(3): a program that was found but may not be run is the better reason. */
		if (record->step != step || error != EACCES)
			error = -result;
		step = record->step;
	}
	if (half == CONTAINER)
		fail(step, error); /* every execve of the last step failed */
}

void run_cleanup(void)
{
	half = CLEANUP;
	run(plan->container_end, plan->cleanup_end);
}

static void load(int fd)
{
	long size = SYSCALL(lseek, fd, 0, SEEK_END);
	long address = SYSCALL(mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	const unsigned *relocation;

	plan = (struct header *)address;
	if (size < (long)sizeof *plan || (address < 0 && address >= -4095) || plan->magic != PLAN_MAGIC)
		exit_group(EXIT_RUNTIME_FAILED);
	relocation = (unsigned *)((char *)plan + plan->relocations);
	for (unsigned i = 0; i < plan->relocation_count; i++)
		*(word *)((char *)plan + relocation[i]) += address;
	verdict = (void *)SYSCALL(mmap, 0, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*cell(plan->verdict_cell) = (long)verdict;
}

static void open_channel(void)
{
	int pair[2];

	SYSCALL(socketpair, AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC, 0, pair);
	channel = SYSCALL(fcntl, pair[0], F_DUPFD_CLOEXEC, LOWEST_OWN_FD);
	container_channel = SYSCALL(fcntl, pair[1], F_DUPFD_CLOEXEC, LOWEST_OWN_FD);
	SYSCALL(close, pair[0]);
	SYSCALL(close, pair[1]);
	*cell(plan->channel_cell) = container_channel;
}

static void collect_signals(void)
{
	word all = ~0ul;
	int i = SYSCALL(signalfd4, -1, &all, sizeof all, O_CLOEXEC);

	SYSCALL(rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
	signals = SYSCALL(fcntl, i, F_DUPFD_CLOEXEC, LOWEST_OWN_FD);
	SYSCALL(close, i);
}

/* The host half, up to the container's execve. Does not return when that fails. */
void begin(void)
{
	open_channel();
	run(0, plan->host_end);
	await_execve();
	if (verdict->step)
		explain(verdict->step, verdict->error);
}

/* The same container once more: the plan as it was, before any slot was filled. */
void begin_again(void)
{
	half = HOST;
	SYSCALL(munmap, verdict, sizeof *verdict);
	SYSCALL(munmap, plan, plan->size);
	terminal = -1;
	load(plan_fd);
}

/* argv: our name, and the file descriptor of the plan. */
__attribute__((used)) static void start(long *stack)
{
	char **argv = (char **)(stack + 1);
	int code, null;

	for (const char *digit = argv[1]; digit && *digit; digit++)
		plan_fd = plan_fd * 10 + *digit - '0';
	SYSCALL(prctl, PR_SET_NAME, "tinyctr");
	load(plan_fd);
	plan_fd = SYSCALL(fcntl, plan_fd, F_DUPFD_CLOEXEC, LOWEST_OWN_FD);
	/* A program that is started without standard streams must not find our files there. */
	while ((null = SYSCALL(openat, AT_FDCWD, "/dev/null", O_RDWR, 0)) >= 0 && null <= 2)
		;
	SYSCALL(close, null);
	collect_signals();
	if (plan->monitor)
		exit_group(detached());
	begin();
	code = monitor();
	run_cleanup();
	exit_group(code);
}

#include "entry.h"
