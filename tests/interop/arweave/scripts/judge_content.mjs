// Asks arbundles and arweave-js what they make of data items and transactions from elsewhere;
// prints {items: [[id, valid], ...], bundles: [[ids, valid], ...], transactions: [[valid, chunks]]}.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Bundle, DataItem } = require('arbundles')
const Arweave = require('arweave')
const { validatePath } = require('arweave/node/lib/merkle')

const facts = JSON.parse(readFileSync(0, 'utf8'))
const bytes = (text) => Buffer.from(text, 'base64')
const arweave = Arweave.init({ host: 'localhost', port: 1, protocol: 'http' })

const items = []
for (const text of facts.items) {
  const item = new DataItem(bytes(text))
  items.push([item.id, await item.isValid()])
}

const bundles = []
for (const text of facts.bundles) {
  const bundle = new Bundle(bytes(text))
  bundles.push([bundle.getIds(), await bundle.verify()])
}

const transactions = []
for (const { header, data, paths } of facts.transactions) {
  const transaction = arweave.transactions.fromRaw(JSON.parse(header))
  const valid = await arweave.transactions.verify(transaction)
  const root = transaction.get('data_root', { decode: true, string: false })
  const chunks = []
  for (const { path, offset } of paths) {
    const found = await validatePath(root, offset, 0, Number(transaction.data_size), bytes(path))
    chunks.push(found && [found.leftBound, found.rightBound])
  }
  await transaction.prepareChunks(new Uint8Array(bytes(data)))
  transactions.push([valid, chunks, transaction.data_root === JSON.parse(header).data_root])
}

console.log(JSON.stringify({ items, bundles, transactions }))
