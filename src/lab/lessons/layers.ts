/** overlayfs: an image as a stack of folders, and what a container writes on top. */
import { AT, CLONE } from '../../linux/abi/flags.ts'
import { type Lesson, step } from '../lesson.ts'
import type { Stage } from '../stage.ts'

const names = (stage: Stage, where: string): string =>
  stage.host.list(path(stage, where)).join(' ') || '(empty)'
const path = ({ folder }: Stage, where: string): string => `${folder}/stack/${where}`

function mountOverlay(stage: Stage, name: string, lower: readonly string[]): void {
  const { host, rootless } = stage
  for (const part of ['', '/upper', '/work', '/merged'])
    host.call('mkdirat', [AT.FDCWD, path(stage, name + part), 0o755])
  const options = [
    `lowerdir=${lower.join(':')}`,
    `upperdir=${path(stage, `${name}/upper`)}`,
    `workdir=${path(stage, `${name}/work`)}`,
    ...(rootless ? ['userxattr'] : []),
  ]
  host.call('mount', ['overlay', path(stage, `${name}/merged`), 'overlay', 0, options.join(',')])
}

const kindOf = (stage: Stage, where: string): string =>
  stage.host.run('stat', '-c', '%F %t,%T', path(stage, where)).output

/** kB of a program file in memory, of one process: all it maps of it, and its share of what others map too. */
function memoryOf({ host }: Stage, pid: number, file: string): { Rss: number; Pss: number } {
  const sums = { Rss: 0, Pss: 0 }
  let ours = false
  for (const line of host.read(`/proc/${pid}/smaps`).split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) ours = line.endsWith(file) && line.includes(' r-xp ')
    const [, key, value] = /^(Rss|Pss): +(\d+) kB/.exec(line) ?? []
    if (ours && key) sums[key as 'Rss' | 'Pss'] += Number(value)
  }
  return sums
}

export const layers: Lesson = {
  name: 'layers',
  group: 'Files',
  summary: 'overlayfs by hand: how a hundred containers share one image',
  needs: { image: true },
  standIn: { flags: CLONE.NEWNS, when: 'always' },
  steps: [
    step({
      claim: 'Two folders, one view: files of the lower one appear in the merged one, and nothing is copied',
      why: 'lowerdir is the image and is never written. upperdir belongs to the container. merged is what it sees as its root.',
      do: (stage) => {
        const { host, folder } = stage
        host.call('mkdirat', [AT.FDCWD, `${folder}/stack`, 0o755])
        host.call('mount', ['stack', `${folder}/stack`, 'tmpfs', 0, null])
        for (const name of ['lower', 'lower/old']) host.call('mkdirat', [AT.FDCWD, path(stage, name), 0o755])
        for (const name of ['greeting', 'unwanted', 'old/file'])
          host.write(path(stage, `lower/${name}`), 'from the image\n')
        mountOverlay(stage, 'a', [path(stage, 'lower')])
      },
      evidence: (stage) => ({
        files: {
          from: 'getdents64(2)',
          lower: names(stage, 'lower'),
          upper: names(stage, 'a/upper'),
          merged: names(stage, 'a/merged'),
        },
      }),
      assert: ({ files }) =>
        files.merged === 'greeting old unwanted' && files.merged === files.lower && files.upper === '(empty)',
    }),
    step({
      claim: 'Copy-up: the first write to a file of the image copies it to the upper folder',
      why: 'Only then, and the whole file, even for one byte. The image keeps its own.',
      do: (stage) => stage.host.write(path(stage, 'a/merged/greeting'), 'from the container\n'),
      evidence: (stage) => {
        const text = (where: string): string => stage.host.read(path(stage, where))
        return {
          greeting: {
            from: 'read(2)',
            lower: text('lower/greeting'),
            upper: text('a/upper/greeting'),
            merged: text('a/merged/greeting'),
          },
        }
      },
      assert: ({ greeting }) =>
        greeting.lower === 'from the image' &&
        greeting.upper === 'from the container' &&
        greeting.merged === greeting.upper,
    }),
    step({
      claim: 'Whiteout: a deleted file of the image is a character device 0,0 in the upper folder',
      why: 'The image cannot be changed, so the deletion itself is written down. That is why a file that a later layer deletes still makes an image larger.',
      do: (stage) => stage.host.call('unlinkat', [AT.FDCWD, path(stage, 'a/merged/unwanted'), 0]),
      evidence: (stage) => ({
        unwanted: {
          from: 'stat(1)',
          lower: kindOf(stage, 'lower/unwanted').replace(' 0,0', ''),
          upper: kindOf(stage, 'a/upper/unwanted'),
          merged: stage.host.read(path(stage, 'a/merged/unwanted')),
        },
      }),
      assert: ({ unwanted }) =>
        unwanted.upper === 'character special file 0,0' && unwanted.merged === 'ENOENT',
    }),
    step({
      claim: 'Opaque directory: one that is deleted and made again hides all that lies below it',
      why: 'One attribute says "do not look further down", instead of a whiteout for each file.',
      do: (stage) => {
        const { host } = stage
        host.call('unlinkat', [AT.FDCWD, path(stage, 'a/merged/old/file'), 0])
        host.call('unlinkat', [AT.FDCWD, path(stage, 'a/merged/old'), AT.REMOVEDIR])
        host.call('mkdirat', [AT.FDCWD, path(stage, 'a/merged/old'), 0o755])
      },
      evidence: (stage) => {
        const attribute = `${stage.rootless ? 'user' : 'trusted'}.overlay.opaque`
        const buffer = new Uint8Array(8)
        return {
          'files in old': {
            from: 'getdents64(2)',
            lower: names(stage, 'lower/old'),
            merged: names(stage, 'a/merged/old'),
          },
          attribute: {
            from: `lgetxattr(2), ${attribute}: bytes`,
            upper: stage.host.attempt('lgetxattr', [path(stage, 'a/upper/old'), attribute, buffer]),
          },
        }
      },
      assert: (seen) => seen['files in old'].merged === '(empty)' && seen.attribute.upper === 1,
    }),
    step({
      claim: 'An image is a stack of such folders, top first; a container is one more on top',
      why: 'Here the image that comes with tinyctr has two layers put on it, as two lines of a Dockerfile would. What a layer has wins over what is below.',
      do: (stage) => {
        for (const [layer, file] of [
          ['first', 'app'],
          ['second', 'settings'],
        ] as const) {
          stage.host.call('mkdirat', [AT.FDCWD, path(stage, layer), 0o755])
          stage.host.write(path(stage, `${layer}/${file}`), `from the ${layer} layer\n`)
        }
        mountOverlay(stage, 'b', [path(stage, 'second'), path(stage, 'first'), stage.image])
      },
      evidence: (stage) => ({
        'the root of a container': {
          from: 'getdents64(2)',
          image: stage.host.list(stage.image).length,
          first: names(stage, 'first'),
          second: names(stage, 'second'),
          merged: stage.host.list(path(stage, 'b/merged')).length,
        },
      }),
      assert: ({ 'the root of a container': seen }) => seen.merged === seen.image + 2,
    }),
    step({
      claim: 'Two containers of one image have its programs in memory once',
      why: 'Both map the same file of the lower folder, so they share the same pages of the page cache. Pss divides each page by the number of processes that map it.',
      do: (stage) => {
        const { host, keep } = stage
        host.run('cp', `${stage.image}/bin/busybox`, path(stage, 'lower/busybox'))
        const start = (name: string): number => {
          mountOverlay(stage, name, [path(stage, 'lower')])
          const pid = host.start(path(stage, `${name}/merged/busybox`), 'sleep', '100')
          // It is there when what it maps grows no more.
          let before = 0
          stage.until(() => {
            const { Rss } = memoryOf(stage, Number(pid), 'busybox')
            const settled = Rss > 0 && Rss === before
            before = Rss
            return settled
          })
          return Number(pid)
        }
        const first = start('c')
        keep('alone', memoryOf(stage, first, 'busybox').Pss)
        start('d')
        keep('first', first)
      },
      evidence: (stage) => {
        const { Rss, Pss } = memoryOf(stage, stage.kept('first'), 'busybox')
        return {
          'kB of the program': {
            from: '/proc/PID/smaps, Rss and Pss',
            mapped: Rss,
            'its share, alone': stage.kept('alone'),
            'its share, of two': Pss,
          },
        }
      },
      assert: ({ 'kB of the program': seen }) =>
        seen['its share, alone'] > 0 && seen['its share, of two'] < 0.75 * seen['its share, alone'],
    }),
  ],
  ending:
    'A virtual machine has its own copy of all this, on disk and in memory. That is most of the difference in size.',
}
