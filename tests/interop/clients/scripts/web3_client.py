"""What an app does with web3.py: read, send, wait, over HTTP and over WebSocket.

Runs in an environment of its own, with facts as JSON on its input.
"""

import asyncio
import json
import sys
from typing import Any

from eth_account import Account
from web3 import AsyncHTTPProvider, AsyncWeb3, WebSocketProvider
from web3.exceptions import Web3RPCError
from web3.middleware import SignAndSendRawMiddlewareBuilder

COUNTER = [
    {
        "type": "function",
        "name": "count",
        "stateMutability": "view",
        "inputs": [],
        "outputs": [{"type": "uint256"}],
    },
    {
        "type": "function",
        "name": "increment",
        "stateMutability": "nonpayable",
        "inputs": [],
        "outputs": [],
    },
    {
        "type": "event",
        "name": "Counted",
        "anonymous": False,
        "inputs": [
            {"type": "address", "name": "who", "indexed": True},
            {"type": "uint256", "name": "count", "indexed": False},
        ],
    },
]


async def everyday(web3: AsyncWeb3, facts: dict[str, Any]) -> dict[str, Any]:
    """Nothing filled in: nonce, gas and fees come from the endpoint."""
    account = Account.from_key(facts["key"])
    web3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(account), layer=0)
    contract = web3.eth.contract(web3.to_checksum_address(facts["contract"]), abi=COUNTER)
    before = await contract.functions.count().call()
    sent = await contract.functions.increment().transact({"from": account.address})
    receipt = await web3.eth.wait_for_transaction_receipt(sent, timeout=60, poll_latency=0.5)
    number = receipt["blockNumber"]
    events = await contract.events.Counted.get_logs(
        from_block=number, to_block=number, argument_filters={"who": account.address}
    )
    after = await contract.functions.count().call(block_identifier=number)
    return {
        "status": "success" if receipt["status"] else "reverted",
        "grew": after > before,
        "events": len(events),
    }


async def session(web3: AsyncWeb3, facts: dict[str, Any], fees: dict[str, int]) -> dict[str, Any]:
    eth = web3.eth
    account = Account.from_key(facts["key"])
    checksum = web3.to_checksum_address
    latest = await eth.get_block("latest", full_transactions=True)
    known = await eth.get_block(facts["block"], full_transactions=True)
    receipts = [await eth.get_transaction_receipt(tx["hash"]) for tx in known["transactions"]]
    assert await eth.get_block_receipts(known["number"]) == receipts
    nonce = await eth.get_transaction_count(account.address, "pending")
    signed = account.sign_transaction(
        {
            "chainId": facts["chainId"],
            "nonce": nonce,
            "gas": 21000,
            "to": checksum(facts["receiver"]),
            "value": 7,
            **fees,
        }
    )
    sent = await eth.send_raw_transaction(signed.raw_transaction)
    pending = await eth.get_transaction(sent)
    receipt = await eth.wait_for_transaction_receipt(sent, timeout=60, poll_latency=0.5)
    mined = await eth.get_transaction(sent)
    try:
        refused = await web3.geth.txpool.status()
    except Web3RPCError as error:
        refused = error.rpc_response["error"]["code"]
    contract = checksum(facts["contract"])
    stored = await eth.get_storage_at(contract, 0, known["number"])
    proof = await web3.provider.make_request("eth_getProof", [contract, ["0x0"], "latest"])
    return {
        "chainId": await eth.chain_id,
        "blockNumber": str(await eth.block_number),
        "latest": {"number": str(latest["number"]), "transactions": len(latest["transactions"])},
        "known": {
            "number": str(known["number"]),
            "hash": known["hash"].to_0x_hex(),
            "from": [tx["from"] for tx in known["transactions"]],
        },
        "receipts": [
            {
                "hash": receipt["transactionHash"].to_0x_hex(),
                "gasUsed": str(receipt["gasUsed"]),
                "logs": len(receipt["logs"]),
                "status": "success" if receipt["status"] else "reverted",
            }
            for receipt in receipts
        ],
        "balance": str(await eth.get_balance(checksum(facts["rich"]), known["number"])),
        "code": (await eth.get_code(contract)).to_0x_hex(),
        "stored": stored.to_0x_hex(),
        "proof": len(proof["result"]["storageProof"]),
        "sent": {
            "hash": sent.to_0x_hex(),
            "pending": pending["hash"].to_0x_hex(),
            "nonce": nonce,
            "status": "success" if receipt["status"] else "reverted",
            "block": str(receipt["blockNumber"]),
            "value": str(mined["value"]),
            "price": str(receipt["effectiveGasPrice"]),
        },
        "everyday": await everyday(web3, facts),
        "refused": refused,
    }


async def main() -> None:
    facts = json.load(sys.stdin)
    gwei = 10**9
    http = await session(
        AsyncWeb3(AsyncHTTPProvider(facts["http"])),
        facts,
        {"maxFeePerGas": 20 * gwei, "maxPriorityFeePerGas": gwei},
    )
    async with AsyncWeb3(WebSocketProvider(facts["ws"])) as web3:
        ws = await session(web3, facts, {"gasPrice": 20 * gwei})
    sys.stdout.write(json.dumps({"http": http, "ws": ws}))


asyncio.run(main())
