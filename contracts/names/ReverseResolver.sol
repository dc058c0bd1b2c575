// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IExtendedResolver} from "./Resolution.sol";

/// What addresses call themselves: registry, registrar and resolver of one reverse namespace
/// (ENSIP-19). An address that says nothing here may say it for all chains, in `fallbackNames`.
contract ReverseResolver is IExtendedResolver {
    error UnsupportedResolverProfile(bytes4 selector);
    error NoAddress(bytes name);

    event NameForAddrChanged(address indexed addr, string name);

    ReverseResolver public fallbackNames;
    mapping(address who => string) private names;

    constructor(ReverseResolver fallbackNames_) {
        fallbackNames = fallbackNames_;
    }

    function setName(string calldata name) external {
        names[msg.sender] = name;
        emit NameForAddrChanged(msg.sender, name);
    }

    function nameForAddr(address who) public view returns (string memory name) {
        name = names[who];
        if (bytes(name).length == 0 && address(fallbackNames) != address(0)) name = fallbackNames.nameForAddr(who);
    }

    /// `name(bytes32)` of a name whose first label is an address in hexadecimal.
    function resolve(bytes calldata name, bytes calldata data) external view returns (bytes memory) {
        if (bytes4(data) != 0x691f3431) revert UnsupportedResolverProfile(bytes4(data));
        if (name.length < 41 || name[0] != bytes1(uint8(40))) revert NoAddress(name);
        uint160 who = 0;
        for (uint256 i = 1; i <= 40; i++) {
            uint8 character = uint8(name[i]);
            bool isDigit = character >= 48 && character <= 57;
            if (!isDigit && (character < 97 || character > 102)) revert NoAddress(name);
            who = (who << 4) | (character - (isDigit ? 48 : 87));
        }
        return abi.encode(nameForAddr(address(who)));
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == type(IExtendedResolver).interfaceId;
    }
}
