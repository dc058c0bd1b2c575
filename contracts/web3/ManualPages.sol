// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Pages in manual mode (ERC-6860): files by their path and query, as they are written.
contract ManualPages {
    bytes32 public constant resolveMode = "manual";

    mapping(bytes path => bytes) private files;

    function put(bytes calldata path, bytes calldata body) external {
        files[path] = body;
    }

    fallback(bytes calldata path) external returns (bytes memory) {
        return abi.encode(files[path]);
    }
}
