// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Registry} from "./Registry.sol";

/// The records of names, set by whoever owns them in the registry.
contract Resolver {
    error NotAuthorised(bytes32 node, address caller);

    event AddrChanged(bytes32 indexed node, address a);
    event AddressChanged(bytes32 indexed node, uint256 coinType, bytes newAddress);
    event ContenthashChanged(bytes32 indexed node, bytes hash);
    event TextChanged(bytes32 indexed node, string indexed indexedKey, string key, string value);
    event NameChanged(bytes32 indexed node, string name);

    uint256 private constant ETH = 60;
    uint256 private constant EVM = 0x80000000;

    Registry public immutable registry;

    mapping(bytes32 node => bytes) public contenthash;
    mapping(bytes32 node => string) public name;
    mapping(bytes32 node => mapping(uint256 coinType => bytes)) private addresses;
    mapping(bytes32 node => mapping(string key => string)) private texts;

    modifier authorised(bytes32 node) {
        address owner = registry.owner(node);
        if (owner != msg.sender && !registry.isApprovedForAll(owner, msg.sender)) {
            revert NotAuthorised(node, msg.sender);
        }
        _;
    }

    constructor(Registry registry_) {
        registry = registry_;
    }

    /// Where ether goes (ENSIP-1).
    function addr(bytes32 node) external view returns (address payable) {
        return payable(address(bytes20(addr(node, ETH))));
    }

    /// The address on a chain, as its bytes (ENSIP-9, ENSIP-11). What holds for all
    /// chains of the kind is kept as that of chain 0 (ENSIP-19).
    function addr(bytes32 node, uint256 coinType) public view returns (bytes memory) {
        bytes memory found = addresses[node][coinType];
        bool isEvm = coinType == ETH || (coinType & EVM != 0 && coinType <= type(uint32).max);
        return found.length == 0 && isEvm ? addresses[node][EVM] : found;
    }

    function text(bytes32 node, string calldata key) external view returns (string memory) {
        return texts[node][key];
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 // EIP-165
            || id == 0x3b3b57de // addr(bytes32)
            || id == 0xf1cb7e06 // addr(bytes32,uint256)
            || id == 0xbc1c58d1 // contenthash(bytes32)
            || id == 0x59d1d43c // text(bytes32,string)
            || id == 0x691f3431 // name(bytes32)
            || id == 0xac9650d8; // multicall(bytes[])
    }

    function setAddr(bytes32 node, address to) external {
        setAddr(node, ETH, abi.encodePacked(to));
    }

    function setAddr(bytes32 node, uint256 coinType, bytes memory to) public authorised(node) {
        addresses[node][coinType] = to;
        emit AddressChanged(node, coinType, to);
        if (coinType == ETH) emit AddrChanged(node, address(bytes20(to)));
    }

    function setContenthash(bytes32 node, bytes calldata hash) external authorised(node) {
        contenthash[node] = hash;
        emit ContenthashChanged(node, hash);
    }

    function setText(bytes32 node, string calldata key, string calldata value) external authorised(node) {
        texts[node][key] = value;
        emit TextChanged(node, key, key, value);
    }

    function setName(bytes32 node, string calldata name_) external authorised(node) {
        name[node] = name_;
        emit NameChanged(node, name_);
    }

    /// Several calls of this contract in one; if one fails, all do.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            (bool done, bytes memory said) = address(this).delegatecall(calls[i]);
            if (!done) assembly { revert(add(said, 32), mload(said)) }
            results[i] = said;
        }
    }
}
