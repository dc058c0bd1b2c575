// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Pages in auto mode (ERC-6860), by having no `resolveMode`: methods of every kind of argument
/// and of value, and one page for no data at all.
contract AutoPages {
    struct Pair {
        string name;
        uint256[] numbers;
    }

    error Refused(uint256 number);

    mapping(uint256 number => string) public words;
    uint256 public count;

    function add(string calldata word) external {
        words[count++] = word;
    }

    receive() external payable {
        page(bytes("<h1>auto</h1>"));
    }

    fallback() external payable {
        if (msg.data.length == 0) page(bytes("<h1>auto</h1>"));
        revert Refused(msg.data.length);
    }

    function all(
        uint8 small,
        int256 signed,
        address account,
        bytes4 tag,
        bytes calldata data,
        string calldata text,
        bool flag
    ) external pure returns (bytes memory) {
        return abi.encode(small, signed, account, tag, data, text, flag);
    }

    function image(string calldata text) external pure returns (string memory) {
        return string.concat("<svg xmlns='http://www.w3.org/2000/svg'><text>", text, "</text></svg>");
    }

    function dataUrl() external pure returns (string memory) {
        return "data:text/html;base64,PGI+aGVsbG88L2I+";
    }

    function caller() external view returns (address, uint256) {
        return (msg.sender, block.chainid);
    }

    function values()
        external
        pure
        returns (uint256, int8, bool, bytes4, bytes memory, string memory, Pair[2] memory, uint16[] memory)
    {
        Pair[2] memory pairs;
        pairs[0].name = unicode"zwölf";
        pairs[0].numbers = new uint256[](2);
        pairs[0].numbers[1] = 12;
        uint16[] memory shorts = new uint16[](1);
        shorts[0] = 500;
        return (1 << 255, -3, true, 0x01020304, hex"00ff", "a\"b", pairs, shorts);
    }

    function refuse(uint256 number) external pure {
        require(number > 1, "number is too small");
        revert Refused(number);
    }

    function burn() external pure {
        // More memory than any gas pays for.
        assembly {
            mstore(0xffffffffffff, 1)
        }
    }

    function page(bytes memory body) private pure {
        bytes memory encoded = abi.encode(body);
        assembly {
            return(add(encoded, 32), mload(encoded))
        }
    }
}
