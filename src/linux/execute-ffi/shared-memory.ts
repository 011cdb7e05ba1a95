/**
 * Words that a container half and its parent both see (mmap(2), MAP_SHARED). A store needs no system call, so no filter
 * can forbid a failed half to say what failed.
 */
import { foreign } from '#ffi'
import { call } from '../call.ts'

/** arm64 kernels may have pages of this size; a multiple of every smaller one. */
const LARGEST_PAGE = 64 * 1024
const PROT_READ_WRITE = 3
const MAP_SHARED = 0x01
const MAP_FIXED = 0x10
const MAP_ANONYMOUS = 0x20

/** FFI reads no foreign memory; so the shared page is put in the place of a page of an array that never moves. */
export function shareMemory(words: number): Int32Array {
  const bytes = new Uint8Array(2 * LARGEST_PAGE)
  const address = foreign.addressOf(bytes)
  const page = Math.ceil(address / LARGEST_PAGE) * LARGEST_PAGE
  call('mmap', [page, LARGEST_PAGE, PROT_READ_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0])
  return new Int32Array(bytes.buffer, bytes.byteOffset + page - address, words)
}
