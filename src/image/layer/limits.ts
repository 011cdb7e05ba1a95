/**
 * How much one layer may ask of the host. A gzip bomb grows a thousandfold (CVE-2026-59873, CVE-2017-14992), so the
 * limits are on what comes out; disk space itself is the file system's to refuse.
 */
export interface Limits {
  /** Entries of a layer, extension headers not counted. */
  readonly entries: number
  /** Bytes of the uncompressed tar. */
  readonly bytes: number
  /** Bytes of one pax header or GNU long name. Go's archive/tar allows the same. */
  readonly extensionBytes: number
}

export const defaultLimits: Limits = {
  entries: 4_000_000,
  bytes: 512 * 1024 ** 3,
  extensionBytes: 1024 ** 2,
}
