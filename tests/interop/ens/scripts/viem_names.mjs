// What viem says of names, through the Universal Resolver; it looks off chain by itself.
import { readFileSync } from 'node:fs'
import { createPublicClient, decodeAbiParameters, defineChain, encodeFunctionData, http, parseAbi, toHex } from 'viem'
import { namehash, normalize, packetToBytes } from 'viem/ens'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const chain = defineChain({
  id: facts.chainId,
  name: 'local',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [facts.url] } },
  contracts: { ensUniversalResolver: { address: facts.universalResolver } },
})
const client = createPublicClient({ chain, transport: http(facts.url, { timeout: 60_000, retryCount: 0 }) })
const abi = parseAbi([
  'function resolve(bytes name, bytes data) view returns (bytes, address)',
  'function contenthash(bytes32 node) view returns (bytes)',
])

// viem has no call for the contenthash, but all that one is made of.
async function contenthash(name) {
  const data = encodeFunctionData({ abi, functionName: 'contenthash', args: [namehash(name)] })
  const args = [toHex(packetToBytes(name)), data]
  const [result] = await client.readContract({ address: facts.universalResolver, abi, functionName: 'resolve', args })
  const [held] = decodeAbiParameters([{ type: 'bytes' }], result)
  return held === '0x' ? null : held
}

async function told({ name: typed, record, coinType, key }) {
  const name = normalize(typed)
  if (record === 'text') return client.getEnsText({ name, key })
  if (record === 'address') return client.getEnsAddress({ name, coinType: BigInt(coinType) })
  return contenthash(name)
}

async function settled(answer) {
  try {
    return { value: (await answer) ?? null }
  } catch (error) {
    return { error: error.walk?.().name ?? error.name, message: error.message.slice(0, 500) }
  }
}

const answers = { records: [], names: [] }
for (const question of facts.records) answers.records.push(await settled(told(question)))
for (const { address, coinType } of facts.names) {
  answers.names.push(await settled(client.getEnsName({ address, coinType: BigInt(coinType) })))
}
console.log(JSON.stringify(answers))
process.exit(0)
