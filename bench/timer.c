/*
 * Starts programs and measures them: one line of standard input is one command, its arguments separated by tabs; the
 * answer is a line of exit status, wall and CPU microseconds (user and system, of the program and of all that it waited
 * for: wait4(2)), and the largest resident set in kilobytes. The smallest process that can do it, so that what is measured is not us: JavaScript's own way to start a
 * process costs a millisecond, and differently each time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_ARGUMENTS 64

extern char **environ;

static long microseconds(struct timeval time)
{
	return time.tv_sec * 1000000L + time.tv_usec;
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

int main(void)
{
	posix_spawn_file_actions_t files;
	char *line = NULL;
	size_t room = 0;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	while (getline(&line, &room, stdin) > 0) {
		char *argv[MOST_ARGUMENTS + 1] = { 0 }, *rest = strtok(line, "\n");
		struct rusage used;
		int status = 127 << 8;
		pid_t child;
		long start, end;

		for (int i = 0; i < MOST_ARGUMENTS && rest; i++)
			argv[i] = strsep(&rest, "\t");
		start = now();
		if (posix_spawnp(&child, argv[0], &files, NULL, argv, environ) != 0)
			return 1;
		wait4(child, &status, 0, &used);
		end = now();
		printf("%d %ld %ld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), end - start,
		       microseconds(used.ru_utime) + microseconds(used.ru_stime), used.ru_maxrss);
		fflush(stdout);
	}
	return 0;
}
