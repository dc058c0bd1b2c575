// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Names as DNS encodes them (RFC 1035, 3.1): labels, each after its length, then a zero.
library DnsName {
    error DNSDecodingFailed(bytes dns);
    error DNSEncodingFailed(string name);

    uint256 private constant HASHED = 66;

    /// The node (ENSIP-1) of what follows in `name` from `offset` on.
    function node(bytes memory name, uint256 offset) internal pure returns (bytes32) {
        uint256 after_ = next(name, offset);
        if (after_ == offset + 1) {
            if (after_ != name.length) revert DNSDecodingFailed(name);
            return 0;
        }
        bytes32 label = labelHash(name, offset + 1, after_ - offset - 1);
        return keccak256(abi.encodePacked(node(name, after_), label));
    }

    /// Where the label after that at `offset` begins.
    function next(bytes memory name, uint256 offset) internal pure returns (uint256 after_) {
        if (offset >= name.length) revert DNSDecodingFailed(name);
        after_ = offset + 1 + uint8(name[offset]);
        if (after_ > name.length) revert DNSDecodingFailed(name);
    }

    /// A name with dots between its labels, as DNS encodes it.
    function encode(string memory text) internal pure returns (bytes memory name) {
        bytes memory given = bytes(text);
        if (given.length == 0) return hex"00";
        name = new bytes(given.length + 2);
        uint256 start = 0;
        for (uint256 i = 0; i <= given.length; i++) {
            if (i < given.length && given[i] != ".") {
                name[i + 1] = given[i];
                continue;
            }
            uint256 length = i - start;
            if (length == 0 || length > 255) revert DNSEncodingFailed(text);
            name[start] = bytes1(uint8(length));
            start = i + 1;
        }
    }

    /// The hash of a label; one that stands for a hash, `[` 64 digits `]`, is that hash.
    function labelHash(bytes memory name, uint256 start, uint256 length) private pure returns (bytes32 hash) {
        if (length == HASHED && name[start] == "[" && name[start + HASHED - 1] == "]") {
            uint256 value = 0;
            for (uint256 i = start + 1; i < start + HASHED - 1; i++) value = (value << 4) | digit(name, i);
            return bytes32(value);
        }
        assembly { hash := keccak256(add(add(name, 32), start), length) }
    }

    function digit(bytes memory name, uint256 index) private pure returns (uint256) {
        uint8 character = uint8(name[index]);
        if (character >= 48 && character <= 57) return character - 48;
        if (character >= 97 && character <= 102) return character - 87;
        revert DNSDecodingFailed(name);
    }
}
