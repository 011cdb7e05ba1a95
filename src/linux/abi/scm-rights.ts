/** A message that carries open files: struct msghdr, its iovec, its cmsghdr and the fds behind it (cmsg(3)). */
import { isTemplate, type ScmRights, type Template } from './kinds.ts'
import type { Segment } from './segment.ts'

export const SIZEOF_MSGHDR = 56
const SIZEOF_CMSGHDR = 16
const SOL_SOCKET = 1
const SCM_RIGHTS = 1

/** @returns where the struct msghdr is */
export function layOutMessage(segment: Segment, message: ScmRights): number {
  const header = segment.reserve(SIZEOF_MSGHDR)
  const parts = Array.isArray(message.bytes) ? message.bytes : [message.bytes]
  const iovec = segment.reserve(parts.length * 16)
  const control = segment.reserve(SIZEOF_CMSGHDR + Math.ceil((message.fds.length * 4) / 8) * 8)
  parts.forEach((part, i) => {
    layOutPart(segment, iovec + i * 16, part)
  })
  segment.pointer(header + 16, iovec)
  segment.view.setUint32(header + 24, parts.length, true)
  segment.pointer(header + 32, control)
  const length = SIZEOF_CMSGHDR + message.fds.length * 4
  segment.view.setUint32(header + 40, length, true)
  segment.view.setUint32(control, length, true)
  segment.view.setUint32(control + 8, SOL_SOCKET, true)
  segment.view.setUint32(control + 12, SCM_RIGHTS, true)
  message.fds.forEach((fd, i) => {
    segment.integer(control + SIZEOF_CMSGHDR + i * 4, 4, fd)
  })
  return header
}

/** struct iovec: where a text is, and how long. */
function layOutPart(segment: Segment, iovec: number, part: Uint8Array | string | Template): void {
  if (isTemplate(part)) {
    segment.pointer(iovec, segment.template(part))
    segment.integer(iovec + 8, 8, segment.formattedLength())
    return
  }
  const { offset, length } =
    typeof part === 'string' ? segment.text(part) : { offset: segment.blob(part), length: part.length }
  segment.pointer(iovec, offset)
  segment.view.setUint32(iovec + 8, length, true)
}
