// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BlobStore} from "./BlobStore.sol";

/// Pages by `request` (ERC-5219) that all stand in one blob: the hash of a path, the size of its
/// page and the page, then the next. Where each begins is known only from what was read before.
contract BlobPages {
    struct KeyValue {
        string key;
        string value;
    }

    bytes32 public constant resolveMode = "5219";

    bytes32 private constant KEY = "pages";
    uint8 private constant PADDING_PER_31_BYTES = 1;
    uint256 private constant HEAD_BYTES = 36;

    BlobStore private immutable store;

    constructor(BlobStore store_) {
        store = store_;
    }

    /// Takes the pages from the first blob of this transaction, of which they are `length` bytes.
    function put(uint256 length) external payable {
        store.putBlob(KEY, 0, length);
    }

    function request(string[] memory resource, KeyValue[] memory)
        external
        view
        returns (uint16 status, bytes memory body, KeyValue[] memory headers)
    {
        bytes32 wanted = keccak256(abi.encode(resource));
        uint256 end = store.size(KEY);
        for (uint256 place = 0; place + HEAD_BYTES <= end;) {
            uint256 size = uint32(bytes4(read(place + 32, 4)));
            if (bytes32(read(place, 32)) == wanted) return (200, read(place + HEAD_BYTES, size), headers);
            place += HEAD_BYTES + size;
        }
        return (404, "there is no such page", headers);
    }

    function read(uint256 start, uint256 length) private view returns (bytes memory) {
        return store.get(KEY, PADDING_PER_31_BYTES, start, length);
    }
}
