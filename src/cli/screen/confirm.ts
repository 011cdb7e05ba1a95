/** Docker's question before what cannot be undone; anything but `y` is no, and so is the end of the input. */
import { createInterface } from 'node:readline'
import { writeOut } from './output.ts'

export async function confirm(warning: string): Promise<boolean> {
  writeOut(`${warning}\nAre you sure you want to continue? [y/N] `)
  const lines = createInterface({ input: process.stdin })
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'y'
    writeOut('\n')
    return false
  } finally {
    lines.close()
  }
}
