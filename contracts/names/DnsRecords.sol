// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Resource records one after the other, as they are signed (RFC 4034, 6: canonical form).
library DnsRecords {
    error MalformedRecords();

    uint16 internal constant DS = 43;
    uint16 internal constant DNSKEY = 48;
    uint16 internal constant TXT = 16;
    uint16 internal constant INTERNET = 1;

    struct Record {
        bytes name;
        uint16 rtype;
        uint16 rclass;
        bytes rdata;
        uint256 next; // the offset of the record after it
    }

    function recordAt(bytes memory records, uint256 offset) internal pure returns (Record memory record) {
        uint256 start = offset;
        offset = nameEnd(records, offset);
        record.name = slice(records, start, offset - start);
        record.rtype = uint16(number(records, offset, 2));
        record.rclass = uint16(number(records, offset + 2, 2));
        uint256 length = number(records, offset + 8, 2);
        record.rdata = slice(records, offset + 10, length);
        record.next = offset + 10 + length;
    }

    /// Where the name that begins at `offset` ends.
    function nameEnd(bytes memory data, uint256 offset) internal pure returns (uint256) {
        while (true) {
            uint256 length = number(data, offset, 1);
            if (length > 63) revert MalformedRecords();
            offset += 1 + length;
            if (length == 0) return offset;
        }
        return offset;
    }

    function labels(bytes memory name) internal pure returns (uint256 count) {
        for (uint256 offset = 0; name[offset] != 0; offset += 1 + uint8(name[offset])) count++;
    }

    /// Whether a name is another, or below it.
    function isWithin(bytes memory name, bytes memory above) internal pure returns (bool) {
        uint256 offset = 0;
        while (name.length - offset > above.length) offset += 1 + uint8(name[offset]);
        return keccak256(slice(name, offset, name.length - offset)) == keccak256(above);
    }

    /// A number of at most 32 bytes.
    function number(bytes memory data, uint256 offset, uint256 length) internal pure returns (uint256 value) {
        if (offset + length > data.length) revert MalformedRecords();
        assembly { value := shr(sub(256, mul(8, length)), mload(add(add(data, 32), offset))) }
    }

    function slice(bytes memory data, uint256 offset, uint256 length) internal pure returns (bytes memory part) {
        if (offset + length > data.length) revert MalformedRecords();
        part = new bytes(length);
        assembly { mcopy(add(part, 32), add(add(data, 32), offset), length) }
    }
}
