// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Who owns a name, and which contract answers for it (ENSIP-1, EIP-137).
contract Registry {
    error NotAuthorised(bytes32 node, address caller);

    event NewOwner(bytes32 indexed node, bytes32 indexed label, address owner);
    event Transfer(bytes32 indexed node, address owner);
    event NewResolver(bytes32 indexed node, address resolver);
    event NewTTL(bytes32 indexed node, uint64 ttl);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    struct Record {
        address owner;
        address resolver;
        uint64 ttl;
    }

    mapping(bytes32 node => Record) private records;
    mapping(address owner => mapping(address operator => bool)) public isApprovedForAll;

    modifier authorised(bytes32 node) {
        address held = records[node].owner;
        if (held != msg.sender && !isApprovedForAll[held][msg.sender]) revert NotAuthorised(node, msg.sender);
        _;
    }

    constructor() {
        records[0].owner = msg.sender;
    }

    function owner(bytes32 node) external view returns (address) {
        return records[node].owner;
    }

    function resolver(bytes32 node) external view returns (address) {
        return records[node].resolver;
    }

    function ttl(bytes32 node) external view returns (uint64) {
        return records[node].ttl;
    }

    function recordExists(bytes32 node) external view returns (bool) {
        return records[node].owner != address(0);
    }

    function setOwner(bytes32 node, address owner_) external authorised(node) {
        records[node].owner = owner_;
        emit Transfer(node, owner_);
    }

    function setSubnodeOwner(bytes32 node, bytes32 label, address owner_)
        external
        authorised(node)
        returns (bytes32 subnode)
    {
        return own(node, label, owner_);
    }

    function setResolver(bytes32 node, address resolver_) external authorised(node) {
        point(node, resolver_);
    }

    function setTTL(bytes32 node, uint64 ttl_) external authorised(node) {
        records[node].ttl = ttl_;
        emit NewTTL(node, ttl_);
    }

    function setSubnodeRecord(bytes32 node, bytes32 label, address owner_, address resolver_, uint64 ttl_)
        external
        authorised(node)
    {
        bytes32 subnode = own(node, label, owner_);
        point(subnode, resolver_);
        records[subnode].ttl = ttl_;
        emit NewTTL(subnode, ttl_);
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function own(bytes32 node, bytes32 label, address owner_) private returns (bytes32 subnode) {
        subnode = keccak256(abi.encodePacked(node, label));
        records[subnode].owner = owner_;
        emit NewOwner(node, label, owner_);
    }

    function point(bytes32 node, address resolver_) private {
        records[node].resolver = resolver_;
        emit NewResolver(node, resolver_);
    }
}
