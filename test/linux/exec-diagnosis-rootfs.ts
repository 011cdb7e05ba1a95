/** A root full of programs that do not run, for the machine the test runs on. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'

const [OWN, OTHER] = process.arch === 'arm64' ? [183, 62] : [62, 183]
const ET_REL = 1
const ET_DYN = 3

/** The headers of an ELF for 64 bits, with a PT_INTERP where a loader is named. */
function elf(machine: number, type: number, loader?: string): Buffer {
  const interpreter = Buffer.from(loader === undefined ? '' : `${loader}\0`)
  const bytes = Buffer.alloc(64 + 56 + interpreter.length)
  bytes.write('\x7fELF\x02\x01\x01', 'latin1')
  bytes.writeUInt16LE(type, 16)
  bytes.writeUInt16LE(machine, 18)
  bytes.writeUInt32LE(1, 20)
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(64, 52)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt32LE(loader === undefined ? 6 : 3, 64)
  bytes.writeUInt32LE(4, 68)
  bytes.writeBigUInt64LE(120n, 72)
  bytes.writeBigUInt64LE(BigInt(interpreter.length), 64 + 32)
  bytes.writeBigUInt64LE(BigInt(interpreter.length), 64 + 40)
  interpreter.copy(bytes, 120)
  return bytes
}

export function makeRootfs(root: string): void {
  for (const folder of ['app', 'bin', 'lib', 'noexec', 'sbin', 'tmp'])
    mkdirSync(`${root}/${folder}`, { recursive: true })
  const put = (path: string, content: string | Buffer, mode = 0o755): void => {
    writeFileSync(`${root}${path}`, content)
    chmodSync(`${root}${path}`, mode)
  }
  put('/bin/sh', elf(OWN, ET_DYN))
  put('/sbin/ip', elf(OWN, ET_DYN))
  put('/lib/ld-musl-test.so.1', elf(OWN, ET_DYN), 0o644)
  put('/lib/ld-other.so.1', elf(OTHER, ET_DYN))
  put('/app/plain', '#!/bin/sh\n', 0o644)
  put('/app/bash', '#!/bin/bash -e\necho\n')
  put('/app/crlf', '#!/bin/sh\r\necho\r\n')
  put('/app/bom', '\ufeff#!/bin/sh\necho\n')
  put('/app/text', 'echo hello\n')
  put('/app/empty', '')
  put('/app/nameless', '#!\necho\n')
  put('/app/windows', 'MZ\x90\x00\x03\x00 program')
  put('/app/noise', Buffer.from([1, 2, 3, 0, 255]))
  put('/app/foreign', elf(OTHER, ET_DYN))
  put('/app/object', elf(OWN, ET_REL))
  put('/app/cut', elf(OWN, ET_DYN).subarray(0, 80))
  put('/app/glibc', elf(OWN, ET_DYN, '/lib64/ld-linux-test.so.2'))
  put('/app/wrong-loader', elf(OWN, ET_DYN, '/lib/ld-other.so.1'))
  put('/app/through-plain', '#!/app/plain\n')
  put('/app/relative', '#!app/nothing\n')
  symlinkSync('/bin/nothing', `${root}/app/dangling`)
  symlinkSync('circle', `${root}/app/circle`)
  for (let i = 0; i < 7; i++) put(`/app/deep${i}`, `#!/app/deep${i + 1}\n`)
  put('/app/deep7', '#!/bin/sh\n')
  mkdirSync(`${root}/app/private`)
  put('/app/private/program', '#!/bin/sh\n')
  chmodSync(`${root}/app/private`, 0o700)
}

export const PROGRAMS = [
  'bin',
  'plain',
  'bash',
  'crlf',
  'bom',
  'text',
  'empty',
  'nameless',
  'windows',
  'noise',
  'foreign',
  'object',
  'cut',
  'glibc',
  'wrong-loader',
  'through-plain',
  'relative',
  'dangling',
  'circle',
  'deep0',
  'nothing',
  'nothing/deeper',
  'plain/deeper',
].map((name) => (name === 'bin' ? '/bin' : `/app/${name}`))
