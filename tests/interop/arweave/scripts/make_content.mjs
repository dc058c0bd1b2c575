// Makes data items by every signer of arbundles, bundles inside bundles, and transactions of
// arweave-js with their chunks, all under fresh keys; prints them, bytes in base64.

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const arbundles = require('arbundles')
const ed25519 = require('@noble/ed25519')
const bs58 = require('bs58')
const Arweave = require('arweave')
const { bundleAndSignData, createData } = arbundles

const { payload_sizes: payloadSizes, data_sizes: dataSizes } = JSON.parse(readFileSync(0, 'utf8'))
const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const arweave = Arweave.init({ host: 'localhost', port: 1, protocol: 'http' })

const jwk = await arweave.wallets.generate()
const ethereum = randomBytes(32).toString('hex')
const secret = randomBytes(32)
const key = Buffer.from(await ed25519.getPublicKey(secret))
const solana = (bs58.default ?? bs58).encode(Buffer.concat([secret, key]))
const sign = (message) => ed25519.sign(Buffer.from(message), secret)

async function multiAptos(threshold, count, places) {
  const secrets = Array.from({ length: count }, () => randomBytes(32))
  const owner = Buffer.alloc(32 * 32 + 1)
  for (const [place, one] of secrets.entries()) owner.set(await ed25519.getPublicKey(one), place * 32)
  owner[32 * 32] = threshold
  return new arbundles.MultiSignatureAptosSigner(owner, async (message) => ({
    signatures: await Promise.all(
      places.map(async (place) => Buffer.from(await ed25519.sign(Buffer.from(message), secrets[place]))),
    ),
    bitmap: places,
  }))
}

const signers = {
  arweave: new arbundles.ArweaveSigner(jwk),
  solana: new arbundles.SolanaSigner(solana),
  hexSolana: new arbundles.HexSolanaSigner(solana),
  hexInjectedSolana: new arbundles.HexInjectedSolanaSigner({
    publicKey: { toBuffer: () => key },
    signMessage: sign,
  }),
  ethereum: new arbundles.EthereumSigner(ethereum),
  polygon: new arbundles.PolygonSigner(ethereum),
  typedEthereum: new arbundles.TypedEthereumSigner(ethereum),
  aptos: new arbundles.AptosSigner('0x' + secret.toString('hex'), '0x' + key.toString('hex')),
  injectedAptos: new arbundles.InjectedAptosSigner(
    {
      signMessage: async ({ message, nonce }) => {
        const signature = await sign(Buffer.from(`APTOS\nmessage: ${message}\nnonce: ${nonce}`))
        return { signature: Buffer.from(signature).toString('hex') }
      },
    },
    key,
  ),
  multiAptos: await multiAptos(2, 3, [0, 2]),
  multiAptosOfAll: await multiAptos(32, 32, Array.from({ length: 32 }, (_, place) => place)),
}

const tags = [
  { name: 'Content-Type', value: 'text/html' },
  { name: 'Ünï', value: '✓'.repeat(30) },
]
const bundleTags = [
  { name: 'Bundle-Format', value: 'binary' },
  { name: 'Bundle-Version', value: '2.0.0' },
]

const items = []
for (const [name, signer] of Object.entries(signers)) {
  for (const [place, size] of payloadSizes.entries()) {
    const payload = randomBytes(size)
    const all = { tags, target: randomBytes(32).toString('base64url'), anchor: randomBytes(16).toString('hex') }
    const item = createData(payload, signer, place % 2 ? all : {})
    await item.sign(signer)
    items.push({
      signer: name,
      type: item.signatureType,
      id: item.id,
      item: base64(item.getRaw()),
      payload: base64(payload),
      tags: place % 2 ? tags : [],
      target: item.rawTarget.toString('hex'),
      anchor: item.rawAnchor.toString('hex'),
    })
  }
}

async function bundleOf(contents, signer) {
  return (await bundleAndSignData(contents, signer)).getRaw()
}

const innermost = createData('in the middle', signers.ethereum, { tags })
await innermost.sign(signers.ethereum)
let inner = innermost
const names = [inner.id]
for (let depth = 1; depth < 4; depth++) {
  const beside = createData(randomBytes(100), signers.solana)
  inner = createData(await bundleOf([beside, inner], signers.solana), signers.arweave, { tags: bundleTags })
  await inner.sign(signers.arweave)
  names.unshift(inner.id)
}
const nested = { ids: names, bundle: base64(await bundleOf([inner, createData('x', signers.solana)], signers.solana)) }

const transactions = []
for (const size of dataSizes) {
  const data = new Uint8Array(randomBytes(size))
  const transaction = await arweave.createTransaction(
    { data, last_tx: randomBytes(48).toString('base64url'), reward: '123456' },
    jwk,
  )
  for (const { name, value } of tags) transaction.addTag(name, value)
  await arweave.transactions.sign(transaction, jwk)
  await transaction.prepareChunks(data)
  transactions.push({
    id: transaction.id,
    header: JSON.stringify({ ...transaction.toJSON(), data: '' }),
    data: base64(data),
    sha256: createHash('sha256').update(data).digest('hex'),
    chunks: transaction.chunks.chunks.map((_, place) => {
      const { data_path: path, offset } = transaction.getChunk(place, data)
      return { path, offset: Number(offset) }
    }),
  })
}

console.log(JSON.stringify({ items, nested, transactions }))
