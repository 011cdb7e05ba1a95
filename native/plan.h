/* Generated from src/plan/wire.ts by native/generate.ts. */
#ifndef PLAN_H
#define PLAN_H

#define PLAN_MAGIC 0x31706374u
#define TOLERATED 6
#define STAY_DOWN 62

#define FLAG_TERMINAL 1
#define FLAG_INTERACTIVE 2

#define MONITOR_DETACH 1
#define MONITOR_CLIENT 2
#define MONITOR_DIRECT 512
#define MONITOR_STDIN 4
#define MONITOR_STDIN_ONCE 8
#define MONITOR_ATTACH_STDIN 16
#define MONITOR_ATTACH_STDOUT 32
#define MONITOR_ATTACH_STDERR 64
#define MONITOR_SIGNAL_PROXY 128
#define MONITOR_TERMINAL 256

#define OP_CALL 0
#define OP_COPY 1
#define OP_FORMAT 2
#define OP_SIGNAL 3
#define OP_WAIT 4
#define OP_SPAWN 5
#define OP_REMOVE_TREE 6
#define OP_REMOVE_CGROUP 7
#define OP_COPY_TREE 8
#define OP_HOOK 9
#define OP_NETLINK 10
#define OP_COMPANION 11

#define ROLE_NONE 0
#define ROLE_CONTAINER 1
#define ROLE_RELAY 2
#define ROLE_INIT 3
#define ROLE_HOLDER 4

#define ARGUMENT_VALUE 0
#define ARGUMENT_DATA 1
#define ARGUMENT_SLOT 2

struct header {
	unsigned int magic;
	unsigned int flags;
	unsigned int size;
	unsigned int records;
	unsigned int host_end;
	unsigned int container_end;
	unsigned int cleanup_end;
	unsigned int relocations;
	unsigned int relocation_count;
	unsigned int pid_cell;
	unsigned int channel_cell;
	unsigned int verdict_cell;
	unsigned int start_cell;
	unsigned int explain_argv;
	unsigned int explain_envp;
	unsigned int source;
	unsigned int source_size;
	unsigned int monitor;
};

struct monitor {
	unsigned int flags;
	unsigned int announce;
	unsigned int stdin_cell;
	unsigned int stdout_cell;
	unsigned int stderr_cell;
	unsigned int status_cell;
	unsigned int events;
	unsigned int event_began;
	unsigned int event_ended;
	unsigned int event_resized;
	unsigned int event_detached;
	unsigned int cgroup;
	unsigned int log;
	unsigned int log_bytes_low;
	unsigned int log_bytes_high;
	unsigned int log_files;
	unsigned int journal;
	unsigned int socket_folder;
	unsigned int restart;
	unsigned int health_argv;
	unsigned int health_interval;
	unsigned int health_start_interval;
	unsigned int health_start_period;
	unsigned int detach_keys;
	unsigned int detach_keys_size;
	unsigned int client_fd;
};

struct record {
	unsigned char op, role;
	unsigned short step;
	unsigned int number, into, unless;
	unsigned char kinds[6], tolerated[TOLERATED];
	unsigned int reserved;
	unsigned long args[6];
};

_Static_assert(sizeof(struct record) == 80, "wire.ts and plan.h disagree");
_Static_assert(__builtin_offsetof(struct record, args) == 32, "wire.ts and plan.h disagree");

#endif
