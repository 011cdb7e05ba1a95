/* A booted kernel becomes a Linux system: its modules, its root, what is mounted in it, its control groups. */
#include "guest.h"

#define MS_RDONLY 1
#define MS_NOSUID 2
#define MS_NODEV 4
#define MS_NOEXEC 8
#define MS_MOVE 8192
#define MS_REC 16384
#define MS_SHARED (1 << 20)
#define AF_INET 2
#define SOCK_DGRAM 2
#define SIOCSIFFLAGS 0x8914
#define IFF_UP 1
/* A device shows up a moment after its driver. */
#define TRIES 1000

static const struct {
	const char *type, *at, *data;
	word flags;
} mounts[] = {
	{ "proc", "/proc", 0, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "sysfs", "/sys", 0, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "devtmpfs", "/dev", "mode=755", MS_NOSUID },
	{ "devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV },
	{ "mqueue", "/dev/mqueue", 0, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV },
	{ "tmpfs", "/writable", "mode=755", MS_NODEV },
	{ "cgroup2", "/sys/fs/cgroup", "nsdelegate", MS_NOSUID | MS_NODEV | MS_NOEXEC },
};

static const char *const links[][2] = {
	{ "pts/ptmx", "/dev/ptmx" },   { "/proc/self/fd", "/dev/fd" }, { "fd/0", "/dev/stdin" },
	{ "fd/1", "/dev/stdout" },     { "fd/2", "/dev/stderr" },
};

static const char *const controllers[] = { "+cpu", "+io", "+memory", "+pids", "+cpuset" };

/* /boot/modules/a, b, c, ...: each after those that it needs. */
static void load_modules(void)
{
	char path[] = "/boot/modules/aa";

	for (;; path[15]++) {
		long fd, result;

		if (path[15] > 'z') {
			path[14]++;
			path[15] = 'a';
		}
		fd = SYSCALL(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		result = SYSCALL(finit_module, fd, "", 0);
		if (result < 0 && result != -EEXIST)
			say("Cannot load the module", path);
		SYSCALL(close, fd);
	}
}

static void mount_tag(const char *tag, const char *at, word flags, const char *options)
{
	long result = -1;

	for (int i = 0; i < TRIES && result < 0; i++) {
		result = SYSCALL(mount, tag, at, "9p", flags, options);
		if (result < 0)
			sleep_milliseconds(5);
	}
	if (result < 0) {
		say("Cannot mount what the host shares:", tag);
		turn_off();
	}
}

/* From the initramfs to the tree that the host shares, as switch_root(8) does. The image never changes: it is cached. */
static void switch_root(void)
{
	SYSCALL(mkdirat, AT_FDCWD, "/root", 0755);
	mount_tag("guest", "/root", 0, "trans=virtio,version=9p2000.L,msize=262144,cache=mmap");
	mount_tag("lower", "/root/lower", MS_RDONLY, "trans=virtio,version=9p2000.L,msize=262144,cache=loose");
	SYSCALL(chdir, "/root");
	SYSCALL(mount, ".", "/", 0, MS_MOVE, 0);
	SYSCALL(chroot, ".");
	SYSCALL(chdir, "/");
}

static void write_file(const char *path, const char *text)
{
	long fd = SYSCALL(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	word size = 0;

	while (text[size])
		size++;
	SYSCALL(write, fd, text, size);
	SYSCALL(close, fd);
}

static void raise_loopback(void)
{
	/* struct ifreq: a name, the flags */
	struct {
		char name[16];
		short flags;
		char rest[22];
	} request = { "lo", IFF_UP, "" };
	long fd = SYSCALL(socket, AF_INET, SOCK_DGRAM | O_CLOEXEC, 0);

	SYSCALL(ioctl, fd, SIOCSIFFLAGS, &request);
	SYSCALL(close, fd);
}

void make_system(int is_virtual)
{
	load_modules();
	if (is_virtual)
		switch_root();
	for (unsigned i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		long result;

		SYSCALL(mkdirat, AT_FDCWD, mounts[i].at, 0755);
		result = SYSCALL(mount, mounts[i].type, mounts[i].at, mounts[i].type, mounts[i].flags, mounts[i].data);
		/* Some kernels mount their /dev themselves. */
		if (result < 0 && result != -EBUSY)
			say("Cannot mount", mounts[i].at);
	}
	for (unsigned i = 0; i < sizeof links / sizeof *links; i++)
		SYSCALL(symlinkat, links[i][0], AT_FDCWD, links[i][1]);
	for (unsigned i = 0; i < sizeof controllers / sizeof *controllers; i++)
		write_file("/sys/fs/cgroup/cgroup.subtree_control", controllers[i]);
	SYSCALL(mount, 0, "/", 0, MS_REC | MS_SHARED, 0);
	raise_loopback();
	SYSCALL(sethostname, "vm", 2);
}
