// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Holds ether for whoever brings it, and refuses in every way that a contract can.
contract Vault {
    error NotOwner(address caller);
    error TooMuch(uint256 asked, uint256 held);

    event Deposited(address indexed from, uint256 amount, string note);
    event Withdrawn(address indexed to, uint256 amount);
    event Renamed(string indexed name, string was);

    struct Summary {
        string name;
        address owner;
        uint256[] held;
    }

    address public immutable owner;
    string public name;
    mapping(address from => uint256 amount) public deposits;

    constructor(string memory name_) payable {
        owner = msg.sender;
        name = name_;
        if (msg.value > 0) take("at the start");
    }

    receive() external payable {
        take("");
    }

    function deposit(string calldata note) external payable {
        require(msg.value > 0, "nothing to deposit");
        take(note);
    }

    function withdraw(uint256 amount) external {
        uint256 held = deposits[msg.sender];
        if (amount > held) revert TooMuch(amount, held);
        deposits[msg.sender] = held - amount;
        emit Withdrawn(msg.sender, amount);
        (bool paid,) = msg.sender.call{value: amount}("");
        require(paid, "not taken");
    }

    function rename(string calldata name_) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        emit Renamed(name_, name);
        name = name_;
    }

    function summary(address[] calldata whose) external view returns (Summary memory) {
        uint256[] memory held = new uint256[](whose.length);
        for (uint256 i = 0; i < whose.length; i++) held[i] = deposits[whose[i]];
        return Summary(name, owner, held);
    }

    /// The share of each of `parts`; there is none where there are no parts.
    function share(uint256 parts) external view returns (uint256) {
        return address(this).balance / parts;
    }

    function take(string memory note) private {
        deposits[msg.sender] += msg.value;
        emit Deposited(msg.sender, msg.value, note);
    }
}
