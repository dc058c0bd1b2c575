"""Names of ENS end to end: the devnet's contracts, its sources, and gateways on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from coincurve import PrivateKey
from eth_abi.abi import encode

from tests.chain.devnet_chain import devnet_of, following
from tests.chain.offchain_gateways import Answerer, Served, gateway, host_of
from tests.names.ens.devnet_names import (
    IPFS,
    ens_on,
    looks_up,
    recovers,
    signed_result,
    that_creates,
)
from walkaway.chain.offchain_calls import OffchainCalls, OffchainOutcome, Refuses
from walkaway.devnet import ens as names
from walkaway.devnet.execution.accounts import NAMES_OWNER, dev_account
from walkaway.devnet.execution.compiled import contract
from walkaway.devnet.execution.genesis import ANSWER_SIGNER
from walkaway.devnet.execution.names import IMPLEMENTATION, REGISTRY, RESOLVER, UNIVERSAL_RESOLVER
from walkaway.errors import (
    InvalidRequest,
    NoSuchName,
    ProofError,
    RanTooLong,
    TooMuch,
    Unproven,
    Unsupported,
)
from walkaway.evm.derive_name import ResolverCode
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.names.ens.contenthash import Codec, ContentHash
from walkaway.names.ens.contenthash import encode as contenthash
from walkaway.names.ens.records import (
    AddressRecord,
    ContentRecord,
    EnsRecord,
    TextRecord,
    Unreadable,
)
from walkaway.names.ens.resolver_record import ResolverRecord
from walkaway.names.resolution import Standing
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.proven import Evidence, Proven
from walkaway.rpc.methods.names import look_up

ONION = contenthash(Codec.ONION, "zqktlwi4fecvo6ri").data
BASE = 0x80000000 | 8453


def steps(because: Evidence | None) -> Iterator[Evidence]:
    if because is not None:
        yield because
        for below in because.because:
            yield from steps(below)


def facts(because: Evidence | None) -> set[tuple[str, object]]:
    return {fact for step in steps(because) for fact in step.facts}


async def test_a_name_on_chain_is_proven_down_to_the_checkpoint(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        names.set_contenthash(devnet, "app.eth", IPFS)
        names.set_text(devnet, "app.eth", "url", "https://app.example")
        names.set_address(devnet, "app.eth", b"\x0b" * 20, coin_type=BASE)
        names.set_contenthash(devnet, "evil.eth", ONION)
        names.register(devnet, "odd.eth")
        devnet.advance()
        names.set_contenthash(devnet, "odd.eth", b"\xe3\x01")
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path) as ens:
            resolved = await ens.resolve("App.ETH")
            assert (resolved.pointer, resolved.standing) == (IPFS, Standing.PROVEN)
            assert resolved.seconds == 60
            found = facts(resolved.because)
            assert {
                ("name", "App.ETH"),
                ("normalized", "app.eth"),
                ("implementation", IMPLEMENTATION),
                ("address", UNIVERSAL_RESOLVER),
                ("resolver", RESOLVER),
                ("head", "optimistic"),
                ("pointer", str(IPFS)),
            } <= found
            assert resolved.because is not None
            rules = {anchor.rule for anchor in resolved.because.anchors()}
            assert "the engine that ran it" in rules
            assert any("checkpoint" in rule for rule in rules)

            asked = devnet.requests("alder")
            assert (await ens.resolve("app.eth")).pointer == IPFS
            assert devnet.requests("alder") == asked

            url, gone = TextRecord("url"), TextRecord("nothing")
            wanted: list[EnsRecord] = [
                ContentRecord(),
                url,
                gone,
                AddressRecord(),
                AddressRecord(BASE),
            ]
            answer = await ens.lookup("app.eth", wanted)
            assert answer.values[url] == "https://app.example"
            assert answer.values[gone] is None
            assert answer.values[AddressRecord()] == NAMES_OWNER.address
            assert answer.values[AddressRecord(BASE)] == b"\x0b" * 20
            assert (answer.resolver, answer.gateways, answer.recovered) == (RESOLVER, (), ())

            with pytest.raises(Unsupported, match="onion"):
                await ens.resolve("evil.eth")
            with pytest.raises(NoSuchName, match="contenthash cannot be read"):
                await ens.resolve("odd.eth")
            with pytest.raises(NoSuchName, match="has no contenthash"):
                await ens.resolve("alice.eth")
            for nobody in ("nobody.eth", "below.app.eth", "example.com"):
                with pytest.raises(NoSuchName, match="resolver not found"):
                    await ens.resolve(nobody)
            for broken in ("a_b.eth", "\ud800.eth"):
                with pytest.raises(InvalidRequest):
                    await ens.resolve(broken)
            with pytest.raises(InvalidRequest, match=r"no text: 'a\\udfff'"):
                await look_up(ens, "app.eth", texts=["a\udfff"])
            assert (await look_up(ens, "app.eth", texts=["é\0"]))["texts"] == {"é\0": None}


async def test_a_primary_name_leads_back_to_its_address(tmp_path: Path) -> None:
    alice, owner = dev_account(0), NAMES_OWNER
    async with devnet_of() as devnet:
        names.set_name_of(devnet, owner, "alice.eth")
        names.set_name_of(devnet, dev_account(1), "ALICE.eth")
        names.register(devnet, "ALICE.eth")
        devnet.advance()
        names.set_address(devnet, "ALICE.eth", dev_account(1).address)
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path) as ens:
            primary = await ens.reverse(alice.address)
            assert (str(primary.name), primary.standing) == ("alice.eth", Standing.PROVEN)
            assert ("address", alice.address) in facts(primary.because)
            with pytest.raises(NoSuchName, match="reverse address mismatch"):
                await ens.reverse(owner.address)
            with pytest.raises(NoSuchName, match=r"'ALICE\.eth' is not normalised"):
                await ens.reverse(dev_account(1).address)
            with pytest.raises(NoSuchName, match=f"0x{'77' * 20} has no primary name") as none:
                await ens.reverse(b"\x77" * 20)
            assert "has not taken it for its own" in none.value.advice
            with pytest.raises(InvalidRequest):
                await ens.reverse(b"")


def says(wire: bytes, call: bytes) -> bytes:
    """A gateway's records: content for any name, and a text."""
    if call[:4] == ContentRecord().call(b"")[:4]:
        return encode(["bytes"], [names.contenthash_of(IPFS)])
    return encode(["string"], ["from afar"])


async def test_what_a_signer_signed_off_chain_is_accepted_and_both_are_named(
    tmp_path: Path,
) -> None:
    served = Served(signed_result(says))
    async with devnet_of() as devnet, gateway(served) as url:
        offchain = names.deploy_offchain_resolver(devnet, ANSWER_SIGNER.address, [url])
        devnet.advance()
        names.set_resolver(devnet, "app.eth", offchain)
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path, url) as ens:
            resolved = await ens.resolve("any.app.eth")
            assert (resolved.pointer, resolved.standing) == (IPFS, Standing.ACCEPTED)
            found = facts(resolved.because)
            assert ("looked_at_signature_of", ANSWER_SIGNER.address) in found
            assert ("gateway", host_of(url)) in found
            assert ("asked_by", offchain) in found

            both: list[EnsRecord] = [ContentRecord(), TextRecord("url")]
            answer = await ens.lookup("any.app.eth", both)
            assert answer.values[TextRecord("url")] == "from afar"
            assert answer.recovered == (ANSWER_SIGNER.address,)
            assert answer.gateways == (host_of(url),)

            served.answer = signed_result(says, key=b"\x01" * 32)
            with pytest.raises(Unproven, match="not accepted") as refused:
                await ens.resolve("any.app.eth")
            assert not isinstance(refused.value, NoSuchName)
            values = (await ens.lookup("any.app.eth", both)).values
            assert all(isinstance(value, Unreadable) for value in values.values())

            served.status = 500
            with pytest.raises(Unproven, match="HTTP status 500") as unreached:
                await ens.resolve("any.app.eth")
            assert not isinstance(unreached.value, NoSuchName)


async def test_nobody_is_said_to_have_signed_an_answer_whose_signature_was_but_looked_at(
    tmp_path: Path,
) -> None:
    """Anybody's contract can look at anybody's signature under anything."""
    stranger, digest = dev_account(3), keccak256(b"a transaction of years ago")
    signature = PrivateKey(stranger.key).sign_recoverable(digest, hasher=None)
    answer = encode(["bytes"], [names.contenthash_of(IPFS)])
    served = Served(lambda contract, asked: b"")
    async with devnet_of() as devnet, gateway(served) as url:
        believing = looks_up(url, 32, recovers(signature, digest, answer))
        at = names.deploy(devnet, that_creates(believing))
        devnet.advance()
        names.set_resolver(devnet, "evil.eth", at)
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path, url) as ens:
            found = await look_up(ens, "evil.eth")
    assert (found["pointer"], found["standing"]) == (str(IPFS), "accepted")
    named, told = f"0x{stranger.address.hex()}", json.dumps(found["because"])
    assert found["recovered"] == [named]
    assert f'"looked_at_signature_of": "{named}"' in told
    assert "signed_by" not in told
    assert "signers" not in found


async def test_gateways_that_lie_deny_nothing_that_another_answers(tmp_path: Path) -> None:
    sound, forged = signed_result(says), signed_result(says, key=b"\x01" * 32)
    content, url = ContentRecord(), TextRecord("url")
    both: list[EnsRecord] = [content, url]

    def lying_of(record: EnsRecord) -> Answerer:
        """Forges what it says of one kind of record, and no other."""

        def answer(contract: bytes, asked: bytes) -> bytes:
            lies = record.call(b"")[:4] in asked
            return (forged if lies else sound)(contract, asked)

        return answer

    first, second = Served(forged), Served(sound)
    async with devnet_of() as devnet, gateway(first) as one, gateway(second) as two:
        offchain = names.deploy_offchain_resolver(devnet, ANSWER_SIGNER.address, [one, two])
        devnet.advance()
        names.set_resolver(devnet, "app.eth", offchain)
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path, one, two) as ens:
            resolved = await ens.resolve("any.app.eth")
            assert (resolved.pointer, resolved.standing) == (IPFS, Standing.ACCEPTED)
            judged = {
                dict(step.facts)["gateway"]: step.rule
                for step in steps(resolved.because)
                if step.rule.startswith("the word of a gateway")
            }
            assert judged == {
                host_of(one): "the word of a gateway, which the contract's callback refused",
                host_of(two): "the word of a gateway",
            }

            # Each lies of one record: neither denies the other's.
            first.answer, second.answer = lying_of(content), lying_of(url)
            answer = await ens.lookup("any.app.eth", both)
            assert answer.values[url] == "from afar"
            assert isinstance(answer.values[content], ContentHash)
            assert answer.gateways == (host_of(one), host_of(two))

            first.answer = second.answer = forged
            with pytest.raises(Unproven, match="not accepted") as refused:
                await ens.resolve("any.app.eth")
            assert set(refused.value.reasons) == {f"{host_of(one)}, {host_of(two)}"}


async def test_other_code_behind_the_resolver_is_not_believed_until_accepted(
    tmp_path: Path,
) -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        names.set_contenthash(devnet, "app.eth", IPFS)
        creation = contract("UniversalResolver").creation + encode(
            ["address"], ["0x" + REGISTRY.hex()]
        )
        other = names.deploy(devnet, creation)
        devnet.advance(2)
        await chain.advance()
        async with ens_on(chain, tmp_path) as ens:
            assert (await ens.resolve("app.eth")).pointer == IPFS
            names.upgrade_universal_resolver(devnet, other)
            devnet.advance(2)
            await chain.advance()
            with pytest.raises(Unproven, match="Universal Resolver was changed") as changed:
                await ens.resolve("app.eth")
            assert IMPLEMENTATION.hex() in str(changed.value)
            assert f"--accept-resolver 0x{other.hex()}" in changed.value.advice
            ens._runs._record.accept(other)
            assert (await ens.resolve("app.eth")).pointer == IPFS
            kept = ens._runs._record.load()
            assert kept is not None
            assert (kept.implementation, kept.accepted) == (other, True)
            assert kept.code_hash is not None


async def test_code_that_was_replaced_has_nobody_asked_off_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much sooner than the record the gateway could be reached."""
    held_to = ResolverRecord.check

    async def held_to_late(record: ResolverRecord, code: ResolverCode) -> None:
        await asyncio.sleep(0.3)
        await held_to(record, code)

    monkeypatch.setattr(ResolverRecord, "check", held_to_late)
    served = Served(lambda contract, asked: b"")
    async with devnet_of() as devnet, gateway(served) as url, following(devnet) as chain:
        other = names.deploy(devnet, that_creates(looks_up(url, 32)))
        devnet.advance(2)
        await chain.advance()
        async with ens_on(chain, tmp_path, url) as ens:
            with pytest.raises(NoSuchName):
                await ens.resolve("app.eth")
            names.upgrade_universal_resolver(devnet, other)
            devnet.advance(2)
            await chain.advance()
            with pytest.raises(Unproven, match="Universal Resolver was changed"):
                await ens.resolve("app.eth")
            assert served.asked == []
            ens._runs._record.accept(other)
            with pytest.raises(ProofError):
                await ens.resolve("app.eth")
            assert served.asked == [bytes(32)]


async def test_what_fails_at_a_limit_of_this_machine_is_no_proof_of_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of gas, and of what is looked up off chain."""
    burns = b"\x5f\x63\xff\xff\xff\xff\x52"  # memory that no gas pays for
    short = replace(LIMITS, lookup_call_data_bytes=8 * 1024)
    monkeypatch.setattr("walkaway.evm.offchain_lookup.LIMITS", short)
    too_much = looks_up("https://evil.example/{data}", short.lookup_call_data_bytes)
    too_long = looks_up("https://evil.example/" + "{data}" * 300, 200)
    async with devnet_of() as devnet:
        for name, code in (("app.eth", burns), ("evil.eth", too_much), ("alice.eth", too_long)):
            at = names.deploy(devnet, that_creates(code))
            devnet.advance()
            names.set_resolver(devnet, name, at)
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path) as ens:
            for name, reason in (
                ("app.eth", r"for want of gas: \S+ was used of the 50,000,000"),
                ("evil.eth", "off chain is malformed, or more than is followed"),
                ("alice.eth", "its address is too long"),
            ):
                with pytest.raises(Unproven, match=reason) as refused:
                    await ens.resolve(name)
                assert not isinstance(refused.value, NoSuchName)
            with pytest.raises(Unproven, match="for want of gas"):
                await ens.lookup("app.eth", [ContentRecord(), TextRecord("url")])


async def test_code_that_cannot_be_run_proves_nothing_of_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_long(*_: object) -> OffchainOutcome:
        raise RanTooLong("it ran too long", advice="build the kernel")

    async def never(*_: object) -> OffchainOutcome:
        await asyncio.sleep(60)
        raise AssertionError

    async with devnet_of() as devnet, following(devnet) as chain:
        async with ens_on(chain, tmp_path) as ens:
            monkeypatch.setattr(OffchainCalls, "run", too_long)
            with pytest.raises(Unproven, match="it ran too long") as refused:
                await ens.resolve("app.eth")
            assert refused.value.advice == "build the kernel"
            assert not isinstance(refused.value, NoSuchName)
            monkeypatch.setattr(OffchainCalls, "run", never)
            short = replace(LIMITS, ens_answer_seconds=0.05)
            monkeypatch.setattr("walkaway.names.ens.runs.LIMITS", short)
            with pytest.raises(Unproven, match="no answer within"):
                await ens.resolve("app.eth")
            monkeypatch.setattr(ens._runs, "_spec", replace(chain.spec, universal_resolver=None))
            with pytest.raises(Unsupported, match="no ENS on"):
                await ens.resolve("app.eth")
            with pytest.raises(TooMuch):
                await ens.lookup("app.eth", [AddressRecord(n) for n in range(1000)])
            with pytest.raises(InvalidRequest):
                await ens.lookup("app.eth", [])


async def test_a_question_is_put_again_where_the_head_was_replaced_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        names.set_contenthash(devnet, "app.eth", IPFS)
        devnet.advance(2)
        await chain.advance()
        async with ens_on(chain, tmp_path) as ens:
            honest, asked = OffchainCalls.run, list[AskedCall]()

            async def fails_once(
                calls: OffchainCalls, header: Proven[Header], question: AskedCall, refuses: Refuses
            ) -> OffchainOutcome:
                asked.append(question)
                if len(asked) > 1:
                    return await honest(calls, header, question, refuses)
                devnet.advance()
                await chain.advance()
                raise Unproven("gone", reasons={})

            async def fails(
                calls: OffchainCalls, header: Proven[Header], question: AskedCall, refuses: Refuses
            ) -> OffchainOutcome:
                asked.append(question)
                raise Unproven("gone", reasons={})

            monkeypatch.setattr(OffchainCalls, "run", fails_once)
            assert (await ens.resolve("app.eth")).pointer == IPFS
            assert len(asked) == 2
            monkeypatch.setattr(OffchainCalls, "run", fails)
            with pytest.raises(Unproven, match="gone"):
                await ens.resolve("app.eth")
            assert len(asked) == 3
