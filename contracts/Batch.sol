// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Code that an account may take for its own (EIP-7702): several calls in one transaction.
contract Batch {
    error NotTheAccount(address caller);

    event Executed(address indexed account, uint256 calls);

    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    receive() external payable {}

    function execute(Call[] calldata calls) external payable {
        if (msg.sender != address(this)) revert NotTheAccount(msg.sender);
        for (uint256 i = 0; i < calls.length; i++) {
            (bool done, bytes memory said) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            if (!done) assembly { revert(add(said, 32), mload(said)) }
        }
        emit Executed(address(this), calls.length);
    }
}
