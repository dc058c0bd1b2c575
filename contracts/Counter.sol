// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Counts, remembers who counted how often, and says so in a log.
contract Counter {
    event Counted(address indexed who, uint256 count);

    uint256 public count;
    mapping(address who => uint256 times) public countedBy;

    function increment() external {
        count += 1;
        countedBy[msg.sender] += 1;
        emit Counted(msg.sender, count);
    }
}
