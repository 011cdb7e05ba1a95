/**
 * Has the kernel begin to write a file to the disk, and does not wait (sync_file_range(2)). It promises nothing: the one
 * syncfs(2) at an image's end does, and has the less to wait for.
 */
import { attempt } from '../linux/call.ts'

const SYNC_FILE_RANGE_WRITE = 2

/** Below this the kernel's own order is the better one. */
export const worthWritingOut = 128 * 1024

/** @param length 0: to the end. Where a file system knows no such thing nothing happens. */
export function beginWriteOut(fd: number, offset = 0, length = 0): void {
  attempt('sync_file_range', [fd, offset, length, SYNC_FILE_RANGE_WRITE])
}
