// An app's and a wallet's day with viem, as its documentation shows it: nothing here knows walkaway.
import { readFileSync } from 'node:fs'
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, defineChain,
  encodeFunctionData, http, parseEther, parseEventLogs, parseGwei, webSocket,
} from 'viem'
import { nonceManager, privateKeyToAccount } from 'viem/accounts'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const { vault, batch, counter } = facts.contracts
const chain = defineChain({
  id: facts.chainId,
  name: 'anvil',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [facts.http], webSocket: [facts.ws] } },
})
const account = privateKeyToAccount(facts.key)
const busy = privateKeyToAccount(facts.busyKey, { nonceManager })
const pollingInterval = 250
const client = createPublicClient({ chain, transport: http(), pollingInterval })
const together = createPublicClient({
  chain, transport: http(facts.http, { batch: true }), batch: { multicall: { deployless: true } },
})
const live = createPublicClient({ chain, transport: webSocket(), pollingInterval })
const wallet = createWalletClient({ account, chain, transport: http() })

const mined = (hash, more = {}) => client.waitForTransactionReceipt({ hash, timeout: 60_000, ...more })
const until = async (condition) => {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 300) throw new Error(`not within 30 seconds: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const shown = ({ address, topics, data, blockHash, logIndex, transactionHash, removed }) =>
  ({ address, topics, data, blockHash, logIndex, transactionHash, removed })
const kinds = ['legacy', 'eip2930', 'eip1559', 'eip4844', 'eip7702']
const receiptOf = ({ transactionHash, status, type, gasUsed, effectiveGasPrice, blockNumber, contractAddress, logs }) =>
  ({ hash: transactionHash, status, type: kinds.indexOf(type), gasUsed, price: effectiveGasPrice, block: blockNumber, contract: contractAddress, logs: logs.map(shown) })
const blockOf = ({ number, hash }) => ({ number, hash })

async function transfer() {
  const hash = await wallet.sendTransaction({ to: facts.receiver, value: parseEther('1') })
  const pending = await client.getTransaction({ hash })
  const nonces = {
    pending: await client.getTransactionCount({ address: account.address, blockTag: 'pending' }),
    sent: pending.nonce,
  }
  const receipt = await mined(hash, { confirmations: 2 })
  return {
    ...receiptOf(receipt), nonces,
    confirmations: await client.getTransactionConfirmations({ hash }),
    balance: await client.getBalance({ address: facts.receiver, blockNumber: receipt.blockNumber }),
    again: (await client.getTransaction({ blockHash: receipt.blockHash, index: receipt.transactionIndex })).hash,
  }
}

async function deploy() {
  const hash = await wallet.deployContract({
    abi: vault.abi, bytecode: vault.creation, args: ['savings'], value: 5n,
  })
  const receipt = await mined(hash)
  const of = { address: receipt.contractAddress, abi: vault.abi }
  const [name, owner, summary] = await Promise.all([
    together.readContract({ ...of, functionName: 'name' }),
    together.readContract({ ...of, functionName: 'owner' }),
    together.readContract({ ...of, functionName: 'summary', args: [[account.address, facts.receiver]] }),
  ])
  return {
    ...receiptOf(receipt), name, owner, held: summary.held,
    code: await client.getCode({ address: receipt.contractAddress, blockNumber: receipt.blockNumber }),
    balance: await client.getBalance({ address: receipt.contractAddress, blockNumber: receipt.blockNumber }),
  }
}

async function deposit(of) {
  const { request } = await client.simulateContract({
    ...of, account, functionName: 'deposit', args: ['for later'], value: 7n,
  })
  const estimate = await client.estimateContractGas({
    ...of, account, functionName: 'deposit', args: ['for later'], value: 7n,
  })
  const receipt = await wallet.writeContractSync({ ...request, timeout: 20_000 })
  const [{ args }] = parseEventLogs({ abi: vault.abi, eventName: 'Deposited', logs: receipt.logs })
  return {
    ...receiptOf(receipt), estimate, args,
    held: await client.readContract({ ...of, functionName: 'deposits', args: [account.address] }),
  }
}

async function filters(of) {
  const events = await client.createContractEventFilter({ ...of, eventName: 'Deposited', args: { from: account.address } })
  const blocks = await client.createBlockFilter()
  const pending = await client.createPendingTransactionFilter()
  const receipt = await mined(await wallet.writeContract({ ...of, functionName: 'deposit', args: ['filtered'], value: 1n }))
  const changes = await client.getFilterChanges({ filter: events })
  const nothing = await client.getFilterChanges({ filter: events })
  const range = { fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber }
  return {
    ...receiptOf(receipt),
    changes: changes.map(shown),
    nothing: nothing.length,
    all: (await client.getFilterLogs({ filter: events })).map(shown),
    hashes: await client.getFilterChanges({ filter: blocks }),
    pending: await client.getFilterChanges({ filter: pending }),
    searched: (await client.getContractEvents({ ...of, eventName: 'Deposited', args: { from: account.address }, ...range })).map(shown),
    everything: (await client.getLogs(range)).map(shown),
    gone: [await client.uninstallFilter({ filter: events }), await client.uninstallFilter({ filter: blocks })],
  }
}

async function subscriptions(of) {
  const heads = [], events = [], errors = []
  const onError = (error) => errors.push(error.message)
  const stop = [
    live.watchBlocks({ onBlock: (block) => heads.push(blockOf(block)), onError }),
    live.watchContractEvent({ ...of, eventName: 'Deposited', onLogs: (logs) => events.push(...logs), onError }),
  ]
  await until(() => heads.length > 0)
  const receipt = await mined(await wallet.writeContract({ ...of, functionName: 'deposit', args: ['watched'], value: 2n }))
  await until(() => events.length > 0 && heads.length > 2)
  for (const unwatch of stop) unwatch()
  return { ...receiptOf(receipt), heads, events: events.map(shown), notes: events.map(({ args }) => args.note), errors }
}

// Whoever runs this replaces the blocks from the one whose number is sent as a value on.
async function reorganised(of) {
  const seen = []
  const unwatch = live.watchContractEvent({ ...of, eventName: 'Deposited', onLogs: (logs) => seen.push(...logs) })
  const filter = await client.createContractEventFilter({ ...of, eventName: 'Deposited' })
  const { blockNumber } = await mined(await wallet.writeContract({ ...of, functionName: 'deposit', args: ['replaced'], value: 1n }))
  const changes = [await client.getFilterChanges({ filter })]
  await until(() => seen.length === 1)
  await wallet.sendTransaction({ to: facts.replacing, value: blockNumber })
  await until(() => seen.length === 3)
  changes.push(await client.getFilterChanges({ filter }))
  unwatch()
  return { watched: seen.map(shown), changes: changes.map((logs) => logs.map(shown)) }
}

async function gas(of) {
  const request = { account, to: of.address, value: 3n, data: encodeFunctionData({ abi: vault.abi, functionName: 'deposit', args: ['gas'] }) }
  const { accessList, gasUsed } = await client.createAccessList(request)
  const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] })
  return {
    estimate: await client.estimateGas(request),
    data: request.data, accessList, gasUsed,
    history: { oldest: history.oldestBlock, baseFees: history.baseFeePerGas, ratios: history.gasUsedRatio, rewards: history.reward },
    price: await client.getGasPrice(),
    tip: await client.estimateMaxPriorityFeePerGas(),
    blobBaseFee: await client.getBlobBaseFee(),
    fees: await client.estimateFeesPerGas(),
  }
}

async function types(of) {
  const request = { to: facts.receiver, value: 1n, gas: 60_000n }
  const gasPrice = await client.getGasPrice() * 2n
  const accessList = [{ address: of.address, storageKeys: [`0x${'0'.repeat(63)}1`] }]
  const hashes = [
    await wallet.sendTransaction({ ...request, type: 'legacy', gasPrice }),
    await wallet.sendTransaction({ ...request, type: 'eip2930', gasPrice, accessList }),
    await wallet.sendTransaction({
      ...request, type: 'eip1559', maxFeePerGas: parseGwei('20'), maxPriorityFeePerGas: parseGwei('2'), accessList,
    }),
  ]
  const receipts = []
  for (const hash of hashes) receipts.push(receiptOf(await mined(hash)))
  return receipts
}

async function delegated(of) {
  const authority = privateKeyToAccount(facts.authorityKey)
  const smart = createWalletClient({ account: authority, chain, transport: http() })
  const code = await mined(await wallet.deployContract({ abi: batch.abi, bytecode: batch.creation }))
  const authorization = await smart.signAuthorization({ contractAddress: code.contractAddress, executor: 'self' })
  const note = (text) => encodeFunctionData({ abi: vault.abi, functionName: 'deposit', args: [text] })
  const receipt = await mined(await smart.sendTransaction({
    authorizationList: [authorization],
    to: authority.address,
    data: encodeFunctionData({ abi: batch.abi, functionName: 'execute', args: [[
      { to: of.address, value: 1n, data: note('one') }, { to: of.address, value: 2n, data: note('two') },
    ]] }),
  }))
  const delegation = await client.getCode({ address: authority.address, blockNumber: receipt.blockNumber })
  const [executed] = parseEventLogs({ abi: batch.abi, eventName: 'Executed', logs: receipt.logs })
  // Another pays for taking the code away again.
  const undone = await mined(await wallet.sendTransaction({
    authorizationList: [await smart.signAuthorization({ contractAddress: `0x${'0'.repeat(40)}` })],
    to: authority.address,
  }))
  return {
    ...receiptOf(receipt), delegate: code.contractAddress, delegation, calls: executed.args.calls,
    undone: receiptOf(undone),
    after: await client.getCode({ address: authority.address, blockNumber: undone.blockNumber }) ?? '0x',
  }
}

async function refusals(of) {
  const reverted = (error) => {
    const cause = error instanceof BaseError && error.walk((inner) => inner instanceof ContractFunctionRevertedError)
    if (!cause) throw error
    return [cause.data.errorName, ...cause.data.args]
  }
  const attempt = (call) => client.simulateContract({ ...of, account, ...call }).then(() => 'accepted', reverted)
  const hash = await wallet.writeContract({ ...of, functionName: 'withdraw', args: [10n ** 30n], gas: 100_000n })
  return {
    reason: await attempt({ functionName: 'deposit', args: ['nothing'] }),
    custom: await attempt({ functionName: 'withdraw', args: [10n ** 30n] }),
    stranger: await client.simulateContract({ ...of, account: facts.receiver, functionName: 'rename', args: ['mine'] }).then(() => 'accepted', reverted),
    panic: await client.readContract({ ...of, functionName: 'share', args: [0n] }).then(() => 'accepted', reverted),
    estimate: await client.estimateContractGas({ ...of, account, functionName: 'withdraw', args: [10n ** 30n] }).then(() => 'accepted', reverted),
    poor: await client.call({ account: `0x${'12'.repeat(20)}`, to: facts.receiver, value: 1n }).then(() => 'accepted', () => 'refused'),
    mined: receiptOf(await mined(hash)),
  }
}

async function overrides(of) {
  const word = (value) => `0x${value.toString(16).padStart(64, '0')}`
  const share = { ...of, functionName: 'share', args: [1n] }
  return {
    balance: await client.readContract({ ...share, stateOverride: [{ address: of.address, balance: 1234n }] }),
    slot: await client.readContract({
      address: counter.address, abi: counter.abi, functionName: 'count',
      stateOverride: [{ address: counter.address, stateDiff: [{ slot: word(0n), value: word(77n) }] }],
    }),
    code: await client.readContract({
      address: facts.receiver, abi: counter.abi, functionName: 'count',
      stateOverride: [{ address: facts.receiver, code: counter.code, state: [{ slot: word(0n), value: word(5n) }] }],
    }),
    deployless: await client.readContract({ abi: counter.abi, code: counter.creation, functionName: 'count' }),
  }
}

async function simulated(of) {
  const { results, block } = await client.simulateCalls({ account, calls: [
    { ...of, to: of.address, functionName: 'deposit', args: ['never'], value: 4n },
    { ...of, to: of.address, functionName: 'deposits', args: [account.address] },
    { ...of, to: of.address, functionName: 'withdraw', args: [10n ** 30n] },
  ] })
  const [deposited, held, refused] = results
  return {
    on: block.number - 1n, gasUsed: results.map(({ gasUsed }) => gasUsed),
    held: held.result, topics: deposited.logs[0].topics, refused: refused.data.slice(0, 10),
  }
}

async function reads(of) {
  const results = await together.multicall({ deployless: true, contracts: [
    { ...of, functionName: 'name' },
    { ...of, functionName: 'deposits', args: [account.address] },
    { ...of, functionName: 'share', args: [0n] },
  ] })
  const tags = {}
  for (const blockTag of ['earliest', 'finalized', 'safe', 'latest', 'pending']) {
    tags[blockTag] = blockOf(await client.getBlock({ blockTag }))
  }
  const { number } = await client.getBlock({ blockTag: 'latest' })
  const proof = await client.getProof({ address: of.address, storageKeys: ['0x0', '0x1'], blockNumber: number })
  const message = 'a plain message'
  const signature = await account.signMessage({ message })
  return {
    together: results.map(({ status, result }) => (status === 'success' ? result : status)),
    tags, number,
    count: await client.getBlockTransactionCount({ blockNumber: number }),
    slots: proof.storageProof.map(({ value }) => value),
    stored: await client.getStorageAt({ address: of.address, slot: '0x0', blockNumber: number }),
    unknown: await client.getTransactionReceipt({ hash: `0x${'ab'.repeat(32)}` }).then(() => 'found', () => 'unknown'),
    verified: await Promise.all([account.address, facts.receiver].map((address) => client.verifyMessage({ address, message, signature }))),
  }
}

async function quickly() {
  const sender = createWalletClient({ account: busy, chain, transport: http() })
  const hashes = await Promise.all([1n, 2n, 3n, 4n, 5n].map((value) => sender.sendTransaction({ to: facts.receiver, value })))
  return Promise.all(hashes.map(async (hash) => receiptOf(await mined(hash))))
}

const told = { transfer: await transfer(), deploy: await deploy() }
const of = { address: told.deploy.contract, abi: vault.abi }
for (const flow of [deposit, filters, subscriptions, reorganised, gas, types, delegated, refusals, overrides, simulated, reads, quickly]) {
  told[flow.name] = await flow(of).catch((error) => { throw new Error(flow.name, { cause: error }) })
}
console.log(JSON.stringify(told, (_, value) => (typeof value === 'bigint' ? value.toString() : value)))
process.exit(0)
