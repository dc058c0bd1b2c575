// A wallet's day with ethers, as its documentation shows it: nothing here knows walkaway.
import { readFileSync } from 'node:fs'
import {
  Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider, isCallException, parseUnits, toBeHex, toQuantity,
} from 'ethers'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const { vault, batch } = facts.contracts
const provider = new JsonRpcProvider(facts.http)
provider.pollingInterval = 250
const live = new WebSocketProvider(facts.ws)
const wallet = new Wallet(facts.key, provider)

const until = async (condition) => {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 300) throw new Error(`not within 30 seconds: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const shown = ({ address, topics, data, blockHash, index, transactionHash, removed }) =>
  ({ address, topics, data, blockHash, logIndex: index, transactionHash, removed })
const receiptOf = ({ hash, status, type, gasUsed, gasPrice, blockNumber, contractAddress, logs }) =>
  ({ hash, status: status ? 'success' : 'reverted', type, gasUsed, price: gasPrice, block: blockNumber, contract: contractAddress, logs: logs.map(shown) })
const blockOf = ({ number, hash }) => ({ number, hash })

async function transfer() {
  const sent = await wallet.sendTransaction({ to: facts.receiver, value: 10n ** 18n })
  // What ethers itself keeps for a quarter of a second is asked for past it.
  const pending = Number(await provider.send('eth_getTransactionCount', [wallet.address, 'pending']))
  const nonces = { pending, sent: (await provider.getTransaction(sent.hash)).nonce }
  const receipt = await sent.wait(2)
  return {
    ...receiptOf(receipt), nonces,
    confirmations: await receipt.confirmations(),
    balance: await provider.getBalance(facts.receiver, receipt.blockNumber),
    again: (await (await receipt.getBlock()).getTransaction(receipt.index)).hash,
  }
}

async function deploy() {
  const made = await new ContractFactory(vault.abi, vault.creation, wallet).deploy('savings', { value: 5n })
  const receipt = await made.deploymentTransaction().wait()
  const [name, owner, summary] = await Promise.all([
    made.name(), made.owner(), made.summary([wallet.address, facts.receiver]),
  ])
  return {
    ...receiptOf(receipt), name, owner, held: [...summary.held],
    code: await provider.getCode(receipt.contractAddress, receipt.blockNumber),
    balance: await provider.getBalance(receipt.contractAddress, receipt.blockNumber),
  }
}

async function deposit(contract) {
  await contract.deposit.staticCall('for later', { value: 7n })
  const estimate = await contract.deposit.estimateGas('for later', { value: 7n })
  const receipt = await (await contract.deposit('for later', { value: 7n })).wait()
  const { from, amount, note } = contract.interface.parseLog(receipt.logs[0]).args
  return { ...receiptOf(receipt), estimate, args: { from, amount, note }, held: await contract.deposits(wallet.address) }
}

async function subscriptions(contract) {
  const heads = [], events = [], errors = []
  await live.on('block', (number) => heads.push(number))
  await live.on('error', (error) => errors.push(String(error)))
  const watching = contract.connect(live)
  await watching.on('Deposited', (from, amount, note, { log }) => events.push({ log, note }))
  await until(() => heads.length > 0)
  const receipt = await (await contract.deposit('watched', { value: 2n })).wait()
  await until(() => events.length > 0 && heads.length > 2)
  await live.removeAllListeners('block')
  await watching.removeAllListeners()
  const blocks = await Promise.all(heads.map((number) => provider.getBlock(number)))
  return {
    ...receiptOf(receipt), heads: blocks.map(blockOf), errors,
    events: events.map(({ log }) => shown(log)), notes: events.map(({ note }) => note),
  }
}

async function gas(contract) {
  const request = { from: wallet.address, to: await contract.getAddress(), value: 3n, data: contract.interface.encodeFunctionData('deposit', ['gas']) }
  const history = await provider.send('eth_feeHistory', ['0x4', 'latest', [25, 75]])
  const listed = await provider.send('eth_createAccessList', [{ ...request, value: toQuantity(3n) }, 'latest'])
  const fees = await provider.getFeeData()
  return {
    data: request.data,
    estimate: await provider.estimateGas(request),
    accessList: listed.accessList, gasUsed: Number(listed.gasUsed),
    history: {
      oldest: Number(history.oldestBlock), baseFees: history.baseFeePerGas.map(Number), ratios: history.gasUsedRatio,
      rewards: history.reward.map((fees) => fees.map(Number)),
    },
    price: fees.gasPrice, tip: fees.maxPriorityFeePerGas,
    blobBaseFee: Number(await provider.send('eth_blobBaseFee', [])),
  }
}

async function types(contract) {
  const sender = new NonceManager(wallet)
  const request = { to: facts.receiver, value: 1n, gasLimit: 60_000n }
  const gasPrice = (await provider.getFeeData()).gasPrice * 2n
  const accessList = [{ address: await contract.getAddress(), storageKeys: [toBeHex(1, 32)] }]
  const sent = [
    await sender.sendTransaction({ ...request, type: 0, gasPrice }),
    await sender.sendTransaction({ ...request, type: 1, gasPrice, accessList }),
    await sender.sendTransaction({
      ...request, type: 2, maxFeePerGas: parseUnits('20', 'gwei'), maxPriorityFeePerGas: parseUnits('2', 'gwei'), accessList,
    }),
  ]
  return Promise.all(sent.map(async (one) => receiptOf(await one.wait())))
}

async function delegated(contract) {
  const authority = new Wallet(facts.authorityKey, provider)
  const code = await new ContractFactory(batch.abi, batch.creation, wallet).deploy()
  const { contractAddress: delegate } = await code.deploymentTransaction().wait()
  const to = await contract.getAddress()
  const note = (text) => contract.interface.encodeFunctionData('deposit', [text])
  const smart = new Contract(authority.address, batch.abi, authority)
  // The account sends it itself, so that its nonce has grown by one already.
  const own = await authority.authorize({ address: delegate, nonce: await authority.getNonce() + 1 })
  const receipt = await (await smart.execute([[to, 1n, note('one')], [to, 2n, note('two')]], {
    type: 4, authorizationList: [own], gasLimit: 300_000n,
  })).wait()
  const delegation = await provider.getCode(authority.address, receipt.blockNumber)
  // Another pays for taking the code away again.
  const away = await authority.authorize({ address: `0x${'0'.repeat(40)}`, nonce: await authority.getNonce() })
  const undone = await (await wallet.sendTransaction({
    type: 4, to: authority.address, authorizationList: [away],
  })).wait()
  return {
    ...receiptOf(receipt), delegate, delegation,
    calls: smart.interface.parseLog(receipt.logs.at(-1)).args.calls,
    undone: receiptOf(undone),
    after: await provider.getCode(authority.address, undone.blockNumber),
  }
}

async function refusals(contract) {
  const much = 10n ** 30n
  const refused = (error) => {
    if (!isCallException(error)) return 'refused'
    const { name, args } = error.revert ?? contract.interface.parseError(error.data)
    return [name, ...args]
  }
  const attempt = (call) => call.then(() => 'accepted', refused)
  const sent = await contract.withdraw(much, { gasLimit: 100_000n })
  const undone = await sent.wait().catch((error) => error.receipt)
  return {
    reason: await attempt(contract.deposit.staticCall('nothing')),
    custom: await attempt(contract.withdraw.staticCall(much)),
    stranger: await attempt(contract.connect(provider).rename.staticCall('mine', { from: facts.receiver })),
    panic: await attempt(contract.share(0n)),
    estimate: await attempt(contract.withdraw.estimateGas(much)),
    poor: await provider.call({ from: `0x${'12'.repeat(20)}`, to: facts.receiver, value: 1n }).then(() => 'accepted', () => 'refused'),
    mined: receiptOf(undone),
  }
}

async function reads(contract) {
  const tags = {}
  for (const tag of ['earliest', 'finalized', 'safe', 'latest', 'pending']) tags[tag] = blockOf(await provider.getBlock(tag))
  const address = await contract.getAddress(), { number } = tags.latest
  const proof = await provider.send('eth_getProof', [address, ['0x0', '0x1'], toQuantity(number)])
  const past = await contract.queryFilter(contract.filters.Deposited(), 0, number)
  return {
    together: await Promise.all([contract.name(), contract.deposits(wallet.address)]),
    tags, number, past: past.map(shown), topic: contract.interface.getEvent('Deposited').topicHash,
    count: (await provider.getBlock(number)).length,
    slots: proof.storageProof.map(({ value }) => BigInt(value)),
    stored: await provider.getStorage(address, 0, number),
    unknown: await provider.getTransactionReceipt(`0x${'ab'.repeat(32)}`) === null ? 'unknown' : 'found',
  }
}

async function quickly() {
  const sender = new NonceManager(new Wallet(facts.busyKey, provider))
  const sent = await Promise.all([1n, 2n, 3n, 4n, 5n].map((value) => sender.sendTransaction({ to: facts.receiver, value })))
  return Promise.all(sent.map(async (one) => receiptOf(await one.wait())))
}

const told = { transfer: await transfer(), deploy: await deploy() }
const contract = new Contract(told.deploy.contract, vault.abi, wallet)
for (const flow of [deposit, subscriptions, gas, types, delegated, refusals, reads, quickly]) {
  told[flow.name] = await flow(contract).catch((error) => { throw new Error(flow.name, { cause: error }) })
}
console.log(JSON.stringify(told, (_, value) => (typeof value === 'bigint' ? value.toString() : value)))
process.exit(0)
