/* Generated from src/plan/wire.ts by native/generate.ts. */
#ifndef PLAN_H
#define PLAN_H

#define PLAN_MAGIC 0x31706374u
#define TOLERATED 6

#define FLAG_TERMINAL 1
#define FLAG_INTERACTIVE 2

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
