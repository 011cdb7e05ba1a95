/*
 * The container's output as entries of the systemd journal, by its native protocol
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): a datagram an entry, FIELD=value a line. The fields are docker's.
 */
#include "detached.h"
#include "message.h"

#define PARTS 6
#define SOCK_DGRAM 2
#define SO_SNDTIMEO 21

static int fd = -1;
static char stamp[64];
static word stamp_size;

/* A journal that takes nothing must not hold the container up for long: what it did not take in a second is lost. */
static void journal_open(void)
{
	struct {
		unsigned short family;
		char path[108];
	} address = { AF_UNIX, "/run/systemd/journal/socket" };
	const long patience[2] = { 1, 0 };

	fd = above(SYSCALL(socket, AF_UNIX, SOCK_DGRAM | O_CLOEXEC, 0));
	SYSCALL(setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, patience, sizeof patience);
	if (SYSCALL(connect, fd, &address, sizeof address) == 0)
		return;
	SYSCALL(close, fd);
	fd = -1;
}

/* For all that came with one read. A journal that was started anew has another socket. */
void journal_prepare(void)
{
	static const char field[] = "SYSLOG_TIMESTAMP=";

	__builtin_memcpy(stamp, field, sizeof field - 1);
	stamp_size = json_time(stamp + sizeof field - 1, nanoseconds(CLOCK_REALTIME)) - stamp;
	stamp[stamp_size++] = '\n';
	if (fd < 0)
		journal_open();
}

static struct iovec part(const char *words)
{
	struct iovec all = { (void *)words, 0 };

	while (words[all.iov_len])
		all.iov_len++;
	return all;
}

/* A piece of a line is `partial` where the rest of it is still to come. */
void journal_entry(int stream, const char *line, word count, int partial)
{
	const int ended = line[count - 1] == '\n';
	struct iovec parts[PARTS] = {
		part(text(settings()->journal)),
		{ stamp, stamp_size },
		part(stream ? "PRIORITY=3\n" : "PRIORITY=6\n"),
		part(partial && !ended ? "CONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=" : "MESSAGE="),
		{ (void *)line, count - ended },
		part("\n"),
	};
	struct message m;

	message_prepare(&m, 0, 0, 0);
	m.header.iov = parts;
	m.header.iovlen = PARTS;
	if (fd < 0 || SYSCALL(sendmsg, fd, &m.header, MSG_NOSIGNAL) >= 0)
		return;
	SYSCALL(close, fd);
	fd = -1;
}
