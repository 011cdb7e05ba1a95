/**
 * File names are bytes, not text: a layer may hold any byte but `/` and NUL in a name. Where a name must be a key or
 * a message it becomes a string here, and nowhere else.
 */

/** A string with one character a byte (Latin-1), so that no name is lost or merged with another. */
export type ByteString = string

export const toByteString = (bytes: Uint8Array): ByteString =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

export const toBytes = (name: ByteString): Buffer => Buffer.from(name, 'latin1')

/** What a person may read: UTF-8 where it is, control characters escaped (terminals obey them), cut at 120. */
export function display(name: Uint8Array | ByteString): string {
  const bytes = typeof name === 'string' ? toBytes(name) : Buffer.from(name)
  const text = JSON.stringify(bytes.toString('utf8')).slice(1, -1)
  const safe = text.replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '?')
  return safe.length > 120 ? `${safe.slice(0, 100)}... (${bytes.length} bytes)` : safe
}
