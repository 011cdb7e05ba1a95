/*
 * What the monitor writes down (src/engine/container/status.ts) and reads: lines of the status file, the policy for
 * restarts, the kernel's count of processes that it killed for want of memory.
 */
#include "detached.h"

static char *append(char *to, const char *from)
{
	while (*from)
		*to++ = *from++;
	return to;
}

static char *append_number(char *to, unsigned long number)
{
	char digits[24];

	return append(to, decimal(digits + sizeof digits, number));
}

/* One write, so that the line is whole. The file is open, and locked as long as we live. */
void record_event(const char *event, int count, const long *numbers)
{
	int fd = settings()->status_cell ? *cell(settings()->status_cell) : -1;
	char line[160], *end = append_number(line, nanoseconds(CLOCK_REALTIME));

	*end++ = ' ';
	end = append(end, event);
	for (int i = 0; i < count; i++) {
		*end++ = ' ';
		end = append_number(end, numbers[i]);
	}
	*end++ = '\n';
	if (fd >= 0)
		SYSCALL(write, fd, line, end - line);
}

int read_small(const char *path, char *buffer, word size)
{
	int fd = SYSCALL(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	long got = fd < 0 ? fd : SYSCALL(read, fd, buffer, size - 1);

	SYSCALL(close, fd);
	buffer[got > 0 ? got : 0] = 0;
	return got > 0;
}

static unsigned long number_in(const char *text)
{
	unsigned long number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + *text - '0';
	return number;
}

/* Before the cgroup goes: "oom_kill N" of memory.events. Where the host has no memory controller there is no such file. */
int memory_ran_out(void)
{
	const char key[] = "oom_kill ";
	char path[4200], events[512], *end;

	if (!settings()->cgroup)
		return 0;
	end = append(path, text(settings()->cgroup));
	*append(end, "/memory.events") = 0;
	if (!read_small(path, events, sizeof events))
		return 0;
	for (const char *at = events; *at; at++) {
		unsigned i = 0;

		while (key[i] && at[i] == key[i])
			i++;
		if (!key[i])
			return number_in(at + i) > 0;
	}
	return 0;
}

/* The file says `always`, `unless-stopped` or `on-failure N`; it may have changed since the start (update). */
int read_restart(char *policy, long *most)
{
	char line[64], *at = line;

	if (!settings()->restart || !read_small(text(settings()->restart), line, sizeof line))
		return 0;
	*policy = line[0];
	while (*at && *at != ' ')
		at++;
	*most = *at ? (long)number_in(at + 1) : 0;
	return 1;
}
