/**
 * The kernel structs that plans hold: field names, types and, for printing, the family of their flags. Offsets follow
 * from the types (natural alignment, as the C ABI of x86-64 and arm64 has it) and are checked against a C probe.
 */
import type { Family, Slot, Template } from './kinds.ts'

export type FieldType = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'pointer' | `char[${number}]`

type Field = readonly [name: string, type: FieldType, family?: Family]

const layouts = <const T extends Record<string, readonly Field[]>>(rows: T): T => rows

export const STRUCTS = layouts({
  /** openat2(2) */
  open_how: [
    ['flags', 'u64', 'O'],
    ['mode', 'u64'],
    ['resolve', 'u64', 'RESOLVE'],
  ],
  /** mount_setattr(2) */
  mount_attr: [
    ['attr_set', 'u64', 'MOUNT_ATTR'],
    ['attr_clr', 'u64', 'MOUNT_ATTR'],
    ['propagation', 'u64', 'MS'],
    ['userns_fd', 'u64'],
  ],
  /** clone3(2) */
  clone_args: [
    ['flags', 'u64', 'CLONE'],
    ['pidfd', 'pointer'],
    ['child_tid', 'pointer'],
    ['parent_tid', 'pointer'],
    ['exit_signal', 'u64'],
    ['stack', 'u64'],
    ['stack_size', 'u64'],
    ['tls', 'u64'],
    ['set_tid', 'pointer'],
    ['set_tid_size', 'u64'],
    ['cgroup', 'u64'],
  ],
  /** prlimit(2) */
  rlimit64: [
    ['rlim_cur', 'u64'],
    ['rlim_max', 'u64'],
  ],
  /** capset(2): version _LINUX_CAPABILITY_VERSION_3, and the thread (0: the caller). */
  cap_header: [
    ['version', 'u32'],
    ['pid', 'i32'],
  ],
  /** seccomp(2): the number of 8-byte instructions, and where they are. */
  sock_fprog: [
    ['len', 'u16'],
    ['filter', 'pointer'],
  ],
  /** ioctl_tty(2) */
  winsize: [
    ['ws_row', 'u16'],
    ['ws_col', 'u16'],
    ['ws_xpixel', 'u16'],
    ['ws_ypixel', 'u16'],
  ],
  /** netdevice(7), with its union as flags. */
  ifreq: [
    ['ifr_name', 'char[16]'],
    ['ifr_flags', 'u16', 'IFF'],
    ['ifr_padding', 'char[22]'],
  ],
  /** rtnetlink(7): what each message of a kind begins with. */
  ifinfomsg: [
    ['ifi_family', 'u8', 'AF'],
    ['ifi_type', 'u16'],
    ['ifi_index', 'i32'],
    ['ifi_flags', 'u32', 'IFF'],
    ['ifi_change', 'u32', 'IFF'],
  ],
  ifaddrmsg: [
    ['ifa_family', 'u8', 'AF'],
    ['ifa_prefixlen', 'u8'],
    ['ifa_flags', 'u8', 'IFA_F'],
    ['ifa_scope', 'u8'],
    ['ifa_index', 'u32'],
  ],
  rtmsg: [
    ['rtm_family', 'u8', 'AF'],
    ['rtm_dst_len', 'u8'],
    ['rtm_src_len', 'u8'],
    ['rtm_tos', 'u8'],
    ['rtm_table', 'u8'],
    ['rtm_protocol', 'u8'],
    ['rtm_scope', 'u8', 'RT_SCOPE'],
    ['rtm_type', 'u8'],
    ['rtm_flags', 'u32'],
  ],
  ndmsg: [
    ['ndm_family', 'u8', 'AF'],
    ['ndm_pad1', 'u8'],
    ['ndm_pad2', 'u16'],
    ['ndm_ifindex', 'i32'],
    ['ndm_state', 'u16'],
    ['ndm_flags', 'u8'],
    ['ndm_type', 'u8'],
  ],
  tcmsg: [
    ['tcm_family', 'u8', 'AF'],
    ['tcm__pad1', 'u8'],
    ['tcm__pad2', 'u16'],
    ['tcm_ifindex', 'i32'],
    ['tcm_handle', 'u32'],
    ['tcm_parent', 'u32'],
    ['tcm_info', 'u32'],
  ],
  rtgenmsg: [['rtgen_family', 'u8', 'AF']],
  /** nfnetlink: the family of tables, and for batches the subsystem (in network order). */
  nfgenmsg: [
    ['nfgen_family', 'u8', 'NFPROTO'],
    ['version', 'u8'],
    ['res_id', 'u16'],
  ],
  /** ip(7), ipv6(7): port and address in network order. */
  sockaddr_in: [
    ['sin_family', 'u16', 'AF'],
    ['sin_port', 'u16'],
    ['sin_addr', 'u32'],
    ['sin_zero', 'u64'],
  ],
  /** A word that ioctl(2) reads through a pointer. */
  int: [['value', 'i32']],
  /** unix(7) */
  sockaddr_un: [
    ['sun_family', 'u16', 'AF'],
    ['sun_path', 'char[108]'],
  ],
  /** fcntl_locking(2); l_len 0 is the whole file. */
  flock: [
    ['l_type', 'u16'],
    ['l_whence', 'u16'],
    ['l_start', 'u64'],
    ['l_len', 'u64'],
    ['l_pid', 'i32'],
  ],
  /** sched_setattr(2) */
  sched_attr: [
    ['size', 'u32'],
    ['sched_policy', 'u32'],
    ['sched_flags', 'u64'],
    ['sched_nice', 'i32'],
    ['sched_priority', 'u32'],
    ['sched_runtime', 'u64'],
    ['sched_deadline', 'u64'],
    ['sched_period', 'u64'],
  ],
  /** bpf(2), BPF_PROG_LOAD. */
  bpf_prog_load: [
    ['prog_type', 'u32'],
    ['insn_cnt', 'u32'],
    ['insns', 'pointer'],
    ['license', 'pointer'],
    ['log_level', 'u32'],
    ['log_size', 'u32'],
    ['log_buf', 'u64'],
    ['kern_version', 'u32'],
    ['prog_flags', 'u32'],
    ['prog_name', 'char[16]'],
  ],
  /** bpf(2), BPF_PROG_ATTACH. */
  bpf_prog_attach: [
    ['target_fd', 'u32'],
    ['attach_bpf_fd', 'u32'],
    ['attach_type', 'u32'],
    ['attach_flags', 'u32'],
  ],
  /** bpf(2), BPF_PROG_QUERY. */
  bpf_prog_query: [
    ['target_fd', 'u32'],
    ['attach_type', 'u32'],
    ['query_flags', 'u32'],
    ['attach_flags', 'u32'],
    ['prog_ids', 'u64'],
    ['prog_cnt', 'u32'],
    ['reserved', 'u32'],
  ],
  /** bpf(2): the union, by whichever of the two structs the command takes. */
  bpf_attr: [],
})

export type StructName = keyof typeof STRUCTS

/** Fields by name; a missing field is 0. Pointers take the bytes they point to. */
export interface StructValue {
  readonly [field: string]: number | bigint | string | Uint8Array | Slot | Template | undefined
}

const FIELD_SIZES: Record<string, number> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, pointer: 8 }

export const fieldSize = (type: FieldType): number =>
  FIELD_SIZES[type] ?? Number(type.slice('char['.length, -1))

const alignment = (type: FieldType): number => FIELD_SIZES[type] ?? 1

export interface Layout {
  readonly size: number
  readonly fields: readonly { name: string; type: FieldType; offset: number; family: Family | undefined }[]
}

const cache = new Map<StructName, Layout>()

/** Offsets and size of a struct under the C ABI. */
export function layoutOf(name: StructName): Layout {
  const known = cache.get(name)
  if (known) return known
  let offset = 0
  let widest = 1
  const fields: { name: string; type: FieldType; offset: number; family: Family | undefined }[] = []
  for (const [field, type, family] of STRUCTS[name] as readonly Field[]) {
    const align = alignment(type)
    widest = Math.max(widest, align)
    offset = Math.ceil(offset / align) * align
    fields.push({ name: field, type, offset, family })
    offset += fieldSize(type)
  }
  const layout = { size: Math.ceil(offset / widest) * widest, fields }
  cache.set(name, layout)
  return layout
}
