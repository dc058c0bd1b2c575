"""The devnet's ENS contracts by themselves, against what the ENSIPs say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from coincurve import PrivateKey
from eth_abi.abi import decode, encode

from tests.chain.offchain_gateways import look, look_elsewhere
from tests.devnet.name_calls import (
    Reverted,
    addr,
    batch_answer,
    batched,
    call,
    contenthash,
    error,
    error_of,
    multicall,
    resolve,
    reverse,
    selector,
    text,
    wire,
)
from tests.devnet.signed_dns import TXT, SignedZone, chain, texts
from walkaway.devnet import ens
from walkaway.devnet.execution.accounts import NAMES_OWNER, PROXY_ADMIN, THIEF, dev_account
from walkaway.devnet.execution.compiled import contract
from walkaway.devnet.execution.genesis import ANY_ANSWERS, SIGNED_ANSWERS
from walkaway.devnet.execution.names import REGISTRY, RESOLVER, UNIVERSAL_RESOLVER, namehash
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.names.pointer import Pointer
from walkaway.proofs.execution.keccak import keccak256

IPFS = Pointer("ipfs", "bafybeibj6lixxzqtsb45ysdjnupvqkufgdvzqbnvmhw2kf7cfkesy7r7d4")
EVM = 0x80000000
URL = "https://gateway.example/{sender}/{data}"
SIGNER = dev_account(9)
NO_RESOLVER = "ResolverNotFound(bytes)"


@pytest.fixture(scope="module")
def devnet() -> Devnet:
    return Devnet(DevnetSettings(warm_slots=1, transactions_per_block=0))


def word(value: bytes) -> bytes:
    return value.rjust(32, b"\0")


def test_records_of_every_kind_are_set_and_resolved(devnet: Devnet) -> None:
    ens.register(devnet, "all.eth")
    ens.set_contenthash(devnet, "all.eth", IPFS)
    ens.set_text(devnet, "all.eth", "description", "longer than a word of storage is")
    ens.set_address(devnet, "all.eth", b"\1" * 20)
    ens.set_address(devnet, "all.eth", b"\2" * 20, coin_type=EVM)
    ens.set_address(devnet, "all.eth", b"\3" * 25, coin_type=0)
    devnet.advance()
    assert resolve(devnet, "all.eth", addr("all.eth")) == word(b"\1" * 20)
    calls = [
        contenthash("all.eth"),
        text("all.eth", "description"),
        text("all.eth", "url"),
        *(_coin("all.eth", coin) for coin in (60, EVM | 10, 0, 2)),
    ]
    (answers,) = decode(["bytes[]"], resolve(devnet, "all.eth", multicall(*calls)))
    said = [decode(["bytes"], answer)[0] for answer in answers]
    assert said == [
        ens.contenthash_of(IPFS),
        b"longer than a word of storage is",
        b"",
        b"\1" * 20,
        b"\2" * 20,  # what holds for every chain of the kind (ENSIP-19)
        b"\3" * 25,
        b"",
    ]


def _coin(name: str, coin_type: int) -> bytes:
    return selector("addr(bytes32,uint256)") + namehash(name) + coin_type.to_bytes(32)


def test_what_cannot_be_resolved_has_its_own_error(devnet: Devnet) -> None:
    ens.register(devnet, "person.eth", resolver=dev_account(3).address)
    ens.register(devnet, "refusing.eth", resolver=REGISTRY)
    ens.register(devnet, "passing.eth", resolver=ANY_ANSWERS)
    devnet.advance()
    assert error_of(devnet, "nobody.eth", addr("nobody.eth")) == error(
        NO_RESOLVER, wire("nobody.eth")
    )
    # A resolver that is set above answers only if it takes the name itself (ENSIP-10).
    assert error_of(devnet, "x.alice.eth", addr("x.alice.eth")) == error(
        NO_RESOLVER, wire("x.alice.eth")
    )
    person = error_of(devnet, "person.eth", addr("person.eth"))
    assert person == error(
        "ResolverNotContract(bytes,address)", wire("person.eth"), dev_account(3).address
    )
    unsupported = error("UnsupportedResolverProfile(bytes4)", b"\1\2\3\4")
    assert error_of(devnet, "alice.eth", b"\1\2\3\4") == unsupported
    (answers,) = decode(
        ["bytes[]"], resolve(devnet, "alice.eth", multicall(b"\1\2\3\4", addr("alice.eth")))
    )
    assert answers == (unsupported, word(dev_account(0).address))
    refused = selector("setOwner(bytes32,address)") + bytes(64)
    assert error_of(devnet, "refusing.eth", refused) == error(
        "ResolverError(bytes)",
        error("NotAuthorised(bytes32,address)", bytes(32), UNIVERSAL_RESOLVER),
    )
    # Another contract's lookup is an error like any (EIP-3668, client lookup protocol, 5).
    passed_on = error_of(devnet, "passing.eth", look_elsewhere(SIGNED_ANSWERS, [URL], b""))
    assert passed_on[:4] == selector("ResolverError(bytes)")
    own = error_of(devnet, "passing.eth", look([URL], b""))
    assert own[:4] == selector("OffchainLookup(address,string[],bytes,bytes4,bytes)")
    malformed = selector("resolve(bytes,bytes)") + encode(["bytes", "bytes"], [b"\5eth\0", b""])
    with pytest.raises(Reverted) as reverted:
        call(devnet, UNIVERSAL_RESOLVER, malformed)
    assert reverted.value.data == error("DNSDecodingFailed(bytes)", b"\5eth\0")


def test_a_primary_name_holds_only_if_it_leads_back(devnet: Devnet) -> None:
    ens.register(devnet, "many.eth")
    ens.set_address(devnet, "many.eth", NAMES_OWNER.address, coin_type=EVM)
    ens.set_name_of(devnet, NAMES_OWNER, "many.eth", on_any_chain=True)
    ens.set_name_of(devnet, THIEF, "alice.eth")
    devnet.advance()
    assert reverse(devnet, dev_account(0).address) == "alice.eth"
    assert reverse(devnet, dev_account(1).address) == ""
    assert reverse(devnet, NAMES_OWNER.address) == "many.eth"
    assert reverse(devnet, NAMES_OWNER.address, EVM) == "many.eth"
    with pytest.raises(Reverted) as false_claim:
        reverse(devnet, THIEF.address)
    mismatch = "ReverseAddressMismatch(string,bytes)"
    assert false_claim.value.data == error(mismatch, "alice.eth", dev_account(0).address)
    with pytest.raises(Reverted) as no_namespace:
        reverse(devnet, THIEF.address, EVM | 10)
    reversed_name = f"{THIEF.address.hex()}.8000000a.reverse"
    assert no_namespace.value.data == error(NO_RESOLVER, wire(reversed_name))


def signed(resolver: bytes, asked: bytes, result: bytes, expires: int) -> bytes:
    """What an `OffchainResolver` accepts (EIP-191, version 0)."""
    said = b"\x19\0" + resolver + expires.to_bytes(8) + keccak256(asked) + keccak256(result)
    signature = PrivateKey(SIGNER.key).sign_recoverable(keccak256(said), hasher=None)
    packed = signature[:64] + bytes([signature[64] + 27])
    return encode(["bytes", "uint64", "bytes"], [result, expires, packed])


def looked_up(
    devnet: Devnet, name: str, data: bytes, answer: Callable[[Sequence[bytes]], bytes]
) -> bytes:
    """Resolve a name whose resolver looks off chain; ``answer`` is the batch gateway."""
    with pytest.raises(Reverted) as reverted:
        resolve(devnet, name, data)
    lookup = reverted.value.lookup
    assert (lookup.sender, lookup.urls) == (UNIVERSAL_RESOLVER, ("x-batch-gateway:true",))
    requests = batched(lookup)
    assert all(urls == (URL,) for _, urls, _ in requests)
    said = answer([asked for _, _, asked in requests])
    output = call(devnet, UNIVERSAL_RESOLVER, lookup.callback_data(said))
    result: bytes = decode(["bytes", "address"], output)[0]
    return result


def test_what_is_looked_up_off_chain_is_judged_by_the_resolver(devnet: Devnet) -> None:
    resolver = ens.deploy_offchain_resolver(devnet, SIGNER.address, [URL])
    ens.register(devnet, "far.eth", resolver=resolver)
    devnet.advance()
    now = devnet.execution.head.header.timestamp
    name, result = "a.b.far.eth", word(b"\x07" * 20)

    def sign(asked: bytes, expires: int = now + 60) -> bytes:
        return signed(resolver, asked, result, expires)

    def good(questions: Sequence[bytes]) -> bytes:
        return batch_answer([False] * len(questions), [sign(asked) for asked in questions])

    assert looked_up(devnet, name, addr(name), good) == result

    def for_another(questions: Sequence[bytes]) -> bytes:
        return batch_answer([False], [sign(questions[0] + b"\0")])

    def expired(questions: Sequence[bytes]) -> bytes:
        return batch_answer([False], [sign(questions[0], now - 1)])

    unreached = error("HttpError(uint16,string)", 503, "not there")
    for answer, wanted in (
        (for_another, selector("ResolverError(bytes)")),
        (expired, error("ResolverError(bytes)", error("Expired(uint64)", now - 1))),
        (lambda _: batch_answer([True], [unreached]), unreached),
        (lambda _: batch_answer([], []), selector("InvalidBatchGatewayResponse()")),
    ):
        with pytest.raises(Reverted) as reverted:
            looked_up(devnet, name, addr(name), answer)
        assert reverted.value.data.startswith(wanted)

    # Of several records each stands for itself.
    both = multicall(addr(name), text(name, "url"), contenthash(name))
    (answers,) = decode(
        ["bytes[]"],
        looked_up(
            devnet,
            name,
            both,
            lambda asked: batch_answer([False, True, False], [sign(asked[0]), unreached, b""]),
        ),
    )
    assert answers[:2] == (result, unreached)
    assert len(answers[2]) % 32 == 4


def test_a_stolen_name_says_what_the_thief_wants_until_it_is_restored(devnet: Devnet) -> None:
    ens.register(devnet, "prey.eth")
    ens.set_contenthash(devnet, "prey.eth", IPFS)
    devnet.advance()
    other = ens.contenthash_of(Pointer("ar", "A" * 43))
    ens.hijack(devnet, "prey.eth", other)
    devnet.advance()
    assert decode(["bytes"], resolve(devnet, "prey.eth", contenthash("prey.eth"))) == (other,)
    ens.set_contenthash(devnet, "prey.eth", IPFS)
    devnet.advance()
    assert decode(["bytes"], resolve(devnet, "prey.eth", contenthash("prey.eth"))) == (other,)
    ens.register(devnet, "prey.eth")
    ens.set_contenthash(devnet, "prey.eth", IPFS)
    devnet.advance()
    assert decode(["bytes"], resolve(devnet, "prey.eth", contenthash("prey.eth"))) == (
        ens.contenthash_of(IPFS),
    )


def test_only_the_admin_upgrades_the_universal_resolver(devnet: Devnet) -> None:
    before = resolve(devnet, "alice.eth", addr("alice.eth"))
    upgrade = selector("upgradeTo(address)") + word(RESOLVER)
    with pytest.raises(Reverted) as reverted:
        call(devnet, UNIVERSAL_RESOLVER, upgrade)
    assert reverted.value.data == error("NotAdmin(address)", bytes(20))
    creation = contract("UniversalResolver").creation + word(REGISTRY)
    made = ens.deploy(devnet, creation, by=PROXY_ADMIN)
    ens.upgrade_universal_resolver(devnet, made)
    devnet.advance()
    assert resolve(devnet, "alice.eth", addr("alice.eth")) == before
    ens.upgrade_universal_resolver(devnet, RESOLVER)
    devnet.advance()
    with pytest.raises(Reverted):
        resolve(devnet, "alice.eth", addr("alice.eth"))
    ens.upgrade_universal_resolver(devnet, made)
    devnet.advance()


def test_a_name_of_the_dns_is_resolved_by_its_signed_text(devnet: Devnet) -> None:
    root, zone = SignedZone("."), SignedZone("test.")
    resolver = ens.deploy_dns_resolver(devnet, root.ds(), [URL])
    telling = ens.deploy(devnet, contract("ContextResolver").creation)
    ens.register(devnet, "test", resolver=resolver)
    devnet.advance()
    now = devnet.execution.head.header.timestamp
    records = texts("www.test.", "v=spf1 -all", f"ENS1 0x{telling.hex()} some context")
    good = chain([root, zone], "www.test.", TXT, records, (now - 60, now + 60))

    def answering(steps: Sequence[tuple[bytes, bytes]]) -> bytes:
        def answer(questions: Sequence[bytes]) -> bytes:
            (asked,) = questions
            assert asked[:4] == selector("resolve(bytes,uint16)")
            assert decode(["bytes", "uint16"], asked[4:]) == (wire("www.test"), TXT)
            return batch_answer([False], [encode(["(bytes,bytes)[]"], [steps])])

        return looked_up(devnet, "www.test", text("www.test", "context"), answer)

    assert decode(["string"], answering(good)) == ("some context",)
    # The keys of a zone above may sign too: it could give the zone away.
    keys, signed_above = chain([root], "www.test.", TXT, records, (now - 60, now + 60))
    assert decode(["string"], answering([keys, signed_above])) == ("some context",)
    valid = (now - 60, now + 60)
    late = root.sign("www.test.", TXT, records, (now - 60, now - 1))
    flipped = signed_above[0][:-1] + b"X", signed_above[1]
    # The keys that are known, in the name of a zone that is not theirs.
    claimed = SignedZone("test.", key=root.key).sign("www.test.", TXT, records, valid)
    other_root = chain([SignedZone(".")], "www.test.", TXT, records, valid)
    for steps in ([keys, late], [keys, flipped], [keys, claimed], [signed_above], other_root):
        with pytest.raises(Reverted) as reverted:
            answering(steps)
        assert selector("NotSigned(uint256,string)") in reverted.value.data
    of_another = chain([root], "ftp.test.", TXT, texts("ftp.test.", "ENS1 0x" + "11" * 20), valid)
    with pytest.raises(Reverted) as reverted:
        answering(of_another)
    assert selector("CouldNotResolve(bytes)") in reverted.value.data
