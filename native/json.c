/* An entry of a json-file log: JSON's escapes as docker writes them, and the time. */
#include "detached.h"
#include "block.h"

/* Every byte that a container writes goes through here. */
#pragma GCC optimize("O2")

static char *put_escaped(char *to, unsigned byte)
{
	const char *hex = "0123456789abcdef", *code = byte == '\n' ? "n" : byte == '\r' ? "r" : "u00";

	*to++ = '\\';
	if (byte == '"' || byte == '\\') {
		*to++ = byte;
		return to;
	}
	while (*code)
		*to++ = *code++;
	if (code[-1] == '0') {
		*to++ = hex[byte >> 4];
		*to++ = hex[byte & 15];
	}
	return to;
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

/* How many of them, from the first on, stand for themselves in a JSON string as docker writes it. */
static word plain_bytes(block b)
{
	/* Signed, what is not ASCII is less than a space; " and & differ in one bit, as < and > do. */
	return bytes_before((block)((signed_block)b < 0x20) | (block)((b | 4) == '&') | (block)((b | 2) == '>') |
			    (block)(b == '\\'));
}

/* One character that does not stand for itself, or that stands alone. Returns its length. */
static word put_character(char **to, const unsigned char *at, word rest)
{
	int length = *at < 0x80 ? 1 : sequence(at, rest);
	/* U+2028 and U+2029 end lines in JavaScript, but not in JSON. */
	const char *code = length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8 ?
				   (at[2] & 1 ? "\\u2029" : "\\u2028") :
				   length ? 0 : "\\ufffd";

	if (length == 1)
		*to = put_escaped(*to, *at);
	else if (code)
		while (*code)
			*(*to)++ = *code++;
	else
		for (int i = 0; i < length; i++)
			*(*to)++ = at[i];
	return length ? length : 1;
}

/* Reads and writes up to a block more than that. Returns the end of what was written, at most six times as much. */
char *json_text(char *to, const char *bytes, word count)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + count;

	while (at < end) {
		word plain = plain_bytes(*(block *)to = *(const block *)at);

		if (plain > (word)(end - at))
			plain = end - at;
		to += plain;
		at += plain;
		if (plain < BLOCK && at < end)
			at += put_character(&to, at, end - at);
	}
	return to;
}

static char *put_digits(char *to, unsigned long number, int digits)
{
	for (int i = digits; i-- > 0; number /= 10)
		to[i] = '0' + number % 10;
	return to + digits;
}

/* RFC 3339 with nanoseconds. Days to a date: Howard Hinnant, chrono-compatible low-level date algorithms. */
char *json_time(char *to, unsigned long now)
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

