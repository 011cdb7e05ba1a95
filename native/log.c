/*
 * The container's output as docker's json-file: one object a line,
 *
 *     {"log":"text\n","stream":"stdout","time":"2024-11-22T06:00:00.123456789Z"}
 *
 * A line over 16 KiB comes in pieces, of which only the last ends in \n. When a file is full it is renamed to .1, .1 to
 * .2, and so on. A log that cannot be written (the disk is full) loses lines; the container never waits for it.
 */
#include "detached.h"

/* Every byte that a container writes goes through here. */
#pragma GCC optimize("O2")

#define LINE_BYTES 16384
#define OUT_BYTES 32768
#define SUFFIX_BYTES 80
#define BLOCK 16

static struct {
	char bytes[OUTPUT_BYTES];
	word have;
} streams[2];

static char out[OUT_BYTES];
static word pending;
/* Bytes in the file; and how many of them are whole entries. */
static word size, whole;
static int fd = -1, lost;

static void open_file(void)
{
	fd = SYSCALL(openat, AT_FDCWD, text(settings()->log), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd >= 0)
		fd = SYSCALL(fcntl, fd, F_DUPFD_CLOEXEC, LOWEST_OWN_FD);
	size = whole = fd < 0 ? 0 : SYSCALL(lseek, fd, 0, SEEK_END);
}

void log_open(void)
{
	if (settings()->log && fd < 0)
		open_file();
}

static void flush(void)
{
	for (word done = 0; done < pending;) {
		long put = lost ? -1 : SYSCALL(write, fd, out + done, pending - done);

		if (put == -EINTR)
			continue;
		if (put <= 0) {
			lost = 1;
			break;
		}
		done += put;
		size += put;
	}
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
	for (int i = settings()->log_files - 1; i > 0; i--) {
		numbered(from, i - 1);
		numbered(to, i);
		SYSCALL(renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	}
	if (settings()->log_files <= 1)
		SYSCALL(unlinkat, AT_FDCWD, text(settings()->log), 0);
	open_file();
}

/* At the end of an entry. What was written in part is taken back, so that every line of the file is whole. */
static void end_entry(void)
{
	word most = settings()->log_bytes_low | (word)settings()->log_bytes_high << 32;

	if (lost || (most && size + pending >= most)) {
		flush();
		if (lost) {
			SYSCALL(ftruncate, fd, whole);
			size = whole;
			lost = 0;
		}
	}
	if (!pending)
		whole = size;
	if (most && size >= most)
		rotate();
}

static void put(const char *bytes, word count)
{
	if (pending + count > OUT_BYTES)
		flush();
	for (word i = 0; i < count; i++)
		out[pending + i] = bytes[i];
	pending += count;
}

static void put_escaped(unsigned byte)
{
	const char *hex = "0123456789abcdef";
	char code[6] = { '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] };

	if (byte == '"' || byte == '\\')
		code[1] = byte, put(code, 2);
	else if (byte == '\n' || byte == '\r')
		code[1] = byte == '\n' ? 'n' : 'r', put(code, 2);
	else
		put(code, 6);
}

/* The length of the UTF-8 sequence at `at`, or 0 where it is not one (RFC 3629). */
static int sequence(const unsigned char *at, word rest)
{
	int length = at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;

	if (!length || (word)length > rest)
		return 0;
	for (int i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

/* Sixteen bytes, compared at once: SSE2 and NEON are in every x86-64 and arm64. */
typedef unsigned char block __attribute__((vector_size(16), aligned(1), may_alias));

static int any(block truth)
{
	typedef word halves __attribute__((vector_size(16)));
	halves both = (halves)truth;

	return (both[0] | both[1]) != 0;
}

/* Whether all of them stand for themselves in a JSON string as docker writes it. */
static int is_plain(block b)
{
	return !any((block)(b < 0x20) | (block)(b >= 0x80) | (block)(b == '"') | (block)(b == '\\') |
		    (block)(b == '<') | (block)(b == '>') | (block)(b == '&'));
}

/* One character that does not stand for itself, or that stands alone. Returns its length. */
static int put_character(const unsigned char *at, word rest)
{
	int length = *at < 0x80 ? 1 : sequence(at, rest);

	if (*at < 0x20 || *at == '"' || *at == '\\' || *at == '<' || *at == '>' || *at == '&')
		put_escaped(*at);
	/* U+2028 and U+2029 end lines in JavaScript, but not in JSON. */
	else if (length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8)
		put(at[2] & 1 ? "\\u2029" : "\\u2028", 6);
	else if (length)
		for (int i = 0; i < length; i++)
			out[pending++] = at[i];
	else
		put("\\ufffd", 6);
	return length ? length : 1;
}

static void put_text(const char *bytes, word count)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + count;

	while (at < end) {
		word room;

		if (pending > OUT_BYTES - BLOCK)
			flush();
		room = (OUT_BYTES - pending) / BLOCK;
		for (; room && end - at >= BLOCK && is_plain(*(const block *)at); room--, at += BLOCK, pending += BLOCK)
			*(block *)(out + pending) = *(const block *)at;
		if (at < end && pending <= OUT_BYTES - BLOCK)
			at += put_character(at, end - at);
	}
}

static char *put_digits(char *to, unsigned long number, int digits)
{
	for (int i = digits; i-- > 0; number /= 10)
		to[i] = '0' + number % 10;
	return to + digits;
}

/* RFC 3339 with nanoseconds. Days to a date: Howard Hinnant, chrono-compatible low-level date algorithms. */
static char *put_time(char *to, unsigned long now)
{
	unsigned long seconds = now / 1000000000, days = seconds / 86400 + 719468;
	unsigned long era = days / 146097, of_era = days % 146097;
	unsigned long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned long of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
	const unsigned long parts[] = { m < 10 ? m + 3 : m - 9, of_year - (153 * m + 2) / 5 + 1, seconds / 3600 % 24,
					seconds / 60 % 60, seconds % 60 };

	to = put_digits(to, year + era * 400 + (m >= 10), 4);
	for (int i = 0; i < 5; i++) {
		*to++ = "--T::"[i];
		to = put_digits(to, parts[i], 2);
	}
	*to++ = '.';
	to = put_digits(to, now % 1000000000, 9);
	*to++ = 'Z';
	return to;
}

static char suffix[SUFFIX_BYTES];
static word suffix_size;

/* What stands behind the text of each entry: the same for all that came with one read. */
static void prepare_suffix(int stream)
{
	const char *name = stream ? "\",\"stream\":\"stderr\",\"time\":\"" : "\",\"stream\":\"stdout\",\"time\":\"";
	char *to = suffix;

	while (*name)
		*to++ = *name++;
	to = put_time(to, nanoseconds(CLOCK_REALTIME));
	*to++ = '"';
	*to++ = '}';
	*to++ = '\n';
	suffix_size = to - suffix;
}

static void put_entry(const char *line, word count)
{
	put("{\"log\":\"", 8);
	put_text(line, count);
	put(suffix, suffix_size);
	end_entry();
}

static word line_length(const char *bytes, word count)
{
	word at = 0;

	while (at + BLOCK <= count && !any((block)(*(const block *)(bytes + at) == '\n')))
		at += BLOCK;
	while (at < count && bytes[at] != '\n')
		at++;
	return at < count ? at + 1 : 0;
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
	*room = sizeof streams[stream].bytes - streams[stream].have;
	return streams[stream].bytes + streams[stream].have;
}

void log_take(int stream, word count)
{
	char *bytes = streams[stream].bytes;
	word have = streams[stream].have + count, at = 0, length;

	if (fd < 0)
		return; /* no log: nothing is kept */
	prepare_suffix(stream);
	while (at < have) {
		length = line_length(bytes + at, have - at);
		if ((length ? length : have - at) > LINE_BYTES)
			length = piece_length(bytes + at);
		if (!length)
			break;
		put_entry(bytes + at, length);
		at += length;
	}
	flush();
	whole = lost ? whole : size;
	if (lost)
		end_entry();
	for (word i = 0; at && i < have - at; i++)
		bytes[i] = bytes[at + i];
	streams[stream].have = have - at;
}

/* The last line need not end in \n. */
void log_end(int stream)
{
	if (fd >= 0 && streams[stream].have) {
		prepare_suffix(stream);
		put_entry(streams[stream].bytes, streams[stream].have);
		flush();
		whole = lost ? whole : size;
		if (lost)
			end_entry();
	}
	streams[stream].have = 0;
}
