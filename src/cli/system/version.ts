/** `tinyctr version` and `tinyctr --version`: Docker's shape; client and server are one program. */
import manifest from '../../../package.json' with { type: 'json' }
import { hostPlatform } from '../../image/platform.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export function printVersion(): number {
  print(`tinyctr version ${manifest.version}`)
  return 0
}

export const version = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Show the tinyctr version information',
  flags: { format: { takes: 'one', short: 'f', value: 'TEMPLATE', help: "'json' or a Go template" } },
  least: 0,
  most: 0,
  async execute({ flags: { format = '' } }) {
    const { release } = await import('node:os')
    const { printInspected } = await import('../format/inspected.ts')
    const { alignTabs } = await import('../format/tab-writer.ts')
    const versions = versionJson(release())
    if (format === '') print(alignTabs(plainText(versions), 20, 1))
    else {
      const text = printInspected([versions], format)
      print(format === 'json' ? text.slice(1, -1) : text)
    }
    return 0
  },
})

const apiVersion = '1.50'
const lowestApiVersion = '1.24'

function versionJson(kernel: string) {
  const { os, architecture } = hostPlatform()
  const { bun, node } = process.versions
  const language = bun === undefined ? `Node.js ${node}` : `Bun ${bun}`
  const details = new Map([
    ['ApiVersion', apiVersion],
    ['Arch', architecture],
    ['BuildTime', ''],
    ['Experimental', 'false'],
    ['GitCommit', ''],
    ['GoVersion', language],
    ['KernelVersion', kernel],
    ['MinAPIVersion', lowestApiVersion],
    ['Os', os],
  ])
  const shared = { Version: manifest.version, ApiVersion: apiVersion }
  return {
    Client: {
      ...shared,
      APIVersion: apiVersion,
      DefaultAPIVersion: apiVersion,
      GitCommit: '',
      GoVersion: language,
      Os: os,
      Arch: architecture,
      BuildTime: '',
      Context: 'default',
    },
    Server: {
      Platform: { Name: 'tinyctr' },
      Components: [
        { Name: 'Engine', Version: manifest.version, Details: details },
        { Name: 'OCI runtime spec', Version: '1.3.0', Details: new Map<string, string>() },
      ],
      ...shared,
      APIVersion: apiVersion,
      MinAPIVersion: lowestApiVersion,
      GitCommit: '',
      GoVersion: language,
      Os: os,
      Arch: architecture,
      KernelVersion: kernel,
      BuildTime: '',
    },
  }
}

const plainText = ({ Client, Server }: ReturnType<typeof versionJson>): string => `Client: tinyctr
 Version:\t${Client.Version}
 API version:\t${Client.ApiVersion}
 JavaScript:\t${Client.GoVersion}
 OS/Arch:\t${Client.Os}/${Client.Arch}
 Context:\t${Client.Context}

Server: tinyctr
 Engine:
  Version:\t${Server.Version}
  API version:\t${Server.ApiVersion} (minimum version ${Server.MinAPIVersion})
  OS/Arch:\t${Server.Os}/${Server.Arch}
  Kernel:\t${Server.KernelVersion}
 OCI runtime spec:
  Version:\t1.3.0`
