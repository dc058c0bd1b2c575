// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IExtendedResolver, IOffchain} from "./Resolution.sol";

/// Answers for every name below its own by what a gateway says, where its signer signed that
/// (ENSIP-10, EIP-3668): `(bytes result, uint64 expires, bytes signature)`, signed as EIP-191 has it.
contract OffchainResolver is IExtendedResolver, IOffchain {
    error Expired(uint64 time);
    error NotSigned(address by);

    address public immutable signer;
    string[] private urls;

    constructor(address signer_, string[] memory urls_) {
        signer = signer_;
        urls = urls_;
    }

    function resolve(bytes calldata name, bytes calldata data) external view returns (bytes memory) {
        bytes memory asked = abi.encodeCall(IExtendedResolver.resolve, (name, data));
        revert OffchainLookup(address(this), urls, asked, this.resolveWithProof.selector, asked);
    }

    function resolveWithProof(bytes calldata response, bytes calldata asked) external view returns (bytes memory) {
        (bytes memory result, uint64 expires, bytes memory signature) =
            abi.decode(response, (bytes, uint64, bytes));
        if (expires < block.timestamp) revert Expired(expires);
        address by = signedBy(makeSignatureHash(address(this), expires, asked, result), signature);
        if (by == address(0) || by != signer) revert NotSigned(by);
        return result;
    }

    function makeSignatureHash(address target, uint64 expires, bytes memory asked, bytes memory result)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(hex"1900", target, expires, keccak256(asked), keccak256(result)));
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == type(IExtendedResolver).interfaceId;
    }

    function signedBy(bytes32 hash, bytes memory signature) private pure returns (address) {
        if (signature.length != 65) return address(0);
        bytes32 r;
        bytes32 s;
        assembly {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        return ecrecover(hash, uint8(signature[64]), r, s);
    }
}
