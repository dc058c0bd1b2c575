// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {DnsRecords} from "./DnsRecords.sol";
import {P256} from "./P256.sol";

/// Records and the signature over them: the RRSIG's data without the signature, then the
/// records in canonical form (ENSIP-17; RFC 4035, 5.3.2).
struct RRSetWithSignature {
    bytes rrset;
    bytes sig;
}

/// Follows signatures from the root's keys to a set of records (RFC 4034, 4035, 5702, 6605).
/// Records that stand for others by a wildcard are not taken, nor is the absence of any.
contract DnssecOracle {
    using DnsRecords for bytes;

    error NotSigned(uint256 step, string reason);

    uint8 private constant RSA_SHA256 = 8;
    uint8 private constant P256_SHA256 = 13;
    uint8 private constant SHA256_DIGEST = 2;
    uint256 private constant HEAD = 18; // of an RRSIG's data, before the signer's name

    struct SignedSet {
        uint16 rtype;
        uint8 algorithm;
        uint16 keyTag;
        uint32 expiration;
        uint32 inception;
        uint256 labels;
        bytes signer;
        bytes owner;
        bytes records;
    }

    /// The DS records that the root's keys are held against.
    bytes public anchors;

    constructor(bytes memory anchors_) {
        anchors = anchors_;
    }

    /// The last set of a chain in which each is signed by the keys, or has the keys, of that
    /// before it; and when the newest of the signatures began.
    function verifyRRSet(RRSetWithSignature[] calldata input)
        external
        view
        returns (bytes memory records, uint32 inception)
    {
        records = anchors;
        for (uint256 i = 0; i < input.length; i++) {
            SignedSet memory set = read(input[i].rrset, i);
            verify(input[i], set, records, i);
            records = set.records;
            if (set.inception > inception) inception = set.inception;
        }
    }

    function read(bytes memory data, uint256 step) private view returns (SignedSet memory set) {
        set.rtype = uint16(data.number(0, 2));
        set.algorithm = uint8(data.number(2, 1));
        set.labels = data.number(3, 1);
        set.expiration = uint32(data.number(8, 4));
        set.inception = uint32(data.number(12, 4));
        set.keyTag = uint16(data.number(16, 2));
        uint256 end = data.nameEnd(HEAD);
        set.signer = data.slice(HEAD, end - HEAD);
        set.records = data.slice(end, data.length - end);
        set.owner = set.records.slice(0, set.records.nameEnd(0));
        if (set.expiration < block.timestamp) revert NotSigned(step, "any more");
        if (set.inception > block.timestamp) revert NotSigned(step, "yet");
        if (set.labels != DnsRecords.labels(set.owner)) revert NotSigned(step, "but by a wildcard");
        if (!DnsRecords.isWithin(set.owner, set.signer)) revert NotSigned(step, "by a zone above");
        for (uint256 offset = 0; offset < set.records.length;) {
            DnsRecords.Record memory record = set.records.recordAt(offset);
            bool isOfSet = record.rtype == set.rtype && record.rclass == DnsRecords.INTERNET
                && keccak256(record.name) == keccak256(set.owner);
            if (!isOfSet) revert NotSigned(step, "as one set");
            offset = record.next;
        }
    }

    /// `known` are the keys of the zone that signed, or what its parent says of these.
    function verify(RRSetWithSignature calldata input, SignedSet memory set, bytes memory known, uint256 step)
        private
        view
    {
        DnsRecords.Record memory first = known.recordAt(0);
        if (keccak256(first.name) != keccak256(set.signer)) revert NotSigned(step, "by the zone before");
        bool isByDigest = first.rtype == DnsRecords.DS;
        if (isByDigest && set.rtype != DnsRecords.DNSKEY) revert NotSigned(step, "as the zone's keys");
        if (isByDigest && keccak256(set.owner) != keccak256(set.signer)) revert NotSigned(step, "by itself");
        if (!isByDigest && first.rtype != DnsRecords.DNSKEY) revert NotSigned(step, "by keys");
        bytes memory keys = isByDigest ? set.records : known;
        for (uint256 offset = 0; offset < keys.length;) {
            DnsRecords.Record memory key = keys.recordAt(offset);
            offset = key.next;
            if (isKeyOf(key.rdata, set) && (!isByDigest || isNamed(key, known))) {
                if (isSignature(key.rdata, input.rrset, input.sig)) return;
            }
        }
        revert NotSigned(step, "by a key that is known");
    }

    /// Whether a key is of a zone, not revoked, and the one that the signature names.
    function isKeyOf(bytes memory key, SignedSet memory set) private pure returns (bool) {
        uint256 flags = key.number(0, 2);
        return flags & 0x0180 == 0x0100 && key.number(2, 1) == 3 && key.number(3, 1) == set.algorithm
            && keyTag(key) == set.keyTag;
    }

    /// Whether one of the DS records is of a key (RFC 4034, 5.1.4).
    function isNamed(DnsRecords.Record memory key, bytes memory digests) private pure returns (bool) {
        bytes32 digest = sha256(bytes.concat(key.name, key.rdata));
        for (uint256 offset = 0; offset < digests.length;) {
            DnsRecords.Record memory named = digests.recordAt(offset);
            offset = named.next;
            bytes memory data = named.rdata;
            bool isOfKey = data.length == 36 && data.number(0, 2) == keyTag(key.rdata)
                && data.number(2, 1) == key.rdata.number(3, 1) && data.number(3, 1) == SHA256_DIGEST;
            if (isOfKey && bytes32(data.slice(4, 32)) == digest) return true;
        }
        return false;
    }

    function isSignature(bytes memory key, bytes calldata signed, bytes calldata signature)
        private
        view
        returns (bool)
    {
        uint256 algorithm = key.number(3, 1);
        bytes memory material = key.slice(4, key.length - 4);
        if (algorithm == P256_SHA256) {
            if (material.length != 64 || signature.length != 64) return false;
            return P256.verify(
                sha256(signed),
                uint256(bytes32(signature[:32])),
                uint256(bytes32(signature[32:])),
                material.number(0, 32),
                material.number(32, 32)
            );
        }
        return algorithm == RSA_SHA256 && isRsa(material, sha256(signed), signature);
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2; RFC 3110 for the key).
    function isRsa(bytes memory key, bytes32 digest, bytes calldata signature) private view returns (bool) {
        uint256 start = 1;
        uint256 length = key.number(0, 1);
        if (length == 0) (start, length) = (3, key.number(1, 2));
        bytes memory exponent = key.slice(start, length);
        bytes memory modulus = key.slice(start + length, key.length - start - length);
        if (signature.length != modulus.length || modulus.length < 64) return false;
        (bool done, bytes memory message) = address(5).staticcall(
            abi.encodePacked(signature.length, length, modulus.length, signature, exponent, modulus)
        );
        bytes memory padding = new bytes(modulus.length - 54);
        for (uint256 i = 0; i < padding.length; i += 32) {
            assembly { mstore(add(add(padding, 32), i), not(0)) }
        }
        bytes memory wanted =
            bytes.concat(hex"0001", padding, hex"003031300d060960864801650304020105000420", digest);
        return done && keccak256(message) == keccak256(wanted);
    }

    /// RFC 4034, appendix B.
    function keyTag(bytes memory key) private pure returns (uint256) {
        uint256 sum = 0;
        for (uint256 i = 0; i + 1 < key.length; i += 2) sum += key.number(i, 2);
        if (key.length % 2 == 1) sum += key.number(key.length - 1, 1) << 8;
        return (sum + (sum >> 16)) & 0xffff;
    }
}
