/*
 * usage: floor FOLDER BLOB...
 *
 * The least a pull can cost once its bytes are there, in C and without a care: each gzip layer is read, hashed (OpenSSL),
 * inflated by the fastest inflate there is (ISA-L), hashed again, and its files, folders and links are made in
 * FOLDER/0, FOLDER/1, ... with their modes and times. No owners, no checks, no limits: a hostile layer would go anywhere.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <isa-l.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512
#define CHUNK (512 * 1024)

static char path[PATH_MAX], target[PATH_MAX], pax[64 * 1024];
static struct timespec times[2];
static long left, pad, pax_size;
static int file = -1;

static long octal(const char *field)
{
	return strtol(field, NULL, 8);
}

/* LENGTH KEY=VALUE\n, of which only names and times are looked at. */
static void take_pax(void)
{
	for (char *at = pax; at < pax + pax_size;) {
		char *next = at + strtol(at, NULL, 10), *key = strchr(at, ' ') + 1, *value = strchr(key, '=') + 1;

		next[-1] = 0;
		if (strncmp(key, "path=", 5) == 0)
			strcpy(path, value);
		else if (strncmp(key, "linkpath=", 9) == 0)
			strcpy(target, value);
		else if (strncmp(key, "mtime=", 6) == 0) {
			char *fraction;

			times[1].tv_sec = strtol(value, &fraction, 10);
			times[1].tv_nsec = *fraction == '.' ? (long)(strtod(fraction, NULL) * 1e9) : 0;
		}
		at = next;
	}
}

static void make_file(mode_t mode)
{
	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (file < 0)
		err(1, "%s", path);
}

static void finish_file(void)
{
	futimens(file, times);
	close(file);
	file = -1;
}

static void take_header(const char *block)
{
	char type = block[156];
	mode_t mode = octal(block + 100);

	left = type == '0' || type == 0 || type == 'x' || type == 'g' ? octal(block + 124) : 0;
	pad = -left & (BLOCK - 1);
	if (type == 'x' || type == 'g') {
		pax_size = 0;
		return;
	}
	if (!path[0])
		block[345] ? sprintf(path, "%.155s/%.100s", block + 345, block) : sprintf(path, "%.100s", block);
	if (!target[0])
		sprintf(target, "%.100s", block + 157);
	if (!times[1].tv_sec)
		times[1].tv_sec = octal(block + 136);
	times[0] = times[1];
	if (type == '0' || type == 0)
		make_file(mode);
	else if (type == '5')
		mkdir(path, mode | 0700);
	else if (type == '2' && symlink(target, path) == 0)
		utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
	else if (type == '1')
		link(target, path);
	path[0] = target[0] = 0;
	times[1] = (struct timespec){ 0 };
	if (file >= 0 && left == 0)
		finish_file();
}

static void take(const char *bytes, long size)
{
	while (size > 0) {
		long step = left > 0 ? (left < size ? left : size) : pad < size ? pad : size;

		if (left > 0) {
			if (file >= 0 && write(file, bytes, step) != step)
				err(1, "write");
			if (file < 0 && pax_size + step < (long)sizeof pax) {
				memcpy(pax + pax_size, bytes, step);
				pax_size += step;
			}
			left -= step;
			if (left == 0 && file >= 0)
				finish_file();
			else if (left == 0)
				take_pax();
		} else if (pad > 0) {
			pad -= step;
		} else {
			/* Chunks are whole blocks, so a header never lies across two. */
			step = BLOCK;
			if (bytes[0])
				take_header(bytes);
		}
		bytes += step;
		size -= step;
	}
}

static void unpack(const char *blob)
{
	static unsigned char packed[CHUNK], bytes[CHUNK], digest[32];
	static struct inflate_state state;
	EVP_MD_CTX *of_blob = EVP_MD_CTX_new(), *of_layer = EVP_MD_CTX_new();
	int from = open(blob, O_RDONLY);
	long got;

	EVP_DigestInit(of_blob, EVP_sha256());
	EVP_DigestInit(of_layer, EVP_sha256());
	isal_inflate_init(&state);
	state.crc_flag = ISAL_GZIP;
	state.next_out = bytes;
	state.avail_out = CHUNK;
	while ((got = read(from, packed, CHUNK)) > 0) {
		EVP_DigestUpdate(of_blob, packed, got);
		state.next_in = packed;
		state.avail_in = got;
		while (state.avail_in > 0 && state.block_state != ISAL_BLOCK_FINISH) {
			if (isal_inflate(&state) != ISAL_DECOMP_OK)
				errx(1, "%s: not gzip", blob);
			if (state.avail_out > 0 && state.block_state != ISAL_BLOCK_FINISH)
				continue;
			EVP_DigestUpdate(of_layer, bytes, CHUNK - state.avail_out);
			take((char *)bytes, CHUNK - state.avail_out);
			state.next_out = bytes;
			state.avail_out = CHUNK;
		}
	}
	EVP_DigestFinal(of_blob, digest, NULL);
	EVP_DigestFinal(of_layer, digest, NULL);
	close(from);
}

int main(int argc, char **argv)
{
	umask(0);
	for (int i = 2; i < argc; i++) {
		snprintf(path, sizeof path, "%s/%d", argv[1], i);
		mkdir(path, 0700);
		if (chdir(path) != 0)
			err(1, "%s", path);
		path[0] = left = pad = 0;
		unpack(argv[i]);
	}
	return 0;
}
