/* Generated from src/linux/premises/wire.ts by native/generate.ts. */
#ifndef START_H
#define START_H

#define START_MAGIC 0x32736374u
#define ID_DIGITS 64
#define SHORTEST_ID 6
#define CHOSEN '\1'
#define MOST_WORDS 8
#define ANEW "--pid-file", "--process", "--console-socket", "--log"
#define SHORT_ID_DIGITS 12
#define SHORT_ID 0x80000000u
#define ROOM_BYTES 65536
#define KEPT_VARIABLES "PATH=", "HOME=", "TERM=", "NO_COLOR=", "LANG=", "XDG_RUNTIME_DIR=", "XDG_DATA_HOME=", "TINYCTR_NETWORK=", "TINYCTR_PUBLISH=", "LISTEN_FDS="

#define ARGUMENT_VALUE 0
#define ARGUMENT_DATA 1
#define ARGUMENT_CELL 2
#define ARGUMENT_ROOM 3

#define EXPECT_SAME 0
#define EXPECT_SUCCESS 1

struct header {
	unsigned int magic;
	unsigned int size;
	unsigned int key;
	unsigned int key_size;
	unsigned int premises;
	unsigned int premise_count;
	unsigned int relocations;
	unsigned int relocation_count;
	unsigned int words;
	unsigned int word_count;
	unsigned int plan;
	unsigned int plan_size;
	unsigned int sweeps;
};

struct word_anew {
	unsigned int size;
	unsigned int places;
	unsigned int count;
};

struct premise {
	unsigned int number, into;
	unsigned char kinds[6], expect, reserved;
	unsigned int offset, length, expected, padding;
	long result;
	unsigned long args[6];
};

_Static_assert(sizeof(struct premise) == 88, "wire.ts and start.h disagree");
_Static_assert(__builtin_offsetof(struct premise, args) == 40, "wire.ts and start.h disagree");

#endif
