/*
 * Whole trees: remove what a container wrote, remove its cgroup, copy what an image has under a tmpfs. All by directory
 * descriptors and names, never following a symlink.
 */
#include "executor.h"

#define O_NOTHING (O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
/* A cgroup is busy until its last process is gone. */
#define BUSY_TRIES 200
#define BUSY_MILLISECONDS 5
/* A container may nest directories without end. */
#define DEEPEST 64

struct dirent64 {
	word inode;
	long offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static long remove_directory(int parent, const char *path)
{
	long result = SYSCALL(unlinkat, parent, path, AT_REMOVEDIR);

	for (int tries = 0; result == -EBUSY && tries < BUSY_TRIES; tries++) {
		sleep_milliseconds(BUSY_MILLISECONDS);
		result = SYSCALL(unlinkat, parent, path, AT_REMOVEDIR);
	}
	return result == -ENOENT ? 0 : result;
}

/*
 * Opens a directory to empty it, unless something is mounted there. An owner without CAP_DAC_OVERRIDE may have to let
 * himself in first.
 */
static int open_directory(int parent, const char *path)
{
	struct open_how how = { O_NOTHING | O_DIRECTORY, 0, parent == AT_FDCWD ? 0 : RESOLVE_NO_XDEV };
	int fd = SYSCALL(openat2, parent, path, &how, sizeof how);

	if (fd == -EACCES && SYSCALL(fchmodat, parent, path, 0700) == 0)
		fd = SYSCALL(openat2, parent, path, &how, sizeof how);
	return fd;
}

/* Under a name that nothing else has there: `aaaaaaaa`, `baaaaaaa` and on. */
static int move_up(int from, const char *name, int top)
{
	static char fresh[] = "aaaaaaaa";

	for (int i = 0; fresh[i] && ++fresh[i] > 'z'; i++)
		fresh[i] = 'a';
	return SYSCALL(renameat2, from, name, top, fresh, 0) == 0;
}

/* What lies too deep for our stack and descriptors is moved to `top`, which is then emptied again. */
static int empty(int top, int fd, int depth, int only_directories)
{
	char buffer[4096] __attribute__((aligned(8)));
	long got;
	int below, moved = 0;

	if (!only_directories)
		SYSCALL(fchmod, fd, 0700);
	while ((got = SYSCALL(getdents64, fd, buffer, sizeof buffer)) > 0)
		for (long at = 0; at < got; at += ((struct dirent64 *)(buffer + at))->length) {
			struct dirent64 *entry = (struct dirent64 *)(buffer + at);

			if (is_dot(entry->name))
				continue;
			if (entry->type != DT_DIR) {
				if (!only_directories)
					SYSCALL(unlinkat, fd, entry->name, 0);
			} else if (depth == DEEPEST) {
				moved |= move_up(fd, entry->name, top);
			} else if ((below = open_directory(fd, entry->name)) >= 0) {
				moved |= empty(top, below, depth + 1, only_directories);
				SYSCALL(close, below);
				remove_directory(fd, entry->name);
			}
		}
	return moved;
}

long remove_tree(const char *path, int only_directories)
{
	int fd = open_directory(AT_FDCWD, path);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	while (empty(fd, fd, 0, only_directories))
		SYSCALL(lseek, fd, 0, 0);
	SYSCALL(close, fd);
	return remove_directory(AT_FDCWD, path);
}

long remove_cgroup(const char *path)
{
	long fd = SYSCALL(openat, AT_FDCWD, path, O_NOTHING | O_DIRECTORY, 0), kill;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	kill = SYSCALL(openat, fd, "cgroup.kill", O_WRONLY | O_CLOEXEC, 0);
	SYSCALL(write, kill, "1", 1);
	SYSCALL(close, kill);
	SYSCALL(close, fd);
	return remove_tree(path, 1);
}

static long copy_file(int from, int to, const char *name)
{
	int in = SYSCALL(openat, from, name, O_NOTHING, 0);
	int out = SYSCALL(openat, to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	char buffer[4096];
	long got = in < 0 ? in : out;

	while (got >= 0 && (got = SYSCALL(read, in, buffer, sizeof buffer)) > 0)
		got = SYSCALL(write, out, buffer, got);
	SYSCALL(close, in);
	SYSCALL(close, out);
	return got;
}

static long copy_entry(int from, int to, const char *name)
{
	struct stat info;
	char target[4096];
	long result = SYSCALL(newfstatat, from, name, &info, AT_SYMLINK_NOFOLLOW);

	if (result < 0)
		return result;
	if ((info.st_mode & S_IFMT) == S_IFDIR) {
		int in, out;

		SYSCALL(mkdirat, to, name, 0700);
		in = SYSCALL(openat, from, name, O_NOTHING | O_DIRECTORY, 0);
		out = SYSCALL(openat, to, name, O_NOTHING | O_DIRECTORY, 0);
		result = copy_tree(in, out);
		SYSCALL(close, in);
		SYSCALL(close, out);
	} else if ((info.st_mode & S_IFMT) == S_IFLNK) {
		result = SYSCALL(readlinkat, from, name, target, sizeof target - 1);
		target[result < 0 ? 0 : result] = 0;
		result = SYSCALL(symlinkat, target, to, name);
	} else if ((info.st_mode & S_IFMT) == S_IFREG) {
		result = copy_file(from, to, name);
	} else {
		result = SYSCALL(mknodat, to, name, info.st_mode, info.st_rdev);
	}
	if (result < 0)
		return result;
	SYSCALL(fchownat, to, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW);
	if ((info.st_mode & S_IFMT) != S_IFLNK)
		SYSCALL(fchmodat, to, name, info.st_mode & 07777);
	return 0;
}

long copy_tree(int from, int to)
{
	char buffer[4096] __attribute__((aligned(8)));
	int fd = SYSCALL(openat, from, ".", O_NOTHING | O_DIRECTORY, 0);
	long got, result = fd < 0 ? fd : 0;

	while (result >= 0 && (got = SYSCALL(getdents64, fd, buffer, sizeof buffer)) > 0)
		for (long at = 0; result >= 0 && at < got; at += ((struct dirent64 *)(buffer + at))->length) {
			struct dirent64 *entry = (struct dirent64 *)(buffer + at);

			if (!is_dot(entry->name))
				result = copy_entry(from, to, entry->name);
		}
	SYSCALL(close, fd);
	return result;
}
