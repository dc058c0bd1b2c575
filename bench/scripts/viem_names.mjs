// How long viem takes for a name's content and address, by its Universal Resolver, unproven.
import { readFileSync } from 'node:fs'
import { createPublicClient, decodeAbiParameters, defineChain, encodeFunctionData, http, parseAbi, toHex } from 'viem'
import { namehash, packetToBytes } from 'viem/ens'

const { url, chainId, universalResolver, name, rounds } = JSON.parse(readFileSync(0, 'utf8'))
const chain = defineChain({
  id: chainId,
  name: 'local',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [url] } },
  contracts: { ensUniversalResolver: { address: universalResolver } },
})
const abi = parseAbi([
  'function resolve(bytes name, bytes data) view returns (bytes, address)',
  'function contenthash(bytes32 node) view returns (bytes)',
])

// viem has no call for the contenthash, but all that one is made of.
async function contenthash(client) {
  const data = encodeFunctionData({ abi, functionName: 'contenthash', args: [namehash(name)] })
  const args = [toHex(packetToBytes(name)), data]
  const [result] = await client.readContract({ address: universalResolver, abi, functionName: 'resolve', args })
  return decodeAbiParameters([{ type: 'bytes' }], result)[0]
}

let answer
const milliseconds = []
for (let round = 0; round < rounds; round += 1) {
  const client = createPublicClient({ chain, transport: http(url) })
  const began = performance.now()
  answer = await Promise.all([contenthash(client), client.getEnsAddress({ name })])
  milliseconds.push(performance.now() - began)
}
console.log(JSON.stringify({ contenthash: answer[0], address: answer[1], milliseconds }))
process.exit(0)
