// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// A resolver that is given the name itself (ENSIP-10).
interface IExtendedResolver {
    function resolve(bytes memory name, bytes memory data) external view returns (bytes memory);
}

/// A contract that asks its caller to look a thing up off chain (EIP-3668).
interface IOffchain {
    error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData);
}

/// Asks several gateways at once (ENSIP-21).
interface IBatchGateway {
    struct Request {
        address sender;
        string[] urls;
        bytes data;
    }

    function query(Request[] memory requests)
        external
        view
        returns (bool[] memory failures, bytes[] memory responses);
}

/// Several calls as one.
interface IMulticallable {
    function multicall(bytes[] calldata data) external view returns (bytes[] memory);
}

/// What an error says besides its selector.
library Errors {
    function argumentsOf(bytes memory said) internal pure returns (bytes memory arguments) {
        uint256 length = said.length - 4;
        arguments = new bytes(length);
        assembly { mcopy(add(arguments, 32), add(said, 36), length) }
    }

    function raise(bytes memory said) internal pure {
        assembly { revert(add(said, 32), mload(said)) }
    }
}

/// Asks a contract whether it has an interface (EIP-165), as one that may be no such contract.
library Interfaces {
    uint256 private constant GAS = 30_000;

    function has(address target, bytes4 id) internal view returns (bool) {
        (bool done, bytes memory said) =
            target.staticcall{gas: GAS}(abi.encodeWithSelector(0x01ffc9a7, id));
        return done && said.length >= 32 && abi.decode(said, (uint256)) == 1;
    }
}
