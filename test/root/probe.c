/* A static program that looks at the container from inside, where busybox has no word for it. setuid root. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Real and effective user. */
static int ids(void)
{
	printf("%d %d\n", getuid(), geteuid());
	return 0;
}

/* The session keyring: in no namespace, so its number says whether it is the caller's. */
static int keyring(void)
{
	printf("%ld\n", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
	return 0;
}

/* Every open file descriptor and where it leads. */
static int descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	char target[4096];

	while ((entry = readdir(folder))) {
		ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);

		if (length < 0 || atoi(entry->d_name) == dirfd(folder))
			continue;
		target[length] = 0;
		printf("%s %s\n", entry->d_name, target);
	}
	return 0;
}

/* Tries to open a file for writing, as CVE-2019-5736 does with /proc/PID/exe. */
static int overwrite(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	printf("%s\n", fd < 0 ? "refused" : write(fd, "#!/bin/false\n", 13) < 0 ? "opened" : "OVERWRITTEN");
	return 0;
}

/* Folders in folders, deeper than any path is long. */
static int nest(int depth)
{
	while (depth--)
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			return 1;
	puts("nested");
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "ids"))
		return ids();
	if (argc > 1 && !strcmp(argv[1], "keyring"))
		return keyring();
	if (argc > 1 && !strcmp(argv[1], "descriptors"))
		return descriptors();
	if (argc > 2 && !strcmp(argv[1], "overwrite"))
		return overwrite(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "nest"))
		return nest(atoi(argv[2])) || (argc > 3 && pause());
	return 2;
}
