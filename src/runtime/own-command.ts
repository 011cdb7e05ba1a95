import { KEPT_VARIABLES } from '../linux/premises/wire.ts'

/** How to start ourselves again. Under Node the runtime comes first, with the flags that load TypeScript. */
export const ownCommand = (command: string): string[] =>
  typeof Bun === 'undefined'
    ? [process.execPath, ...process.execArgv, process.argv[1] as string, command]
    : [process.execPath, command]

/** What the front end needs to explain a failure: what its start depended on. */
export const explainEnvironment = (): string[] =>
  KEPT_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`]))
