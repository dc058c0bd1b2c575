// Draws names from every script and all emoji, and prints what the reference makes of each:
// [[name, normalized or null, beautified or null], ...].

import { ens_beautify, ens_emoji, ens_normalize } from '@adraffy/ens-normalize'
import { readFileSync } from 'node:fs'

const { count, seed } = JSON.parse(readFileSync(0, 'utf8'))
let state = seed

function below(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

const emoji = ens_emoji().map((points) => String.fromCodePoint(...points))
const blocks = []
for (let start = 0x20; start < 0x32400; start += 0x40) {
  if (start < 0xd800 || start >= 0xe000) blocks.push(start)
}
const joints = ['', '', '', '\u200d', '\ufe0f', '\u0301', '-', '_', "'", '·', 'İ', 'ß', '.']

function character(block) {
  return String.fromCodePoint(block + below(0x40))
}

function label() {
  const kind = below(4)
  const block = blocks[kind === 0 ? below(32) : below(blocks.length)]
  const parts = []
  for (let left = 1 + below(5); left > 0; left--) {
    if (kind === 1 || below(12) === 0) parts.push(emoji[below(emoji.length)])
    else parts.push(kind === 2 ? String.fromCodePoint(0x61 + below(26)) : character(block))
    parts.push(joints[below(joints.length)])
  }
  return parts.join('')
}

function attempt(work, name) {
  try {
    return work(name)
  } catch {
    return null
  }
}

const names = [...emoji, ...Array.from({ length: count }, () => label() + '.eth')]
console.log(
  JSON.stringify(
    names.map((name) => [name, attempt(ens_normalize, name), attempt(ens_beautify, name)]),
  ),
)
