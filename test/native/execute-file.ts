/** usage: execute-file.ts PLAN. Gives the encoded plan in a file to the native executor, which takes this place. */
import { readFileSync } from 'node:fs'
import { executeNative } from '../../src/linux/execute-native.ts'

executeNative(readFileSync(process.argv[2] as string))
