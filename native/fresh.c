/*
 * usage: fresh ROOT [NAME [ARG...]]
 *
 * Between bin/NAME and build/NAME of a source tree: builds first when something in build/sources is newer than
 * build/tinyctr, then becomes build/NAME. Without a name only says, by its exit code, whether nothing is newer. A shell
 * that looks at 600 files is slower than a whole start.
 */
#include "system.h"

#define PATH_BYTES 4096

static int same(const char *one, const char *other)
{
	for (; *one && *one == *other; one++, other++)
		;
	return *one == *other;
}

static void join(char *to, const char *root, const char *middle, const char *name)
{
	const char *parts[3] = { root, middle, name };
	char *end = to + PATH_BYTES - 1;

	for (int i = 0; i < 3; i++)
		for (const char *from = parts[i]; *from && to < end; from++)
			*to++ = *from;
	*to = 0;
}

/* Nanoseconds since 1970 of its last change; -1: there is none. */
static long changed(long folder, const char *path)
{
	struct statx status;

	if (SYSCALL(statx, folder, path, 0, STATX_MTIME, &status) < 0)
		return -1;
	return status.stx_mtime.tv_sec * 1000000000l + status.stx_mtime.tv_nsec;
}

/* build/sources: a path a line, files and their folders. What is gone is a change, too. */
static int is_fresh(const char *root)
{
	static char list[1 << 18];
	long folder = SYSCALL(openat, AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, size, built;

	if ((built = changed(folder, "build/tinyctr-runtime")) < 0)
		return 0;
	/* What cannot be built again is as fresh as it will be: 2 is W_OK. */
	if (SYSCALL(faccessat, folder, "build", 2) < 0)
		return 1;
	fd = SYSCALL(openat, folder, "build/sources", O_RDONLY | O_CLOEXEC);
	size = SYSCALL(read, fd, list, sizeof list - 1);
	SYSCALL(close, fd);
	for (char *line = list, *end; line < list + size; line = end + 1) {
		for (end = line; end < list + size && *end != '\n'; end++)
			;
		*end = 0;
		fd = changed(folder, line);
		if (fd < 0 || fd > built)
			return 0;
	}
	return size > 0;
}

/* Its output is the builder's; the exit status as wait(2) gives it. */
static int build(const char *root, char **envp)
{
	static char path[PATH_BYTES];
	char *argv[] = { path, "--if-stale", 0 };
	int status = 1;
	long child;

	join(path, root, "/bin/build", "");
	child = SYSCALL(clone, SIGCHLD);
	if (child == 0) {
		SYSCALL(execve, path, argv, envp);
		SYSCALL(exit_group, 127);
	}
	while (SYSCALL(wait4, child, &status, 0, 0) == -EINTR)
		;
	return status;
}

__attribute__((used)) static void start(long *stack)
{
	char **argv = (char **)(stack + 1), **envp = argv + *stack + 1;
	static char path[PATH_BYTES];

	if (*stack < 3)
		SYSCALL(exit_group, *stack < 2 || !is_fresh(argv[1]));
	if (!is_fresh(argv[1]) && build(argv[1], envp))
		SYSCALL(exit_group, same(argv[2], "tinyctr") ? EXIT_RUNTIME_FAILED : 1);
	join(path, argv[1], "/build/", argv[2]);
	argv[2] = path;
	SYSCALL(execve, path, argv + 2, envp);
	SYSCALL(exit_group, EXIT_RUNTIME_FAILED);
}

#include "entry.h"
