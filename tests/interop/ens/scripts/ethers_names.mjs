// What ethers says of names, walking the registry and its resolvers by itself.
import { readFileSync } from 'node:fs'
import { EnsPlugin, JsonRpcProvider, Network } from 'ethers'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const network = new Network('local', facts.chainId)
network.attachPlugin(new EnsPlugin(facts.registry, facts.chainId))
const provider = new JsonRpcProvider(facts.url, network, { staticNetwork: network })

async function told({ name, record, coinType, key }) {
  const resolver = await provider.getResolver(name)
  if (resolver === null) return null
  if (record === 'text') return resolver.getText(key)
  if (record === 'address') return resolver.getAddress(coinType)
  return resolver.getContentHash()
}

async function settled(answer) {
  try {
    return { value: (await answer) ?? null }
  } catch (error) {
    return { error: error.code ?? error.name, message: error.message.slice(0, 500) }
  }
}

const answers = { records: [], names: [] }
for (const question of facts.records) answers.records.push(await settled(told(question)))
for (const { address } of facts.names) answers.names.push(await settled(provider.lookupAddress(address)))
console.log(JSON.stringify(answers))
process.exit(0)
