/** The flags of `run` and `create` that say how a container is kept once it runs. */

import { parseLabel } from '../../engine/config/env-file.ts'
import { parseInteger } from '../../engine/config/integer.ts'
import { parseDetachKeys } from '../../engine/container/detach-keys.ts'
import { parseDuration } from '../../engine/container/duration.ts'
import { LOG_DRIVERS } from '../../engine/container/log-options.ts'
import { parseRestartPolicy } from '../../engine/container/restart-policy.ts'
import type { FlagTable } from '../flag.ts'
import { parseSignal, parseStream } from './run-values.ts'

export const lifeFlags = {
  attach: {
    takes: 'many',
    short: 'a',
    value: 'STREAM',
    parse: parseStream,
    help: 'Attach to stdin, stdout or stderr',
  },
  cidfile: { takes: 'one', value: 'FILE', help: 'Write the id of the container to a file' },
  detach: { takes: 'nothing', short: 'd', help: 'Run in the background and print the id' },
  'detach-keys': {
    takes: 'one',
    value: 'KEYS',
    parse: parseDetachKeys,
    help: 'Keys that detach from the container (default ctrl-p,ctrl-q)',
  },
  'health-cmd': { takes: 'one', value: 'COMMAND', help: 'Command that says whether the container is well' },
  'health-interval': {
    takes: 'one',
    value: 'DURATION',
    parse: parseDuration,
    help: 'Time between two checks (default 30s)',
  },
  'health-retries': {
    takes: 'one',
    value: 'N',
    parse: parseInteger,
    help: 'Failures in a row until it is unhealthy (default 3)',
  },
  'health-start-interval': {
    takes: 'one',
    value: 'DURATION',
    parse: parseDuration,
    help: 'Time between two checks while it starts (default 5s)',
  },
  'health-start-period': {
    takes: 'one',
    value: 'DURATION',
    parse: parseDuration,
    help: 'How long it may take to start (default 0s)',
  },
  'health-timeout': {
    takes: 'one',
    value: 'DURATION',
    parse: parseDuration,
    help: 'How long a check may take (default 30s)',
  },
  'log-driver': {
    takes: 'one',
    value: 'DRIVER',
    choices: LOG_DRIVERS,
    help: 'Where its output is kept: json-file (default), local, journald or none',
  },
  'log-opt': {
    takes: 'many',
    value: 'NAME=VALUE',
    parse: parseLabel,
    help: 'max-size=SIZE (default 20m), max-file=N (default 5)',
  },
  'no-healthcheck': { takes: 'nothing', help: 'Do not check the health of the container' },
  restart: {
    takes: 'one',
    value: 'POLICY',
    parse: parseRestartPolicy,
    help: 'When it is started again: no, on-failure[:N], always, unless-stopped',
  },
  rm: { takes: 'nothing', help: 'Remove the container when it ends' },
  'sig-proxy': { takes: 'nothing', help: 'Pass signals on to the container (default true)' },
  'stop-signal': {
    takes: 'one',
    value: 'SIGNAL',
    parse: parseSignal,
    help: 'Signal that stops the container',
  },
  'stop-timeout': {
    takes: 'one',
    value: 'SECONDS',
    parse: parseInteger,
    help: 'Seconds to wait for it to stop',
  },
} as const satisfies FlagTable
