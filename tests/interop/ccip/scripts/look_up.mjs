// Asks one contract through several endpoints; viem follows lookups itself where it sees the revert.
import { readFileSync } from 'node:fs'
import { createPublicClient, defineChain, http, parseAbi, stringToHex } from 'viem'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const abi = parseAbi([
  'function look(string[] urls, bytes question) view returns (bytes)',
  'function lookAgain(string[] urls, uint256 times) view returns (bytes)',
  'error NotSigned()',
  'error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)',
])

async function told(client, question) {
  const { contract, functionName, urls, argument } = question
  const args = [urls, typeof argument === 'string' ? stringToHex(argument) : BigInt(argument)]
  try {
    return { value: await client.readContract({ address: contract, abi, functionName, args }) }
  } catch (error) {
    const reverted = error.walk((cause) => cause.data?.errorName !== undefined)
    return { error: reverted?.data.errorName ?? error.walk().name }
  }
}

const answers = {}
for (const [name, { url, ccipRead }] of Object.entries(facts.endpoints)) {
  const chain = defineChain({
    id: facts.chainId,
    name: 'devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })
  // Left out, viem follows lookups; false hands the revert on.
  const client = createPublicClient({ chain, transport: http(url), ...(ccipRead ? {} : { ccipRead: false }) })
  answers[name] = []
  for (const question of facts.questions) answers[name].push(await told(client, question))
}
console.log(JSON.stringify(answers))
process.exit(0)
