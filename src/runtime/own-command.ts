/** How to start ourselves again. Under Node the runtime comes first, with the flags that load TypeScript. */
export const ownCommand = (command: string): string[] =>
  typeof Bun === 'undefined'
    ? [process.execPath, ...process.execArgv, process.argv[1] as string, command]
    : [process.execPath, command]

/** What the front end needs to explain a failure. */
export const explainEnvironment = (): string[] =>
  ['PATH', 'NO_COLOR', 'XDG_RUNTIME_DIR'].flatMap((name) =>
    process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`],
  )
