// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {DnsName} from "./DnsName.sol";
import {Registry} from "./Registry.sol";
import {Errors, IBatchGateway, IExtendedResolver, IMulticallable, Interfaces, IOffchain} from "./Resolution.sol";

/// One entrance to every name (ENSIP-23): wildcards, lookups off chain, several records at once.
contract UniversalResolver is IOffchain {
    using Errors for bytes;

    error ResolverNotFound(bytes name);
    error ResolverNotContract(bytes name, address resolver);
    error UnsupportedResolverProfile(bytes4 selector);
    error ResolverError(bytes errorData);
    error ReverseAddressMismatch(string primary, bytes primaryAddress);
    error EmptyAddress();
    error InvalidBatchGatewayResponse();

    uint256 private constant ETH = 60;
    uint256 private constant DEFAULT = 0x80000000;

    enum Stage {
        Answered,
        Refused, // by the resolver
        Unreached, // no gateway answered
        Waiting // for a gateway
    }

    /// One call, and what came of it: the answer, or the error, which may be an `OffchainLookup`.
    struct Question {
        bytes call;
        Stage stage;
        bytes said;
    }

    struct Resolution {
        bytes name;
        address resolver;
        bool extended;
        bool many;
        Question[] questions;
        string[] gateways;
    }

    /// What a reverse resolution is about.
    struct Reversal {
        bytes lookupAddress;
        uint256 coinType;
        address reverseResolver;
        string primary;
    }

    Registry public immutable registry;

    constructor(Registry registry_) {
        registry = registry_;
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0xcd191b34;
    }

    /// The client's own batch gateway alone (ENSIP-21).
    function batchGateways() public pure returns (string[] memory urls) {
        urls = new string[](1);
        urls[0] = "x-batch-gateway:true";
    }

    /// The resolver of a name, or of the closest name above it that has one (ENSIP-10).
    function findResolver(bytes memory name)
        public
        view
        returns (address resolver, bytes32 node, uint256 resolverOffset)
    {
        node = DnsName.node(name, 0);
        resolver = registry.resolver(node);
        while (resolver == address(0) && name[resolverOffset] != 0) {
            resolverOffset = DnsName.next(name, resolverOffset);
            resolver = registry.resolver(DnsName.node(name, resolverOffset));
        }
    }

    function resolve(bytes calldata name, bytes calldata data) external view returns (bytes memory, address) {
        return resolveWithGateways(name, data, batchGateways());
    }

    function resolveWithGateways(bytes calldata name, bytes calldata data, string[] memory gateways)
        public
        view
        returns (bytes memory result, address resolver)
    {
        Resolution memory resolution = begin(name, data, gateways);
        waitIfNeeded(resolution, this.resolveCallback.selector, "");
        return (resultOf(resolution), resolution.resolver);
    }

    function resolveCallback(bytes calldata response, bytes calldata extraData)
        external
        view
        returns (bytes memory result, address resolver)
    {
        (Resolution memory resolution,) = goOn(response, extraData, this.resolveCallback.selector);
        return (resultOf(resolution), resolution.resolver);
    }

    function reverse(bytes calldata lookupAddress, uint256 coinType)
        external
        view
        returns (string memory, address, address)
    {
        return reverseWithGateways(lookupAddress, coinType, batchGateways());
    }

    /// The name that an address calls itself, if that name in turn has the address (ENSIP-19).
    function reverseWithGateways(bytes memory lookupAddress, uint256 coinType, string[] memory gateways)
        public
        view
        returns (string memory primary, address resolver, address reverseResolver)
    {
        if (lookupAddress.length == 0) revert EmptyAddress();
        bytes memory name = DnsName.encode(reverseName(lookupAddress, coinType));
        bytes memory data = abi.encodeWithSignature("name(bytes32)", DnsName.node(name, 0));
        Resolution memory resolution = begin(name, data, gateways);
        Reversal memory reversal = Reversal(lookupAddress, coinType, address(0), "");
        waitIfNeeded(resolution, this.reverseNameCallback.selector, abi.encode(reversal));
        return forward(resolution, reversal);
    }

    function reverseNameCallback(bytes calldata response, bytes calldata extraData)
        external
        view
        returns (string memory primary, address resolver, address reverseResolver)
    {
        (Resolution memory resolution, bytes memory then) =
            goOn(response, extraData, this.reverseNameCallback.selector);
        return forward(resolution, abi.decode(then, (Reversal)));
    }

    function reverseAddressCallback(bytes calldata response, bytes calldata extraData)
        external
        view
        returns (string memory primary, address resolver, address reverseResolver)
    {
        (Resolution memory resolution, bytes memory then) =
            goOn(response, extraData, this.reverseAddressCallback.selector);
        return verified(resolution, abi.decode(then, (Reversal)));
    }

    /// From the name that the reverse name has to the address that this has.
    function forward(Resolution memory named, Reversal memory reversal)
        private
        view
        returns (string memory, address, address)
    {
        reversal.primary = abi.decode(resultOf(named), (string));
        reversal.reverseResolver = named.resolver;
        if (bytes(reversal.primary).length == 0) return ("", address(0), named.resolver);
        bytes memory name = DnsName.encode(reversal.primary);
        bytes32 node = DnsName.node(name, 0);
        bytes memory data = reversal.coinType == ETH
            ? abi.encodeWithSignature("addr(bytes32)", node)
            : abi.encodeWithSignature("addr(bytes32,uint256)", node, reversal.coinType);
        Resolution memory resolution = begin(name, data, named.gateways);
        waitIfNeeded(resolution, this.reverseAddressCallback.selector, abi.encode(reversal));
        return verified(resolution, reversal);
    }

    function verified(Resolution memory resolution, Reversal memory reversal)
        private
        pure
        returns (string memory, address, address)
    {
        bytes memory result = resultOf(resolution);
        bytes memory found = reversal.coinType == ETH
            ? abi.encodePacked(abi.decode(result, (address)))
            : abi.decode(result, (bytes));
        if (keccak256(found) != keccak256(reversal.lookupAddress)) {
            revert ReverseAddressMismatch(reversal.primary, found);
        }
        return (reversal.primary, resolution.resolver, reversal.reverseResolver);
    }

    function begin(bytes memory name, bytes memory data, string[] memory gateways)
        private
        view
        returns (Resolution memory resolution)
    {
        resolution.name = name;
        resolution.gateways = gateways;
        (resolution.resolver, resolution.extended) = requireResolver(name);
        resolution.many = bytes4(data) == IMulticallable.multicall.selector;
        bytes[] memory calls = new bytes[](1);
        if (resolution.many) calls = abi.decode(data.argumentsOf(), (bytes[]));
        else calls[0] = data;
        resolution.questions = new Question[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            resolution.questions[i].call = calls[i];
            ask(resolution, i, resolution.extended
                ? abi.encodeCall(IExtendedResolver.resolve, (name, calls[i]))
                : calls[i]);
        }
    }

    function requireResolver(bytes memory name) private view returns (address resolver, bool extended) {
        uint256 offset;
        (resolver,, offset) = findResolver(name);
        if (resolver == address(0)) revert ResolverNotFound(name);
        if (resolver.code.length > 0) extended = Interfaces.has(resolver, type(IExtendedResolver).interfaceId);
        if (offset > 0 && !extended) revert ResolverNotFound(name);
        if (resolver.code.length == 0) revert ResolverNotContract(name, resolver);
    }

    /// Calls the resolver, for the first time or back, and keeps what that gives.
    function ask(Resolution memory resolution, uint256 index, bytes memory data) private view {
        Question memory question = resolution.questions[index];
        (bool done, bytes memory said) = resolution.resolver.staticcall(data);
        if (done && resolution.extended && said.length >= 64) said = abi.decode(said, (bytes));
        question.said = said;
        question.stage = stageOf(done, said, resolution.resolver);
        if (said.length == 0) {
            question.said = abi.encodeWithSelector(UnsupportedResolverProfile.selector, bytes4(question.call));
        }
    }

    function stageOf(bool done, bytes memory said, address resolver) private pure returns (Stage) {
        if (done && said.length > 0 && said.length % 32 == 0) return Stage.Answered;
        if (done || bytes4(said) != OffchainLookup.selector) return Stage.Refused;
        (address sender,,,,) = abi.decode(said.argumentsOf(), (address, string[], bytes, bytes4, bytes));
        return sender == resolver ? Stage.Waiting : Stage.Refused;
    }

    /// Where questions wait for gateways, asks the client to put them to all of those at once.
    function waitIfNeeded(Resolution memory resolution, bytes4 callback, bytes memory then) private view {
        uint256 count = waiting(resolution);
        if (count == 0) return;
        IBatchGateway.Request[] memory requests = new IBatchGateway.Request[](count);
        for (uint256 i = resolution.questions.length; i > 0; i--) {
            Question memory question = resolution.questions[i - 1];
            if (question.stage == Stage.Waiting) requests[--count] = requestOf(question.said);
        }
        revert OffchainLookup(
            address(this),
            resolution.gateways,
            abi.encodeCall(IBatchGateway.query, (requests)),
            callback,
            abi.encode(resolution, then)
        );
    }

    function requestOf(bytes memory lookup) private pure returns (IBatchGateway.Request memory request) {
        (request.sender, request.urls, request.data,,) =
            abi.decode(lookup.argumentsOf(), (address, string[], bytes, bytes4, bytes));
    }

    function waiting(Resolution memory resolution) private pure returns (uint256 count) {
        for (uint256 i = 0; i < resolution.questions.length; i++) {
            if (resolution.questions[i].stage == Stage.Waiting) count++;
        }
    }

    /// Hands what the gateways said to the resolver's own callbacks.
    function goOn(bytes calldata response, bytes calldata extraData, bytes4 callback)
        private
        view
        returns (Resolution memory resolution, bytes memory then)
    {
        (resolution, then) = abi.decode(extraData, (Resolution, bytes));
        (bool[] memory failures, bytes[] memory responses) = abi.decode(response, (bool[], bytes[]));
        uint256 count = waiting(resolution);
        if (failures.length != count || responses.length != count) revert InvalidBatchGatewayResponse();
        uint256 answered = 0;
        for (uint256 i = 0; i < resolution.questions.length; i++) {
            Question memory question = resolution.questions[i];
            if (question.stage != Stage.Waiting) continue;
            if (failures[answered]) (question.stage, question.said) = (Stage.Unreached, responses[answered]);
            else ask(resolution, i, callBack(question.said, responses[answered]));
            answered++;
        }
        waitIfNeeded(resolution, callback, then);
    }

    function callBack(bytes memory lookup, bytes memory response) private pure returns (bytes memory) {
        (,,, bytes4 callback, bytes memory extraData) =
            abi.decode(lookup.argumentsOf(), (address, string[], bytes, bytes4, bytes));
        return abi.encodeWithSelector(callback, response, extraData);
    }

    function resultOf(Resolution memory resolution) private pure returns (bytes memory) {
        Question[] memory questions = resolution.questions;
        if (!resolution.many) return answerOf(questions[0]);
        bytes[] memory answers = new bytes[](questions.length);
        for (uint256 i = 0; i < answers.length; i++) {
            bytes memory said = questions[i].said;
            // An answer is of whole words; what is not is an error.
            bool isPlain = questions[i].stage == Stage.Answered || said.length % 32 != 0;
            answers[i] = isPlain ? said : abi.encodeWithSelector(ResolverError.selector, said);
        }
        return abi.encode(answers);
    }

    function answerOf(Question memory question) private pure returns (bytes memory) {
        if (question.stage == Stage.Answered) return question.said;
        bool isOwn = bytes4(question.said) == UnsupportedResolverProfile.selector;
        if (isOwn || question.stage == Stage.Unreached) question.said.raise();
        revert ResolverError(question.said);
    }

    /// Where an address says what it calls itself (ENSIP-3, ENSIP-19).
    function reverseName(bytes memory lookupAddress, uint256 coinType) private pure returns (string memory) {
        string memory kind = coinType == ETH ? "addr" : coinType == DEFAULT ? "default" : hexOf(coinType);
        return string.concat(hexOf(lookupAddress), ".", kind, ".reverse");
    }

    function hexOf(bytes memory value) private pure returns (string memory) {
        bytes memory digits = new bytes(value.length * 2);
        for (uint256 i = 0; i < value.length; i++) {
            digits[2 * i] = digit(uint8(value[i]) >> 4);
            digits[2 * i + 1] = digit(uint8(value[i]) & 15);
        }
        return string(digits);
    }

    function hexOf(uint256 value) private pure returns (string memory) {
        uint256 length = 1;
        while (length < 64 && value >> (4 * length) > 0) length++;
        bytes memory digits = new bytes(length);
        for (uint256 i = 0; i < length; i++) digits[length - 1 - i] = digit(uint8((value >> (4 * i)) & 15));
        return string(digits);
    }

    function digit(uint8 value) private pure returns (bytes1) {
        return bytes1(value < 10 ? 48 + value : 87 + value);
    }
}
