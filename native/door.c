/*
 * The engines' everyday commands without a line of JavaScript: `start`, `kill` and `delete` of a container that `create`
 * has found to be plain (src/runtime/create-plan.ts): no hook runs after it, its processes end with its first, and the
 * file `plain` holds the folder of its cgroup. Whatever is not as usual, a flag, a state, a failure, is left to the front
 * end, which does the same and has the words: nothing is done here before all is known to be well.
 */
#include "door.h"
#include "executor.h"

#define PATH_BYTES 4096
#define STAT_BYTES 1024
#define LOCK_EX 2
#define LOCK_NB 4

struct process {
	long pid;
	char started[24]; /* clock ticks since boot, as /proc/PID/stat has them */
	char state;
};

static int same(const char *one, const char *other)
{
	for (; *one && *one == *other; one++, other++)
		;
	return *one == *other;
}

static const char *after(const char *text, const char *name)
{
	for (; *name; text++, name++)
		if (*text != *name)
			return 0;
	return text;
}

static int join_path(char *to, const char *first, const char *second, const char *third)
{
	const char *parts[3] = { first, second, third }, *end = to + PATH_BYTES - 1;

	for (int i = 0; i < 3; i++)
		for (const char *from = parts[i]; *from; from++) {
			if (to == end)
				return 0;
			*to++ = *from;
		}
	*to = 0;
	return 1;
}

static long read_file(long folder, const char *name, char *text, word most)
{
	long fd = SYSCALL(openat, folder, name, O_RDONLY | O_CLOEXEC), size = SYSCALL(read, fd, text, most - 1);

	SYSCALL(close, fd);
	text[size > 0 ? size : 0] = 0;
	return size;
}

static long number(const char *digits)
{
	long value = 0;

	if (!*digits)
		return -1;
	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9' || value > 1 << 24)
			return -1;
		value = value * 10 + *digits - '0';
	}
	return value;
}

/* proc_pid_stat(5): the name, in parentheses, may hold anything; the state is the field after it, starttime the 22nd. */
static int parse_stat(const char *text, struct process *process)
{
	const char *field = 0;
	char digits[16];
	unsigned i;

	for (i = 0; i < sizeof digits - 1 && text[i] >= '0' && text[i] <= '9'; i++)
		digits[i] = text[i];
	digits[i] = 0;
	process->pid = number(digits);
	for (const char *at = text; *at; at++)
		if (*at == ')')
			field = at + 2;
	if (!field || process->pid <= 0)
		return 0;
	process->state = *field;
	for (int skipped = 3; skipped < 22 && *field; field++)
		skipped += *field == ' ';
	for (i = 0; i < sizeof process->started - 1 && field[i] >= '0' && field[i] <= '9'; i++)
		process->started[i] = field[i];
	process->started[i] = 0;
	return i > 0;
}

/* The container's process as the state folder has it; then as the kernel has it now. */
static int read_process(long folder, struct process *process)
{
	char text[STAT_BYTES];

	return read_file(folder, "process", text, sizeof text) > 0 && parse_stat(text, process);
}

static int is_alive(const struct process *process)
{
	char path[PATH_BYTES], digits[24], text[STAT_BYTES], *digit = digits + sizeof digits;
	struct process now;

	*--digit = 0;
	for (long rest = process->pid; rest; rest /= 10)
		*--digit = '0' + rest % 10;
	join_path(path, "/proc/", digit, "/stat");
	return read_file(AT_FDCWD, path, text, sizeof text) > 0 && parse_stat(text, &now) &&
	       same(now.started, process->started) && now.state != 'Z' && now.state != 'X';
}

static int is_frozen(const char *cgroup)
{
	char path[PATH_BYTES], text[8];

	return *cgroup && join_path(path, cgroup, "/cgroup.freeze", "") &&
	       read_file(AT_FDCWD, path, text, sizeof text) > 0 && *text == '1';
}

/* Writes the byte that it waits for, and sees it close the pipe: by execve(2), or by a failure, which `verdict` tells. */
static int start(long folder, const char *cgroup)
{
	struct process process;
	struct pollfd pipe = { 0, 0, 0 };
	int verdict[2] = { 1, 0 };

	if (is_frozen(cgroup) || !read_process(folder, &process) || !is_alive(&process))
		return -1;
	pipe.fd = SYSCALL(openat, folder, "exec.fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (pipe.fd < 0 || SYSCALL(write, pipe.fd, "1", 1) != 1)
		return -1;
	while (SYSCALL(ppoll, &pipe, 1, 0, 0, 0) == -EINTR)
		;
	SYSCALL(close, pipe.fd);
	/* No string: two integers. */
	pipe.fd = SYSCALL(openat, folder, "verdict", O_RDONLY | O_CLOEXEC);
	SYSCALL(read, pipe.fd, verdict, sizeof verdict);
	SYSCALL(close, pipe.fd);
	return verdict[0] ? -1 : 0;
}

static int send_signal(long folder, long signal)
{
	struct process process;
	long fd, result = -1;

	if (!read_process(folder, &process))
		return -1;
	fd = SYSCALL(pidfd_open, process.pid, 0);
	/* Opened first, looked at second: what is alive now is what was opened. */
	if (fd >= 0 && is_alive(&process))
		result = SYSCALL(pidfd_send_signal, fd, signal, 0, 0);
	SYSCALL(close, fd);
	return result < 0 ? -1 : 0;
}

/* SIGKILL, and waits until it has ended: a zombie has. */
static int end(const struct process *process)
{
	struct __kernel_timespec patience = { 10, 0 };
	struct pollfd process_fd = { SYSCALL(pidfd_open, process->pid, 0), POLLIN, 0 };
	int ended = 0;

	if (process_fd.fd >= 0 && is_alive(process) && SYSCALL(pidfd_send_signal, process_fd.fd, SIGKILL, 0, 0) == 0)
		ended = SYSCALL(ppoll, &process_fd, 1, &patience, 0, 0) > 0;
	SYSCALL(close, process_fd.fd);
	return ended;
}

static int delete(long folder, const char *path, const char *cgroup, int force)
{
	struct process process;
	long gone;

	if (!read_process(folder, &process))
		return -1;
	if (is_alive(&process) && (!force || is_frozen(cgroup) || !end(&process)))
		return -1;
	if (*cgroup && (gone = remove_cgroup(cgroup)) < 0 && gone != -ENOENT)
		return -1;
	return remove_tree(path, 0) < 0 ? -1 : 0;
}

/* A number, or one of the names that engines use, with or without SIG; -1 for others. */
static long signal_number(const char *text)
{
	static const struct {
		const char *name;
		int number;
	} known[] = { { "TERM", SIGTERM }, { "KILL", SIGKILL }, { "INT", SIGINT }, { "HUP", SIGHUP },
		      { "QUIT", SIGQUIT }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 } };
	const char *name = after(text, "SIG") ? after(text, "SIG") : text;
	long value = number(text);

	for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
		if (same(name, known[i].name))
			return known[i].number;
	return value >= 1 && value <= 64 ? value : -1;
}

/* The globals that change nothing here; `root` is what the front end would take. @returns the command's place, or 0 */
static char **skip_globals(char **argv, const char **root)
{
	for (; *argv && **argv == '-'; argv++) {
		const char *value;

		if ((value = after(*argv, "--root=")))
			*root = value;
		else if (same(*argv, "--root") && argv[1])
			*root = *++argv;
		else if ((same(*argv, "--log") || same(*argv, "--log-format")) && argv[1])
			argv++;
		else if (!after(*argv, "--log=") && !after(*argv, "--log-format=") && !same(*argv, "--systemd-cgroup"))
			return 0;
	}
	return *argv ? argv : 0;
}

static int is_id(const char *id)
{
	if (!*id || *id == '.' || *id == '-')
		return 0;
	for (; *id; id++)
		if (*id == '/')
			return 0;
	return 1;
}

static int serve(const char *command, char **argv, const char *root, int sure)
{
	static char path[PATH_BYTES], cgroup[PATH_BYTES];
	int force = same(command, "delete") && *argv && (same(*argv, "--force") || same(*argv, "-f"));
	const char *id = argv[force], *second = id ? argv[force + 1] : 0;
	long folder;

	if (!id || !is_id(id) || !join_path(path, root, "/", id))
		return -1;
	folder = SYSCALL(openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -ENOENT && force && !second && sure)
		return 0; /* there is none: so be it */
	if (folder < 0 || read_file(folder, "plain", cgroup, sizeof cgroup) < 0)
		return -1;
	if (same(command, "kill"))
		return second && argv[2] ? -1 : send_signal(folder, second ? signal_number(second) : SIGTERM);
	/* Somebody else is at it: the front end waits. */
	if (second || SYSCALL(flock, folder, LOCK_EX | LOCK_NB) < 0)
		return -1;
	return same(command, "start") ? start(folder, cgroup) : delete(folder, path, cgroup, force);
}

int serve_engine(char **argv, char **envp)
{
	const char *root = 0;
	int sure = 1;

	argv = skip_globals(argv + 1, &root);
	if (!argv || !(same(*argv, "start") || same(*argv, "kill") || same(*argv, "delete")))
		return -1;
	/* Without --root, the folder may be the user's own: the front end finds out. */
	for (; !root && *envp; envp++)
		if (after(*envp, "XDG_RUNTIME_DIR=") && *after(*envp, "XDG_RUNTIME_DIR="))
			sure = 0;
	if (!sure && SYSCALL(geteuid))
		return -1;
	return serve(*argv, argv + 1, root ? root : "/run/tinyctr-runtime", sure);
}
