/** Device numbers, as mknod(2) takes them. */

/** As the kernel's `new_encode_dev` has it. @throws Error with the fact when a part is out of range. */
export function makedev(major: number, minor: number): number {
  if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) {
    throw new Error(`its device number ${major}:${minor} is out of range`)
  }
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0
}
