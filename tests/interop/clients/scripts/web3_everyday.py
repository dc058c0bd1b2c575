"""An app's and a wallet's day with web3.py, as its documentation shows it: nothing knows walkaway.

Runs in an environment of its own, with facts as JSON on its input.
"""

import asyncio
import json
import sys
from typing import Any

from eth_abi import decode
from eth_account import Account
from eth_utils.abi import function_signature_to_4byte_selector
from web3 import AsyncHTTPProvider, AsyncWeb3, WebSocketProvider
from web3.exceptions import (
    ContractCustomError,
    ContractLogicError,
    ContractPanicError,
    TransactionNotFound,
    Web3RPCError,
)
from web3.middleware import SignAndSendRawMiddlewareBuilder
from web3.utils.subscriptions import LogsSubscription, NewHeadsSubscription

Shown = dict[str, Any]


class Day:
    """The clients, the accounts and the contract that every flow uses."""

    def __init__(self, facts: Shown, http: AsyncWeb3, live: AsyncWeb3) -> None:
        self.facts = facts
        self.web3, self.eth, self.live = http, http.eth, live
        self.account = Account.from_key(facts["key"])
        self.busy = Account.from_key(facts["busyKey"])
        self.authority = Account.from_key(facts["authorityKey"])
        for account in (self.account, self.busy, self.authority):
            signer = SignAndSendRawMiddlewareBuilder.build(account)
            http.middleware_onion.inject(signer, layer=0)
        http.eth.default_account = self.account.address
        self.receiver = http.to_checksum_address(facts["receiver"])
        self.vault: Any = None

    def compiled(self, name: str, address: str | None = None) -> Any:
        """A contract's class, or the contract at an address."""
        compiled = self.facts["contracts"][name]
        if address is not None:
            return self.eth.contract(self.web3.to_checksum_address(address), abi=compiled["abi"])
        return self.eth.contract(abi=compiled["abi"], bytecode=compiled["creation"])

    async def mined(self, sent: bytes) -> Any:
        """The receipt, once there is one."""
        return await self.eth.wait_for_transaction_receipt(sent, timeout=60, poll_latency=0.25)

    async def deposit(self, note: str, value: int) -> Any:
        """The receipt of a deposit with nothing filled in."""
        return await self.mined(await self.vault.functions.deposit(note).transact({"value": value}))


def shown(log: Any) -> Shown:
    return {
        "address": log["address"],
        "topics": [topic.to_0x_hex() for topic in log["topics"]],
        "data": log["data"].to_0x_hex(),
        "blockHash": log["blockHash"].to_0x_hex(),
        "logIndex": log["logIndex"],
        "transactionHash": log["transactionHash"].to_0x_hex(),
        "removed": log["removed"],
    }


def raw(event: Any, logs: list[Any]) -> Shown:
    """The log that an event was decoded from."""
    return next(
        shown(log)
        for log in logs
        if (log["blockHash"], log["logIndex"]) == (event["blockHash"], event["logIndex"])
    )


def receipt_of(receipt: Any) -> Shown:
    return {
        "hash": receipt["transactionHash"].to_0x_hex(),
        "status": "success" if receipt["status"] else "reverted",
        "type": receipt["type"],
        "gasUsed": receipt["gasUsed"],
        "price": receipt["effectiveGasPrice"],
        "block": receipt["blockNumber"],
        "contract": receipt["contractAddress"],
        "logs": [shown(log) for log in receipt["logs"]],
    }


def block_of(block: Any) -> Shown:
    return {"number": block["number"], "hash": block["hash"].to_0x_hex()}


def custom_error(abi: list[Any], data: bytes) -> list[Any]:
    """The name of a contract's own error, and its values; web3.py leaves that to its user."""
    for entry in abi:
        if entry["type"] == "error":
            kinds = [item["type"] for item in entry["inputs"]]
            signature = f"{entry['name']}({','.join(kinds)})"
            if function_signature_to_4byte_selector(signature) == data[:4]:
                return [entry["name"], *decode(kinds, data[4:])]
    raise ValueError("no error of this contract")


async def until(condition: Any) -> None:
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("not within 30 seconds")


async def transfer(day: Day) -> Shown:
    eth = day.eth
    sent = await eth.send_transaction({"to": day.receiver, "value": 10**18})
    waiting = await eth.get_transaction(sent)
    pending = await eth.get_transaction_count(day.account.address, "pending")
    receipt = await day.mined(sent)
    number = receipt["blockNumber"]
    for _ in range(240):
        if await eth.block_number > number:
            break
        await asyncio.sleep(0.25)
    again = await eth.get_transaction_by_block(receipt["blockHash"], receipt["transactionIndex"])
    return receipt_of(receipt) | {
        "nonces": {"pending": pending, "sent": waiting["nonce"]},
        "confirmations": await eth.block_number - number + 1,
        "balance": await eth.get_balance(day.receiver, number),
        "again": again["hash"].to_0x_hex(),
    }


async def deploy(day: Day) -> Shown:
    sent = await day.compiled("vault").constructor("savings").transact({"value": 5})
    receipt = await day.mined(sent)
    address, number = receipt["contractAddress"], receipt["blockNumber"]
    day.vault = day.compiled("vault", address)
    read = day.vault.functions
    async with day.web3.batch_requests() as batch:
        batch.add(read.name())
        batch.add(read.owner())
        batch.add(read.summary([day.account.address, day.receiver]))
        name, owner, summary = await batch.async_execute()
    return receipt_of(receipt) | {
        "name": name,
        "owner": owner,
        "held": summary[2],
        "code": (await day.eth.get_code(address, number)).to_0x_hex(),
        "balance": await day.eth.get_balance(address, number),
    }


async def deposit(day: Day) -> Shown:
    call = day.vault.functions.deposit("for later")
    await call.call({"value": 7})
    estimate = await call.estimate_gas({"value": 7})
    receipt = await day.mined(await call.transact({"value": 7}))
    (event,) = day.vault.events.Deposited().process_receipt(receipt)
    held = await day.vault.functions.deposits(day.account.address).call()
    return receipt_of(receipt) | {"estimate": estimate, "args": dict(event["args"]), "held": held}


async def filters(day: Day) -> Shown:
    eth, event = day.eth, day.vault.events.Deposited
    wanted = {"from": day.account.address}
    events = await event.create_filter(from_block="latest", argument_filters=wanted)
    blocks, pending = await eth.filter("latest"), await eth.filter("pending")
    receipt = await day.deposit("filtered", 1)
    number = receipt["blockNumber"]
    changes = await events.get_new_entries()
    every = await eth.get_logs({"fromBlock": number, "toBlock": number})
    searched = await event.get_logs(from_block=number, to_block=number, argument_filters=wanted)
    return receipt_of(receipt) | {
        "changes": [raw(entry, every) for entry in changes],
        "nothing": len(await events.get_new_entries()),
        "all": [raw(entry, every) for entry in await events.get_all_entries()],
        "searched": [raw(entry, every) for entry in searched],
        "everything": [shown(log) for log in every],
        "hashes": [item.to_0x_hex() for item in await blocks.get_new_entries()],
        "pending": [item.to_0x_hex() for item in await pending.get_new_entries()],
        "gone": [
            await eth.uninstall_filter(events.filter_id),
            await eth.uninstall_filter(blocks.filter_id),
        ],
    }


async def subscriptions(day: Day) -> Shown:
    heads: list[Shown] = []
    events: list[Any] = []

    async def on_head(context: Any) -> None:
        heads.append(block_of(context.result))

    async def on_log(context: Any) -> None:
        events.append(context.result)

    subscribed = await day.live.subscription_manager.subscribe(
        [
            NewHeadsSubscription(label="heads", handler=on_head),
            LogsSubscription(
                label="deposits",
                address=day.vault.address,
                topics=[day.vault.events.Deposited().topic],
                handler=on_log,
            ),
        ]
    )
    handling = asyncio.create_task(day.live.subscription_manager.handle_subscriptions())
    await until(lambda: heads)
    receipt = await day.deposit("watched", 2)
    await until(lambda: events and len(heads) > 2)
    await day.live.subscription_manager.unsubscribe(subscribed)
    await handling
    notes = [day.vault.events.Deposited().process_log(log)["args"]["note"] for log in events]
    return receipt_of(receipt) | {
        "heads": heads,
        "events": [shown(log) for log in events],
        "notes": notes,
        "errors": [],
    }


async def reorganised(day: Day) -> Shown:
    """Whoever runs this replaces the blocks from the one whose number is sent as a value on."""
    seen: list[Any] = []

    async def on_log(context: Any) -> None:
        seen.append(context.result)

    subscription = LogsSubscription(address=day.vault.address, handler=on_log)
    await day.live.subscription_manager.subscribe(subscription)
    handling = asyncio.create_task(day.live.subscription_manager.handle_subscriptions())
    watched = await day.eth.filter({"address": day.vault.address})
    number = (await day.deposit("replaced", 1))["blockNumber"]
    changes = [await watched.get_new_entries()]
    await until(lambda: len(seen) == 1)
    replacing = day.web3.to_checksum_address(day.facts["replacing"])
    await day.eth.send_transaction({"to": replacing, "value": number})
    await until(lambda: len(seen) == 3)
    changes.append(await watched.get_new_entries())
    await subscription.unsubscribe()
    await handling
    return {
        "watched": [shown(log) for log in seen],
        "changes": [[shown(log) for log in logs] for logs in changes],
    }


async def gas(day: Day) -> Shown:
    eth = day.eth
    data = day.vault.encode_abi("deposit", ["gas"])
    request = {"from": day.account.address, "to": day.vault.address, "value": 3, "data": data}
    listed = await eth.create_access_list(request)
    history = await eth.fee_history(4, "latest", [25, 75])
    return {
        "data": data,
        "estimate": await eth.estimate_gas(request),
        "accessList": [dict(entry) for entry in listed["accessList"]],
        "gasUsed": listed["gasUsed"],
        "history": {
            "oldest": history["oldestBlock"],
            "baseFees": history["baseFeePerGas"],
            "ratios": history["gasUsedRatio"],
            "rewards": history["reward"],
        },
        "price": await eth.gas_price,
        "tip": await eth.max_priority_fee,
        "blobBaseFee": await eth.blob_base_fee,
    }


async def types(day: Day) -> list[Shown]:
    plain = {"to": day.receiver, "value": 1, "gas": 60_000}
    price = 2 * await day.eth.gas_price
    listed = [{"address": day.vault.address, "storageKeys": ["0x" + "00" * 31 + "01"]}]
    dynamic = {"maxFeePerGas": 20 * 10**9, "maxPriorityFeePerGas": 2 * 10**9}
    sent = [
        await day.eth.send_transaction(plain | {"gasPrice": price}),
        await day.eth.send_transaction(plain | {"gasPrice": price, "accessList": listed}),
        await day.eth.send_transaction(plain | dynamic | {"accessList": listed}),
    ]
    return [receipt_of(await day.mined(item)) for item in sent]


async def delegated(day: Day) -> Shown:
    eth, authority = day.eth, day.authority
    code = await day.mined(await day.compiled("batch").constructor().transact())
    delegate = code["contractAddress"]
    batch = day.compiled("batch", authority.address)

    async def send(payer: Any, to: str, **more: Any) -> Any:
        nonce = await eth.get_transaction_count(authority.address)
        if payer is authority:
            nonce += 1  # of its own transaction, which carries it
        authorization = {"chainId": day.facts["chainId"], "address": to, "nonce": nonce}
        signed = payer.sign_transaction(
            {
                "chainId": day.facts["chainId"],
                "nonce": await eth.get_transaction_count(payer.address),
                "gas": 300_000,
                "maxFeePerGas": 20 * 10**9,
                "maxPriorityFeePerGas": 10**9,
                "to": authority.address,
                "value": 0,
                "authorizationList": [authority.sign_authorization(authorization)],
                **more,
            }
        )
        return await day.mined(await eth.send_raw_transaction(signed.raw_transaction))

    notes = [day.vault.encode_abi("deposit", [note]) for note in ("one", "two")]
    calls = [(day.vault.address, 1 + index, note) for index, note in enumerate(notes)]
    receipt = await send(authority, delegate, data=batch.encode_abi("execute", [calls]))
    delegation = await eth.get_code(authority.address, receipt["blockNumber"])
    executed = batch.events.Executed().process_log(receipt["logs"][-1])
    undone = await send(day.account, "0x" + "00" * 20)
    return receipt_of(receipt) | {
        "delegate": delegate,
        "delegation": delegation.to_0x_hex(),
        "calls": executed["args"]["calls"],
        "undone": receipt_of(undone),
        "after": (await eth.get_code(authority.address, undone["blockNumber"])).to_0x_hex(),
    }


async def refusals(day: Day) -> Shown:
    run, much = day.vault.functions, 10**30

    async def refused(attempt: Any) -> Any:
        try:
            await attempt
        except ContractCustomError as error:
            return custom_error(
                day.facts["contracts"]["vault"]["abi"], bytes.fromhex(error.data[2:])
            )
        except ContractPanicError as error:
            return ["Panic", int(error.data[10:], 16)]
        except ContractLogicError as error:
            return ["Error", error.message.removeprefix("execution reverted: ")]
        except Web3RPCError:
            return "refused"
        return "accepted"

    sent = await run.withdraw(much).transact({"gas": 100_000})
    poor = day.web3.to_checksum_address("0x" + "12" * 20)
    return {
        "reason": await refused(run.deposit("nothing").call()),
        "custom": await refused(run.withdraw(much).call()),
        "stranger": await refused(run.rename("mine").call({"from": day.receiver})),
        "panic": await refused(run.share(0).call()),
        "estimate": await refused(run.withdraw(much).estimate_gas()),
        "poor": await refused(day.eth.call({"from": poor, "to": day.receiver, "value": 1})),
        "mined": receipt_of(await day.mined(sent)),
    }


async def overrides(day: Day) -> Shown:
    counter, at = day.facts["contracts"]["counter"], day.compiled("counter", day.receiver)
    zero, vault = "0x" + "00" * 32, day.vault.address
    there = day.compiled("counter", counter["address"])
    state = {"state": {zero: "0x" + (5).to_bytes(32).hex()}, "code": counter["code"]}
    slot = {"stateDiff": {zero: "0x" + (77).to_bytes(32).hex()}}
    return {
        "balance": await day.vault.functions.share(1).call(
            state_override={vault: {"balance": 1234}}
        ),
        "slot": await there.functions.count().call(state_override={there.address: slot}),
        "code": await at.functions.count().call(state_override={day.receiver: state}),
    }


async def simulated(day: Day) -> Shown:
    vault, sender = day.vault, day.account.address
    data = [
        vault.encode_abi("deposit", ["never"]),
        vault.encode_abi("deposits", [sender]),
        vault.encode_abi("withdraw", [10**30]),
    ]
    calls = [{"from": sender, "to": vault.address, "data": item} for item in data]
    calls[0]["value"] = 4
    (block,) = await day.eth.simulate_v1({"blockStateCalls": [{"calls": calls}]}, "latest")
    deposited, held, refused = block["calls"]
    return {
        "on": block["number"] - 1,
        "gasUsed": [call["gasUsed"] for call in block["calls"]],
        "held": int.from_bytes(held["returnData"]),
        "topics": [topic.to_0x_hex() for topic in deposited["logs"][0]["topics"]],
        "refused": refused["error"]["data"][:10],
    }


async def reads(day: Day) -> Shown:
    eth, vault = day.eth, day.vault
    tags = {}
    for tag in ("earliest", "finalized", "safe", "latest", "pending"):
        tags[tag] = block_of(await eth.get_block(tag))
    number = tags["latest"]["number"]
    asked = [vault.address, ["0x0", "0x1"], hex(number)]
    proof = (await day.web3.provider.make_request("eth_getProof", asked))["result"]
    try:
        await eth.get_transaction_receipt("0x" + "ab" * 32)
        unknown = "found"
    except TransactionNotFound:
        unknown = "unknown"
    return {
        "together": [
            await vault.functions.name().call(),
            await vault.functions.deposits(day.account.address).call(),
        ],
        "tags": tags,
        "number": number,
        "count": await eth.get_block_transaction_count(number),
        "slots": [int(entry["value"], 16) for entry in proof["storageProof"]],
        "stored": (await eth.get_storage_at(vault.address, 0, number)).to_0x_hex(),
        "unknown": unknown,
    }


async def quickly(day: Day) -> list[Shown]:
    first = await day.eth.get_transaction_count(day.busy.address)
    sent = [
        await day.eth.send_transaction(
            {
                "from": day.busy.address,
                "to": day.receiver,
                "value": 1 + index,
                "nonce": first + index,
            }
        )
        for index in range(5)
    ]
    return [receipt_of(await day.mined(item)) for item in sent]


FLOWS = (
    transfer, deploy, deposit, filters, subscriptions, reorganised, gas, types, delegated,
    refusals, overrides, simulated, reads, quickly,
)  # fmt: skip


async def main() -> None:
    facts = json.load(sys.stdin)
    http = AsyncWeb3(AsyncHTTPProvider(facts["http"]))
    async with AsyncWeb3(WebSocketProvider(facts["ws"])) as live:
        day = Day(facts, http, live)
        told = {flow.__name__: await flow(day) for flow in FLOWS}
    await http.provider.disconnect()
    sys.stdout.write(json.dumps(told))


asyncio.run(main())
