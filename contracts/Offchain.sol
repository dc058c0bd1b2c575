// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// What asks its caller to look a thing up off chain (EIP-3668).
abstract contract Offchain {
    error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData);

    /// The answer to a question, from one of the gateways.
    function look(string[] calldata urls, bytes calldata question) external view returns (bytes memory) {
        ask(urls, question, this.accept.selector, question);
    }

    /// Takes what a gateway said about a question, and gives it on where it believes it.
    function accept(bytes calldata response, bytes calldata question) external view virtual returns (bytes memory);

    function ask(string[] memory urls, bytes memory question, bytes4 callback, bytes memory extra) internal view {
        revert OffchainLookup(address(this), urls, question, callback, extra);
    }
}

/// Believes what its signer signed, for this contract and this question.
contract SignedAnswers is Offchain {
    error NotSigned();

    address public signer;

    function accept(bytes calldata response, bytes calldata question) external view override returns (bytes memory) {
        (bytes memory answer, uint8 v, bytes32 r, bytes32 s) = abi.decode(response, (bytes, uint8, bytes32, bytes32));
        bytes32 signed = keccak256(abi.encode(address(this), question, answer));
        if (ecrecover(signed, v, r, s) != signer) revert NotSigned();
        return answer;
    }
}

/// Believes anybody; also looks up again and again, and passes on what another contract asks for.
contract AnyAnswers is Offchain {
    function accept(bytes calldata response, bytes calldata) external pure override returns (bytes memory) {
        return response;
    }

    /// Looks up `times` times in a row; what comes is the last answer.
    function lookAgain(string[] memory urls, uint256 times) public view returns (bytes memory) {
        ask(urls, abi.encode(times), this.acceptAgain.selector, abi.encode(urls, times));
    }

    function acceptAgain(bytes calldata response, bytes calldata extra) external view returns (bytes memory) {
        (string[] memory urls, uint256 times) = abi.decode(extra, (string[], uint256));
        return times > 1 ? lookAgain(urls, times - 1) : response;
    }

    /// Lets the lookup of another contract bubble up as if it were its own.
    function lookElsewhere(Offchain other, string[] calldata urls, bytes calldata question)
        external
        view
        returns (bytes memory)
    {
        return other.look(urls, question);
    }
}
