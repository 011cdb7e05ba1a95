/**
 * Where the published JSON schemas and the specifications' prose, or the engines, disagree: each correction
 * with its reason. The files in schema/ stay verbatim; generate.ts applies these to its own copy of them.
 */
export interface Amendment {
  /** File below schema/, and the JSON pointer of the member inside it. */
  readonly file: string
  readonly at: string
  /** The new value of the member; absent: the member is removed. */
  readonly set?: unknown
  readonly why: string
}

const otherPlatform = 'tinyctr runs Linux containers: another platform is an unknown, so allowed, property'
const goNil = 'Docker and other Go builders write null for an empty slice or map'

export const amendments: readonly Amendment[] = [
  ...['solaris', 'windows', 'vm', 'zos', 'freebsd', 'process/properties/commandLine'].map((name) => ({
    file: 'runtime-spec/config-schema.json',
    at: `/properties/${name}`,
    why: otherPlatform,
  })),
  {
    file: 'runtime-spec/config-schema.json',
    at: '/properties/process/properties/user/properties/username',
    why: otherPlatform,
  },
  {
    file: 'runtime-spec/config-schema.json',
    at: '/properties/process/properties/rlimits/items/properties/type',
    set: {
      enum: [
        ...['AS', 'CORE', 'CPU', 'DATA', 'FSIZE', 'LOCKS', 'MEMLOCK', 'MSGQUEUE', 'NICE', 'NOFILE', 'NPROC'],
        ...['RSS', 'RTPRIO', 'RTTIME', 'SIGPENDING', 'STACK'],
      ].map((name) => `RLIMIT_${name}`),
    },
    why: 'config.md: any value which cannot be mapped to a relevant kernel interface is an error; getrlimit(2)',
  },
  {
    file: 'runtime-spec/defs-linux.json',
    at: '/definitions/RootfsPropagation/enum',
    set: ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'],
    why: 'dockerd, containerd and podman send the recursive names',
  },
  {
    file: 'runtime-spec/defs.json',
    at: '/definitions/FileMode/maximum',
    set: 0xffffffff,
    why: 'config-linux.md says uint32; dockerd sends the file type bits too (0o20666)',
  },
  {
    file: 'runtime-spec/defs-linux.json',
    at: '/definitions/FileType',
    set: { enum: ['c', 'b', 'u', 'p'] },
    why: 'the same as the pattern ^[cbup]$, but a union type and a clearer message',
  },
  {
    file: 'runtime-spec/defs-linux.json',
    at: '/definitions/DeviceCgroup/properties/type',
    set: { enum: ['a', 'c', 'b'] },
    why: 'config-linux.md: type of device: a (all), c (char), or b (block)',
  },
  {
    file: 'runtime-spec/defs-linux.json',
    at: '/definitions/blockIODeviceThrottle/allOf/1/required',
    set: ['rate'],
    why: 'config-linux.md: rate is REQUIRED',
  },
  {
    file: 'runtime-spec/defs-linux.json',
    at: '/definitions/Personality/required',
    set: ['domain'],
    why: 'config-linux.md: domain is REQUIRED',
  },
  {
    file: 'runtime-spec/features-linux.json',
    at: '/linux/properties/memoryPolicy',
    set: {
      type: 'object',
      properties: {
        modes: { type: 'array', items: { $ref: 'defs-linux.json#/definitions/MemoryPolicyMode' } },
        flags: { type: 'array', items: { $ref: 'defs-linux.json#/definitions/MemoryPolicyFlag' } },
      },
    },
    why: 'features-linux.md 1.3 has memoryPolicy',
  },
  ...['schemata', 'monitoring'].map((name) => ({
    file: 'runtime-spec/features-linux.json',
    at: `/linux/properties/intelRdt/properties/${name}`,
    set: { type: 'boolean' },
    why: 'features-linux.md 1.3 has it',
  })),
  {
    file: 'runtime-spec/state-schema.json',
    at: '/properties/status/enum',
    set: ['creating', 'created', 'running', 'stopped', 'paused'],
    why: 'runtime.md: additional values MAY be defined by the runtime; runc, crun and tinyctr have paused',
  },
  {
    file: 'image-spec/config-schema.json',
    at: '/properties/config/properties/Env',
    set: { oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }] },
    why: goNil,
  },
  {
    file: 'image-spec/config-schema.json',
    at: '/properties/config/properties/ExposedPorts',
    set: { oneOf: [{ $ref: 'defs.json#/definitions/mapStringObject' }, { type: 'null' }] },
    why: goNil,
  },
  {
    file: 'image-spec/config-schema.json',
    at: '/properties/rootfs/properties/diff_ids',
    set: { oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }] },
    why: goNil,
  },
  {
    file: 'image-spec/image-manifest-schema.json',
    at: '/properties/layers/minItems',
    why: 'manifest.md: an entry is only a SHOULD; `umoci new` writes an empty list',
  },
  {
    file: 'image-spec/image-index-schema.json',
    at: '/properties/manifests/items/properties/artifactType',
    set: { $ref: 'defs-descriptor.json#/definitions/mediaType' },
    why: 'descriptor.md: artifactType is a property of every descriptor',
  },
]

/** Patterns and formats in plain words; generate.ts refuses one that is not here. */
export const patternsInWords: { readonly [pattern: string]: string } = {
  '^[0-9, -]*$': 'a list of CPUs such as 0-3,7',
  '^[1-9][0-9]*[KMG]B$': 'a page size such as 2MB',
  '^MB:[^\\n]*$': 'one line that starts with MB:',
  '^CAP_[A-Z_]+$': 'a capability such as CAP_CHOWN',
  '^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$':
    'a media type such as application/json',
  '^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$': 'a digest such as sha256:9f86d081...',
}

export const formatPatterns: { readonly [format: string]: { pattern: string; expected: string } } = {
  'date-time': {
    pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([Zz]|[+-]\\d\\d:\\d\\d)$',
    expected: 'an RFC 3339 time such as 2025-11-04T12:00:00Z',
  },
  uri: { pattern: '^[A-Za-z][A-Za-z0-9+.-]*:[^\\s]*$', expected: 'a URI such as https://example.org/layer' },
}

/**
 * Names of types. By default a definition keeps its own name and a nested object takes the name of its
 * member (`process` -> Process, the items of `rlimits` -> Rlimit); the exceptions are here, by file and pointer.
 */
export const typeNames: { readonly [place: string]: string } = {
  'runtime-spec/config-schema.json#': 'Config',
  'runtime-spec/state-schema.json#': 'State',
  'runtime-spec/state-schema.json#/properties/status': 'Status',
  'runtime-spec/features-schema.json#': 'Features',
  'runtime-spec/defs.json#/definitions/FileMode': 'FileMode',
  'runtime-spec/defs-linux.json#/definitions/FileType': 'DeviceType',
  'runtime-spec/defs-linux.json#/definitions/DeviceCgroup': 'DeviceRule',
  'runtime-spec/defs-linux.json#/definitions/DeviceCgroup/properties/type': 'DeviceRuleType',
  'runtime-spec/defs-linux.json#/definitions/NamespaceReference': 'Namespace',
  'runtime-spec/defs-linux.json#/definitions/SeccompOperators': 'SeccompOperator',
  'runtime-spec/defs-linux.json#/definitions/Syscall': 'SeccompSyscall',
  'runtime-spec/defs-linux.json#/definitions/SyscallArg': 'SeccompArg',
  'runtime-spec/defs-linux.json#/definitions/TimeOffsets': 'TimeOffset',
  'runtime-spec/defs-linux.json#/definitions/blockIODeviceThrottle': 'BlockIOThrottle',
  'runtime-spec/defs-linux.json#/definitions/blockIODeviceWeight': 'BlockIOWeight',
  'runtime-spec/config-schema.json#/properties/process/properties/rlimits/items/properties/type':
    'RlimitType',
  'runtime-spec/config-schema.json#/properties/process/properties/ioPriority/properties/class':
    'IOPriorityClass',
  'runtime-spec/config-schema.json#/properties/process/properties/ioPriority': 'IOPriority',
  'runtime-spec/config-linux.json#/linux/properties/resources/properties/cpu': 'CPU',
  'image-spec/config-schema.json#': 'ImageConfig',
  'image-spec/config-schema.json#/properties/config': 'ExecutionParameters',
  'image-spec/config-schema.json#/properties/rootfs/properties/type': 'RootfsType',
  'image-spec/config-schema.json#/properties/history/items': 'HistoryEntry',
  'image-spec/content-descriptor.json#': 'Descriptor',
  'image-spec/image-index-schema.json#': 'ImageIndex',
  'image-spec/image-index-schema.json#/properties/manifests/items': 'ManifestDescriptor',
  'image-spec/image-manifest-schema.json#': 'ImageManifest',
  'image-spec/image-layout-schema.json#': 'ImageLayout',
  'image-spec/image-layout-schema.json#/properties/imageLayoutVersion': 'ImageLayoutVersion',
}

/** The `linux` of features is not the `linux` of config. */
export const typeNamePrefixes: { readonly [file: string]: string } = {
  'runtime-spec/features-linux.json': 'Features',
}
