/*
 * usage: floor EXECUTOR PLAN
 *
 * The least a start can cost: the native executor with a plan that was encoded beforehand, so no JavaScript at all. What
 * `tinyctr run` takes above this is what the front end costs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char number[12], *arguments[] = { "tinyctr", number, NULL }, *environment[] = { NULL };
	int plan = argc == 3 ? open(argv[2], O_RDONLY) : -1;

	if (plan < 0)
		return 125;
	snprintf(number, sizeof number, "%d", plan);
	execve(argv[1], arguments, environment);
	return 125;
}
