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

#define SEEK_CUR 1
/* What `events` reads is then begun anew, and what was kept of it until then is kept aside. */
#define MOST_TOLD (4 << 20)

/* Of an exec, which has no status file: its own lines. */
static char story[4096];
static word story_size;

static int status_file(void)
{
	return settings()->status_cell ? *cell(settings()->status_cell) : -1;
}

/* One write, so that the line is whole. The file is open, and locked as long as we live. */
void record_event(const char *event, int count, const long *numbers)
{
	char line[160], *end = append_number(line, nanoseconds(CLOCK_REALTIME));

	*end++ = ' ';
	end = append(end, event);
	for (int i = 0; i < count; i++) {
		*end++ = ' ';
		end = append_number(end, numbers[i]);
	}
	*end++ = '\n';
	if (status_file() >= 0)
		SYSCALL(write, status_file(), line, end - line);
	for (char *from = line; status_file() < 0 && from < end && story_size < sizeof story;)
		story[story_size++] = *from++;
}

/* How it ended outlives a power failure, too; nobody waits for that. What --rm has removed needs none. */
void settle_status(void)
{
	if (status_file() >= 0 && !settings()->event_ended)
		SYSCALL(fdatasync, status_file());
}

/* The log of events (src/engine/events/told-events.ts): the front end's words, then what they are about. */
static void tell(unsigned about, const char *what, word size)
{
	const char *words = text(about);
	struct iovec parts[] = { { (void *)words, 0 }, { (void *)what, size }, { "\"}\n", 3 } };
	char old[4200];
	int fd;

	if (!words)
		return;
	while (words[parts[0].iov_len])
		parts[0].iov_len++;
	fd = SYSCALL(openat, AT_FDCWD, text(settings()->events), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	SYSCALL(writev, fd, parts, 3);
	if (SYSCALL(lseek, fd, 0, SEEK_CUR) > MOST_TOLD) {
		*append(append(old, text(settings()->events)), ".1") = 0;
		SYSCALL(renameat2, AT_FDCWD, text(settings()->events), AT_FDCWD, old, 0);
	}
	SYSCALL(close, fd);
}

/* Something that happens now. */
void tell_now(unsigned about, int count, const long *numbers)
{
	char what[80], *end = append_number(what, nanoseconds(CLOCK_REALTIME));

	for (int i = 0; i < count; i++) {
		*end++ = ' ';
		end = append_number(end, numbers[i]);
	}
	tell(about, what, end - what);
}

/* All that happened, before its file goes. */
void tell_story(unsigned about)
{
	long size = about && status_file() >= 0 ? SYSCALL(pread64, status_file(), story, sizeof story, 0) : (long)story_size;

	story_size = size > 0 ? size : 0;
	for (word i = 0; i < story_size; i++)
		if (story[i] == '\n')
			story[i] = ';';
	tell(about, story, story_size);
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
