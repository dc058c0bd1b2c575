// What an app does with viem: read, send, wait, over HTTP and over WebSocket.
import { readFileSync } from 'node:fs'
import { createPublicClient, createWalletClient, defineChain, http, parseAbi, webSocket } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const chain = defineChain({
  id: facts.chainId,
  name: 'devnet',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [facts.http] } },
})
const account = privateKeyToAccount(facts.key)
const counter = { address: facts.contract, abi: parseAbi([
  'function count() view returns (uint256)',
  'function increment()',
  'event Counted(address indexed who, uint256 count)',
]) }

// Nothing filled in: nonce, gas and fees come from the endpoint, as does what the contract says.
async function everyday(client, transport) {
  const wallet = createWalletClient({ account, chain, transport })
  const before = await client.readContract({ ...counter, functionName: 'count' })
  const hash = await wallet.writeContract({ ...counter, functionName: 'increment' })
  const receipt = await client.waitForTransactionReceipt({ hash, timeout: 60_000 })
  const { blockNumber } = receipt
  const events = await client.getContractEvents({
    ...counter, eventName: 'Counted', args: { who: account.address }, fromBlock: blockNumber, toBlock: blockNumber,
  })
  const after = await client.readContract({ ...counter, functionName: 'count', blockNumber })
  return { status: receipt.status, grew: after - before > 0n, events: events.length }
}

async function session(transport, fees) {
  const client = createPublicClient({ chain, transport, pollingInterval: 500 })
  const latest = await client.getBlock({ includeTransactions: true })
  const known = await client.getBlock({ blockHash: facts.block, includeTransactions: true })
  const receipts = []
  for (const { hash } of known.transactions) receipts.push(await client.getTransactionReceipt({ hash }))
  const nonce = await client.getTransactionCount({ address: account.address, blockTag: 'pending' })
  const serializedTransaction = await account.signTransaction({
    chainId: chain.id, nonce, gas: 21000n, to: facts.receiver, value: 7n, ...fees,
  })
  const hash = await client.sendRawTransaction({ serializedTransaction })
  const pending = await client.getTransaction({ hash })
  const receipt = await client.waitForTransactionReceipt({ hash, timeout: 60_000 })
  const mined = await client.getTransaction({ hash })
  return {
    chainId: await client.getChainId(),
    blockNumber: await client.getBlockNumber(),
    latest: { number: latest.number, transactions: latest.transactions.length },
    known: { number: known.number, hash: known.hash, from: known.transactions.map((t) => t.from) },
    receipts: receipts.map((r) => ({ hash: r.transactionHash, gasUsed: r.gasUsed, logs: r.logs.length, status: r.status })),
    balance: await client.getBalance({ address: facts.rich, blockNumber: known.number }),
    code: await client.getCode({ address: facts.contract }),
    stored: await client.getStorageAt({ address: facts.contract, slot: '0x0', blockNumber: known.number }),
    proof: (await client.getProof({ address: facts.contract, storageKeys: ['0x0'] })).storageProof.length,
    sent: { hash, pending: pending.hash, nonce, status: receipt.status, block: receipt.blockNumber, value: mined.value, price: receipt.effectiveGasPrice },
    everyday: await everyday(client, transport),
    refused: await client.request({ method: 'eth_coinbase' }).then(() => null, (error) => error.walk().code ?? error.code),
  }
}

const results = {
  http: await session(http(facts.http, { batch: true }), { type: 'eip1559', maxFeePerGas: 20n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n }),
  ws: await session(webSocket(facts.ws), { type: 'legacy', gasPrice: 20n * 10n ** 9n }),
}
console.log(JSON.stringify(results, (_, value) => (typeof value === 'bigint' ? value.toString() : value)))
process.exit(0)
