// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// What EthStorage's contract keeps of blobs, at the same slots, and how it reads them
/// (storage-contracts-v1, DecentralizedKV.sol), without payment, mining and removal.
contract BlobStore {
    struct Kept {
        uint40 index;
        uint24 size;
        bytes24 versionedHash;
    }

    /// @custom:storage-location erc7201:openzeppelin.storage.DecentralizedKV
    struct Storage {
        uint40 count;
        mapping(bytes32 key => Kept) kept;
        mapping(uint256 index => bytes32) keys;
    }

    bytes32 private constant LOCATION = 0xdddbcfdf01968304fa73e5ba952efaf0203fd233c51e4f58b8a185ceb1c2a300;
    uint256 private constant BLOB_BYTES = 131072;
    address private constant PRECOMPILE = address(0x33301);
    uint8 private constant RAW = 0;

    /// Stand for the hashes of a transaction's blobs in one that has none: not all nodes that
    /// this is tried on make sound blocks of transactions with blobs.
    bytes32[] private announced;

    event PutBlob(uint256 indexed kvIdx, uint256 indexed kvSize, bytes32 indexed dataHash);

    function announce(bytes32[] calldata versionedHashes) external {
        announced = versionedHashes;
    }

    function putBlob(bytes32 key, uint256 blob, uint256 length) public payable {
        bytes32 versionedHash = blobhash(blob);
        if (versionedHash == 0 && blob < announced.length) versionedHash = announced[blob];
        require(versionedHash != 0 && length <= BLOB_BYTES, "no such blob");
        Storage storage all = everything();
        bytes32 own = ownKey(key);
        Kept storage kept = all.kept[own];
        if (kept.versionedHash == 0) {
            kept.index = all.count++;
            all.keys[kept.index] = own;
        }
        kept.size = uint24(length);
        kept.versionedHash = bytes24(versionedHash);
        emit PutBlob(kept.index, length, versionedHash);
    }

    function putBlobs(bytes32[] calldata names, uint256[] calldata blobs, uint256[] calldata lengths) external payable {
        for (uint256 i = 0; i < names.length; i++) putBlob(names[i], blobs[i], lengths[i]);
    }

    function get(bytes32 key, uint8 decodeType, uint256 start, uint256 length) external view returns (bytes memory) {
        Kept memory kept = everything().kept[ownKey(key)];
        require(kept.versionedHash != 0, "nothing is kept");
        require(start + length <= (decodeType == RAW ? BLOB_BYTES : kept.size), "beyond its end");
        (bool answered, bytes memory output) =
            PRECOMPILE.staticcall(abi.encode(kept.index, decodeType, start, length, kept.versionedHash));
        require(answered && output.length != 0, "only where the precompile is");
        return output;
    }

    function size(bytes32 key) external view returns (uint256) {
        return everything().kept[ownKey(key)].size;
    }

    function hash(bytes32 key) external view returns (bytes24) {
        return everything().kept[ownKey(key)].versionedHash;
    }

    function exist(bytes32 key) external view returns (bool) {
        return everything().kept[ownKey(key)].versionedHash != 0;
    }

    function upfrontPayment() external pure returns (uint256) {
        return 0;
    }

    function ownKey(bytes32 key) private view returns (bytes32) {
        return keccak256(abi.encode(msg.sender, key));
    }

    function everything() private pure returns (Storage storage all) {
        assembly {
            all.slot := LOCATION
        }
    }
}
