// Verifies data items again and again by arbundles; prints the least microseconds of CPU time
// that each of them took, as {microseconds: [...]}.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { DataItem } = createRequire(import.meta.url)('arbundles')

const { items, rounds } = JSON.parse(readFileSync(0, 'utf8'))
const microseconds = []
for (const text of items) {
  const bytes = Buffer.from(text, 'base64')
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    const valid = await new DataItem(bytes).isValid()
    const { user, system } = process.cpuUsage(before)
    if (!valid) throw new Error('an item that is valid was refused')
    least = Math.min(least, user + system)
  }
  microseconds.push(least)
}

console.log(JSON.stringify({ microseconds }))
