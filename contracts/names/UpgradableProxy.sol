// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Stays at one address while what it runs may be replaced by its admin (EIP-1967).
contract UpgradableProxy {
    error NotAdmin(address caller);

    event Upgraded(address indexed implementation);
    event AdminChanged(address previousAdmin, address newAdmin);

    bytes32 private constant IMPLEMENTATION = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    bytes32 private constant ADMIN = bytes32(uint256(keccak256("eip1967.proxy.admin")) - 1);

    constructor(address implementation, address admin) {
        write(ADMIN, admin);
        emit AdminChanged(address(0), admin);
        write(IMPLEMENTATION, implementation);
        emit Upgraded(implementation);
    }

    function upgradeTo(address implementation) external {
        if (msg.sender != read(ADMIN)) revert NotAdmin(msg.sender);
        write(IMPLEMENTATION, implementation);
        emit Upgraded(implementation);
    }

    fallback() external payable {
        address implementation = read(IMPLEMENTATION);
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), implementation, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if done { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }

    receive() external payable {}

    function read(bytes32 slot) private view returns (address value) {
        assembly { value := sload(slot) }
    }

    function write(bytes32 slot, address value) private {
        assembly { sstore(slot, value) }
    }
}
