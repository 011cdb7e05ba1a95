/*
 * build/tinyctr: the first instruction of every command. An engine's everyday ones end in door.c. A start (of a container,
 * or of a program in one) that was prepared before, by TypeScript, is not prepared again: its file (src/linux/premises/wire.ts) holds the plan and its premises, which are the system calls by
 * which the host was looked at, with their answers. When all of them answer as they did then, preparing would end in the
 * same plan but for the container's id: that is written over the old one, and the executor takes our place. In every
 * other case the front end does.
 */
#include <linux/close_range.h>
#include "door.h"
#include "start.h"
#include "system.h"
#include <linux/memfd.h>

#define LOCK_EX 2
#define LOCK_NB 4
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

/* Every start's command line fits, or is prepared anew. */
#define KEY_BYTES 16384
#define PATH_BYTES 4096
#define MOST_VARIABLES 1022

extern const char executor[], executor_end[];
__asm__(".section .rodata\nexecutor:\n.incbin \"" EXECUTOR "\"\nexecutor_end:\n.previous\n");

static char key[KEY_BYTES], room[ROOM_BYTES];
static word key_size;
static const char *last; /* argument; where it stands in the key */
static word last_at;
/* What is chosen anew: the container's id, if it is; then what an engine names, as it stands in the key. */
static const char *chosen[MOST_WORDS];
static word chosen_count = 1;

static word length_of(const char *text)
{
	word length = 0;

	while (text[length])
		length++;
	return length;
}

static int same(const void *one, const void *other, word size)
{
	for (word i = 0; i < size; i++)
		if (((const char *)one)[i] != ((const char *)other)[i])
			return 0;
	return 1;
}

/* What stands behind `name` when `text` begins with it. */
static const char *after(const char *text, const char *name)
{
	word length = length_of(name);

	return same(text, name, length) ? text + length : 0;
}

/* The end of `to` behind a copy of `text`; false when it does not fit. */
static int add(char *to, word *size, word most, const char *text)
{
	for (; *text; text++) {
		if (*size + 1 >= most)
			return 0;
		to[(*size)++] = *text;
	}
	to[*size] = 0;
	return 1;
}

static int add_number(char *to, word *size, word most, unsigned long number)
{
	char digits[24], *digit = digits + sizeof digits;

	*--digit = 0;
	do
		*--digit = '0' + number % 10;
	while (number /= 10);
	return add(to, size, most, digit);
}

static const char *variable(char **envp, const char *name)
{
	for (; *envp; envp++)
		if (after(*envp, name))
			return *envp;
	return 0;
}

/* In the place of what is chosen anew. */
static int add_length(const char *text)
{
	if (key_size + 24 >= KEY_BYTES)
		return 0;
	key[key_size++] = CHOSEN;
	add_number(key, &key_size, KEY_BYTES, length_of(text));
	key_size++;
	return 1;
}

/* An engine names files of its own behind these, others each time. */
static int names_anew(const char *flag)
{
	static const char *const anew[] = { ANEW };

	for (unsigned i = 0; i < sizeof anew / sizeof *anew; i++)
		if (same(flag, anew[i], length_of(anew[i]) + 1))
			return 1;
	return 0;
}

/* All that a start depends on besides what it asks the kernel: user, folder, some variables, arguments. NUL ends each. */
static int write_key(char **parts, char **envp, int engine)
{
	static const char *const kept[] = { KEPT_VARIABLES };
	static char folder[PATH_BYTES];

	if (!add_number(key, &key_size, KEY_BYTES, SYSCALL(geteuid)) || SYSCALL(getcwd, folder, sizeof folder) <= 0)
		return 0;
	key_size++;
	if (!add(key, &key_size, KEY_BYTES - 1, folder))
		return 0;
	key_size++;
	for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++) {
		const char *text = variable(envp, kept[i]);

		if (text && !add(key, &key_size, KEY_BYTES - 1, text))
			return 0;
		key_size += text ? 1 : 0;
	}
	for (; *parts; parts++) {
		const int anew = engine && last && names_anew(last);

		last = *parts;
		last_at = key_size;
		if (anew && (chosen_count == MOST_WORDS || !add_length(*parts)))
			return 0;
		if (anew) {
			chosen[chosen_count++] = *parts;
			continue;
		}
		if (!add(key, &key_size, KEY_BYTES - 1, *parts))
			return 0;
		key_size++;
	}
	return last != 0;
}

/* The key of the same start for any container of an id as long as this one, which is the last argument. */
static int write_key_without_id(void)
{
	const word length = length_of(last);

	for (word i = 0; i < length; i++)
		if (!((last[i] | 32) >= 'a' && (last[i] | 32) <= 'z') && !(last[i] >= '0' && last[i] <= '9') &&
		    last[i] != '_' && last[i] != '-' && last[i] != '+' && (last[i] != '.' || !i))
			return 0;
	if (length < SHORTEST_ID || length > ID_DIGITS)
		return 0;
	key_size = last_at;
	return add_length(last);
}

/* FNV-1a of 32 bits, once as it is and once from another basis: a file name, not a proof (the key itself is). */
static unsigned hash(unsigned basis)
{
	for (word i = 0; i < key_size; i++)
		basis = (basis ^ (unsigned char)key[i]) * 16777619u;
	return basis;
}

/* The folder of `--root`, as the front end reads the same flags. */
static int state_folder(char **argv, char **envp, char *path)
{
	const char *given = 0, *value, *runtime = variable(envp, "XDG_RUNTIME_DIR=");
	word size = 0;

	for (argv++; *argv && after(*argv, "--"); argv++) {
		if ((value = after(*argv, "--root=")))
			given = value;
		else if (same(*argv, "--root", 7) && argv[1])
			given = *++argv;
		else if (same(*argv, "--data-root", 12) && argv[1])
			argv++;
	}
	if (given)
		return add(path, &size, PATH_BYTES, given);
	if (SYSCALL(geteuid) == 0)
		return add(path, &size, PATH_BYTES, "/run/tinyctr");
	if (runtime && (runtime = after(runtime, "XDG_RUNTIME_DIR=")) && *runtime)
		return add(path, &size, PATH_BYTES, runtime) && add(path, &size, PATH_BYTES, "/tinyctr");
	return add(path, &size, PATH_BYTES, "/run/user/") && add_number(path, &size, PATH_BYTES, SYSCALL(geteuid)) &&
	       add(path, &size, PATH_BYTES, "/tinyctr");
}

static struct header *find_start(const char *root)
{
	static char path[PATH_BYTES + 64];
	const unsigned halves[2] = { hash(2166136261u), hash(84696351u) };
	struct header *start;
	word size = 0;
	long fd, bytes;

	if (!add(path, &size, PATH_BYTES, root) || !add(path, &size, PATH_BYTES, "/starts/"))
		return 0;
	for (unsigned i = 0; i < 16; i++)
		path[size++] = "0123456789abcdef"[halves[i / 8] >> (28 - i % 8 * 4) & 15];
	path[size] = 0;
	fd = SYSCALL(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	bytes = SYSCALL(lseek, fd, 0, SEEK_END);
	start = (struct header *)SYSCALL(mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	SYSCALL(close, fd);
	if (bytes < (long)sizeof *start || ((long)start < 0 && (long)start >= -4095))
		return 0;
	if (start->magic != START_MAGIC || start->size != bytes || start->key_size != key_size ||
	    !same((char *)start + start->key, key, key_size))
		return 0;
	return start;
}

/* What is chosen anew in the place of what was, in the premises and in the plan. */
static int write_words(struct header *start)
{
	const struct word_anew *anew = (struct word_anew *)((char *)start + start->words);
	static unsigned char random[ID_DIGITS / 2];
	static char id[ID_DIGITS];

	if (!chosen[0] && SYSCALL(getrandom, random, sizeof random, 0) != sizeof random)
		return 0;
	for (unsigned i = 0; !chosen[0] && i < ID_DIGITS; i++)
		id[i] = "0123456789abcdef"[random[i / 2] >> (i % 2 ? 0 : 4) & 15];
	for (unsigned i = 0; i < start->word_count && i < chosen_count; i++) {
		const unsigned *place = (unsigned *)((char *)start + anew[i].places);

		for (unsigned j = 0; j < anew[i].count; j++)
			__builtin_memcpy((char *)start + (place[j] & ~SHORT_ID), chosen[i] ? chosen[i] : id,
					 place[j] & SHORT_ID ? SHORT_ID_DIGITS : anew[i].size);
	}
	return 1;
}

static int holds(struct header *start, const struct premise *premise)
{
	word args[6];
	long result;

	for (int i = 0; i < 6; i++) {
		args[i] = premise->args[i];
		if (premise->kinds[i] == ARGUMENT_DATA)
			args[i] += (word)start;
		else if (premise->kinds[i] == ARGUMENT_CELL)
			args[i] = *(long *)((char *)start + premise->args[i]);
		else if (premise->kinds[i] == ARGUMENT_ROOM)
			args[i] = (word)room;
	}
	result = syscall6(premise->number, args[0], args[1], args[2], args[3], args[4], args[5]);
	if (premise->into)
		*(long *)((char *)start + premise->into) = result;
	return (premise->expect == EXPECT_SAME ? result == premise->result : result >= 0) &&
	       same(room + premise->offset, (char *)start + premise->expected, premise->length);
}

static int all_hold(struct header *start)
{
	const struct premise *premise = (struct premise *)((char *)start + start->premises);
	const unsigned *relocation = (unsigned *)((char *)start + start->relocations);

	/* A monitor that held a file of its caller's would keep its readers waiting. Only what premises leave open stays. */
	SYSCALL(close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (unsigned i = 0; i < start->relocation_count; i++)
		*(word *)((char *)start + relocation[i]) += (word)start;
	for (unsigned i = 0; i < start->premise_count; i++)
		if (!holds(start, premise + i))
			return 0;
	return 1;
}

/*
 * A folder that can be locked is a dead container's (src/engine/sweep.ts): the front end cleans up. Where there are many,
 * an eighth of them is looked at, by chance: the thousandth start must not take longer than the first.
 */
static int has_leftovers(const char *root)
{
	struct entry {
		unsigned long inode, offset;
		unsigned short size;
		unsigned char type;
		char name[];
	};
	long folder = SYSCALL(openat, AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), got, found = 0;
	unsigned char chance = 0, few = 64;

	SYSCALL(getrandom, &chance, 1, 0);
	while (!found && (got = SYSCALL(getdents64, folder, room, sizeof room)) > 0)
		for (long at = 0; at < got && !found; at += ((struct entry *)(room + at))->size) {
			const char *name = ((struct entry *)(room + at))->name;
			long fd;

			if (*name == '.' || same(name, "starts", 7) || same(name, "seccomp", 8) ||
			    same(name, "networks", 9))
				continue;
			if (few)
				few--;
			else if ((name[0] ^ chance) & 7)
				continue;
			fd = SYSCALL(openat, folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			found = fd >= 0 && SYSCALL(flock, fd, LOCK_EX | LOCK_NB) == 0;
			SYSCALL(close, fd);
		}
	SYSCALL(close, folder);
	return found;
}

/* Sealed, as nothing in the container may write to it (CVE-2019-5736). */
static long sealed_memory(const char *name, unsigned flags, const char *content, word size)
{
	long fd = SYSCALL(memfd_create, name, flags | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = SYSCALL(memfd_create, name, flags | MFD_ALLOW_SEALING);
	if (fd < 0 || SYSCALL(write, fd, content, size) != (long)size)
		return -1;
	SYSCALL(fcntl, fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	return fd;
}

static void become_executor(struct header *start)
{
	long program = sealed_memory("tinyctr", MFD_CLOEXEC, executor, executor_end - executor);
	long plan = sealed_memory("tinyctr-plan", 0, (char *)start + start->plan, start->plan_size);
	char number[24], *argv[] = { "tinyctr", number, 0 }, *envp[] = { 0 };
	word size = 0;

	if (program < 0 || plan < 0)
		return;
	add_number(number, &size, sizeof number, plan);
	SYSCALL(execveat, program, "", argv, envp, AT_EMPTY_PATH);
}

static int mentions_one_of(char **argv, const char *const *words)
{
	for (argv++; *argv; argv++)
		for (unsigned i = 0; words[i]; i++)
			if (same(*argv, words[i], length_of(words[i]) + 1))
				return 1;
	return 0;
}

/*
 * The front end's environment: with the last tier of its optimizer off, which never pays in a process of seconds. A pull
 * takes an eighth less CPU without it.
 */
static char **tuned(char **argv, char **envp)
{
	/* Those that become an executor as soon as they can; those that look at many containers, and are done. */
	static const char *const starts[] = { "run", "create", "exec", "start", 0 };
	static const char *const looks[] = { "ps", "ls", "stats", "inspect", "stop", "kill", "rm", "images", 0 };
	static char no_optimizer[] = "BUN_JSC_useFTLJIT=0", patient[] = "BUN_JSC_thresholdForJITAfterWarmUp=50000";
	static char simple[] = "BUN_JSC_useDFGJIT=0", frugal[] = "BUN_JSC_forceRAMSize=536870912";
	static char *more[MOST_VARIABLES + 3];
	word count = 0;

	for (; envp[count]; count++) {
		if (count == MOST_VARIABLES)
			return envp;
		more[count] = envp[count];
	}
	more[count++] = no_optimizer;
	/* What runs once is not worth compiling: a third less CPU for a start. */
	if (mentions_one_of(argv, starts))
		more[count] = patient;
	/* Half the CPU of five hundred rows. */
	else if (mentions_one_of(argv, looks))
		more[count] = simple;
	/* Garbage is collected as on a machine of 512 MB, whatever this one has: a third less memory for a pull, no more CPU. */
	else
		more[count] = frugal;
	return more;
}

static void become_front_end(char **argv, char **envp)
{
	static char path[PATH_BYTES + 16];
	static const char error[] = "tinyctr: Cannot start tinyctr-front, which belongs beside tinyctr: build it again\n";
	long size = SYSCALL(readlinkat, AT_FDCWD, "/proc/self/exe", path, PATH_BYTES);

	while (size > 0 && path[size - 1] != '/')
		size--;
	__builtin_memcpy(path + (size > 0 ? size : 0), "tinyctr-front", sizeof "tinyctr-front");
	SYSCALL(execve, path, argv, tuned(argv, envp));
	SYSCALL(write, 2, error, sizeof error - 1);
	SYSCALL(exit_group, EXIT_RUNTIME_FAILED);
}

__attribute__((used)) static void start(long *stack)
{
	char **argv = (char **)(stack + 1), **envp = argv + *stack + 1;
	static char root[PATH_BYTES], *nothing[2];
	struct header *prepared = 0;
	const char *name = argv[0];
	int engine;

	for (const char *at = argv[0] ? argv[0] : ""; *at; at++)
		if (*at == '/')
			name = at + 1;
	engine = name && same(name, "tinyctr-runtime", sizeof "tinyctr-runtime");
	if (engine && serve_engine(argv, envp) == 0)
		SYSCALL(exit_group, 0);
	/* An engine's --root has its containers; its starts lie with everybody's, and have the whole line in their key. */
	if (write_key(argv + !engine, envp, engine) && state_folder(engine ? nothing : argv, envp, root) &&
	    !(prepared = find_start(root)) && write_key_without_id() && (prepared = find_start(root)))
		chosen[0] = last;
	if (prepared && write_words(prepared) && !(prepared->sweeps && has_leftovers(root)) && all_hold(prepared))
		become_executor(prepared);
	become_front_end(argv, envp);
}

#include "entry.h"
