/* What start.c asks of door.c. */
#ifndef DOOR_H
#define DOOR_H

/* 0 when the command was served; else nothing was done, and the front end is to do it. */
int serve_engine(char **argv, char **envp);

#endif
