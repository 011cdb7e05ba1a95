/*
 * The container's output as docker's json-file: one object a line,
 *
 *     {"log":"text\n","stream":"stdout","time":"2024-11-22T06:00:00.123456789Z"}
 *
 * A line over 16 KiB comes in pieces, of which only the last ends in \n. When a file is full it is renamed to .1, .1 to
 * .2, and so on. A log that cannot be written (the disk is full) loses lines; the container never waits for it.
 */
#include "detached.h"
#include "block.h"

/* Every byte that a container writes goes through here. */
#pragma GCC optimize("O2")

#define LINE_BYTES 16384
#define STREAM_BYTES (PIPE_BYTES + LINE_BYTES)
#define OUT_BYTES PIPE_BYTES
#define SUFFIX_BYTES 80
/* So much at once: the memory that it took is given back when the container calms down. */
#define MUCH 65536

/* What came and is no whole line yet; not touched, it takes no memory. */
static struct {
	char bytes[STREAM_BYTES + BLOCK];
	word have;
} streams[2];

/* Whole entries that are still to be written. */
static char out[OUT_BYTES + BLOCK];
static word pending;
/* Bytes in the file. */
static word size;
static int fd = -1;

void log_open(void)
{
	if (!settings()->log || fd >= 0)
		return;
	fd = above(SYSCALL(openat, AT_FDCWD, text(settings()->log), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
	size = fd < 0 ? 0 : SYSCALL(lseek, fd, 0, SEEK_END);
}

/* An entry that was written in part is taken back: every line of the file is whole. Its only \n are the ends of entries. */
static void take_back(word written)
{
	word whole = written;

	while (whole && out[whole - 1] != '\n')
		whole--;
	size = SYSCALL(lseek, fd, 0, SEEK_END) - (written - whole);
	SYSCALL(ftruncate, fd, size);
}

static void flush(void)
{
	word done = 0;
	long put = 1;

	while (done < pending && (put > 0 || put == -EINTR)) {
		put = SYSCALL(write, fd, out + done, pending - done);
		done += put > 0 ? put : 0;
	}
	size += done;
	if (done < pending && fd >= 0)
		take_back(done);
	pending = 0;
}

static void numbered(char *to, int number)
{
	char digits[24];
	const char *from = text(settings()->log), *end = decimal(digits + sizeof digits, number);

	while (*from)
		*to++ = *from++;
	if (number)
		*to++ = '.';
	while (number && *end)
		*to++ = *end++;
	*to = 0;
}

static void rotate(void)
{
	char from[4200], to[4200];

	SYSCALL(close, fd);
	fd = -1;
	for (int i = settings()->log_files - 1; i > 0; i--) {
		numbered(from, i - 1);
		numbered(to, i);
		SYSCALL(renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	}
	if (settings()->log_files <= 1)
		SYSCALL(unlinkat, AT_FDCWD, text(settings()->log), 0);
	log_open();
}

static char suffix[SUFFIX_BYTES + BLOCK];
static word suffix_size;

/* What stands behind the text of each entry: the same for all that came with one read. */
static void prepare(int stream)
{
	const char *name = stream ? "\",\"stream\":\"stderr\",\"time\":\"" : "\",\"stream\":\"stdout\",\"time\":\"";
	char *to = suffix;

	if (settings()->journal) {
		journal_prepare();
		return;
	}
	while (*name)
		*to++ = *name++;
	to = json_time(to, nanoseconds(CLOCK_REALTIME));
	*to++ = '"';
	*to++ = '}';
	*to++ = '\n';
	suffix_size = to - suffix;
}

static void put_entry(int stream, const char *line, word count, int partial)
{
	const word most = settings()->log_bytes_low | (word)settings()->log_bytes_high << 32;
	char *to;

	if (settings()->journal) {
		journal_entry(stream, line, count, partial);
		return;
	}
	if (pending + 6 * count + 2 * SUFFIX_BYTES > OUT_BYTES)
		flush();
	to = out + pending;
	__builtin_memcpy(to, "{\"log\":\"", 8);
	to = json_text(to + 8, line, count);
	copy_blocks(to, suffix, suffix_size);
	pending = to + suffix_size - out;
	if (!most || size + pending < most)
		return;
	flush();
	if (size >= most)
		rotate();
}

/* With its \n; 0: it has not ended. May look at a block more. */
static word line_length(const char *bytes, word count)
{
	word at = 0, before;

	for (; at < count; at += BLOCK)
		if ((before = bytes_before((block)(*(const block *)(bytes + at) == '\n'))) < BLOCK)
			return at + before < count ? at + before + 1 : 0;
	return 0;
}

/* A piece of a long line, that does not end within a character. */
static word piece_length(const char *bytes)
{
	word length = LINE_BYTES;

	while (length > LINE_BYTES - 4 && (bytes[length] & 0xc0) == 0x80)
		length--;
	return (bytes[length] & 0xc0) == 0x80 ? LINE_BYTES : length;
}

/* Where the next output goes; `room` is never 0. */
char *log_space(int stream, word *room)
{
	*room = STREAM_BYTES - streams[stream].have;
	return streams[stream].bytes + streams[stream].have;
}

/* A container that wrote much and now writes little: its monitor is small again. */
static void give_back(word count)
{
	static word busy;
	const word page = 4096, from = ((word)&streams + page - 1) & -page, to = ((word)(&streams + 1)) & -page;
	const word from_out = ((word)out + page - 1) & -page, to_out = (word)(out + OUT_BYTES) & -page;

	if (count > MUCH) {
		busy = 1;
	} else if (busy && !streams[0].have && !streams[1].have) {
		SYSCALL(madvise, from, to - from, MADV_DONTNEED);
		SYSCALL(madvise, from_out, to_out - from_out, MADV_DONTNEED);
		busy = 0;
	}
}

void log_take(int stream, word count)
{
	char *bytes = streams[stream].bytes;
	word have = streams[stream].have + count, at = 0, length;

	if (!settings()->log && !settings()->journal)
		return;
	/* The disk may have been full when it was to begin. */
	log_open();
	prepare(stream);
	while (at < have) {
		length = line_length(bytes + at, have - at);
		if ((length ? length : have - at) > LINE_BYTES)
			length = piece_length(bytes + at);
		if (!length)
			break;
		put_entry(stream, bytes + at, length, 1);
		at += length;
	}
	flush();
	if (at)
		copy_blocks(bytes, bytes + at, have - at);
	streams[stream].have = have - at;
	give_back(count);
}

/* The last line need not end in \n. */
void log_end(int stream)
{
	if (streams[stream].have) {
		prepare(stream);
		put_entry(stream, streams[stream].bytes, streams[stream].have, 0);
		flush();
	}
	streams[stream].have = 0;
}
