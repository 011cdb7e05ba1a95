/** What a program of the suite printed, as a verdict (TAP 13, testanything.org). */

/** Descriptions of what failed and was not expected to. A program may plan nothing: then its exit code is all it says. */
export function failuresOf(text: string): string[] {
  let planned: number | undefined
  let seen = 0
  const failed: string[] = []
  for (const line of text.split('\n')) {
    const plan = /^1\.\.(\d+)/.exec(line)
    if (plan) planned = Number(plan[1])
    const test = /^(not )?ok \d+(?: -)?(.*)$/.exec(line)
    if (!test) continue
    seen++
    const [, not, description = ''] = test
    if (not && !/# TODO\b/i.test(description)) failed.push(description.trim())
  }
  if (planned !== undefined && planned !== seen) failed.push(`planned ${planned} tests but ran ${seen}`)
  return failed
}
