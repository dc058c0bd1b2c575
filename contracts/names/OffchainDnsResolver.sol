// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {DnsName} from "./DnsName.sol";
import {DnsRecords} from "./DnsRecords.sol";
import {DnssecOracle, RRSetWithSignature} from "./DnssecOracle.sol";
import {Registry} from "./Registry.sol";
import {Errors, IExtendedResolver, Interfaces, IOffchain} from "./Resolution.sol";

/// Finds signed records of the DNS (ENSIP-17).
interface IDNSGateway {
    function resolve(bytes memory name, uint16 qtype) external returns (RRSetWithSignature[] memory);
}

/// A resolver that is told what a name's TXT record says besides.
interface IExtendedDNSResolver {
    function resolve(bytes memory name, bytes memory data, bytes memory context)
        external
        view
        returns (bytes memory);
}

interface IAddrResolver {
    function addr(bytes32 node) external view returns (address payable);
}

/// Answers for the names of the DNS, of which a TXT record `ENS1 <resolver> [context]` says who
/// resolves them, proven by DNSSEC (ENSIP-17).
contract OffchainDnsResolver is IExtendedResolver, IOffchain {
    using DnsRecords for bytes;
    using Errors for bytes;

    error CouldNotResolve(bytes name);

    Registry public immutable registry;
    DnssecOracle public immutable oracle;
    string[] private urls;

    constructor(Registry registry_, DnssecOracle oracle_, string[] memory urls_) {
        registry = registry_;
        oracle = oracle_;
        urls = urls_;
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == type(IExtendedResolver).interfaceId;
    }

    function resolve(bytes calldata name, bytes calldata data) external view returns (bytes memory) {
        revert OffchainLookup(
            address(this),
            urls,
            abi.encodeCall(IDNSGateway.resolve, (name, DnsRecords.TXT)),
            this.resolveCallback.selector,
            abi.encode(name, data)
        );
    }

    function resolveCallback(bytes calldata response, bytes calldata extraData)
        external
        view
        returns (bytes memory)
    {
        (bytes memory name, bytes memory data) = abi.decode(extraData, (bytes, bytes));
        (bytes memory records,) = oracle.verifyRRSet(abi.decode(response, (RRSetWithSignature[])));
        for (uint256 offset = 0; offset < records.length;) {
            DnsRecords.Record memory record = records.recordAt(offset);
            offset = record.next;
            if (record.rtype != DnsRecords.TXT || keccak256(record.name) != keccak256(name)) continue;
            (address resolver, bytes memory context) = said(record.rdata);
            if (resolver != address(0)) return ask(resolver, name, data, context);
        }
        revert CouldNotResolve(name);
    }

    /// What the resolver that a record named said when its own lookup came back.
    function nestedCallback(bytes calldata response, bytes calldata extraData) external view returns (bytes memory) {
        (address resolver, bytes4 callback, bytes memory extra) = abi.decode(extraData, (address, bytes4, bytes));
        return decoded(resolver, abi.encodeWithSelector(callback, response, extra));
    }

    function ask(address resolver, bytes memory name, bytes memory data, bytes memory context)
        private
        view
        returns (bytes memory)
    {
        if (Interfaces.has(resolver, type(IExtendedDNSResolver).interfaceId)) {
            return decoded(resolver, abi.encodeCall(IExtendedDNSResolver.resolve, (name, data, context)));
        }
        if (Interfaces.has(resolver, type(IExtendedResolver).interfaceId)) {
            return decoded(resolver, abi.encodeCall(IExtendedResolver.resolve, (name, data)));
        }
        (bool done, bytes memory answer) = resolver.staticcall(data);
        if (!done) answer.raise();
        return answer;
    }

    /// The bytes that a call gives; a lookup of the contract that was called becomes one of this.
    function decoded(address resolver, bytes memory data) private view returns (bytes memory) {
        (bool done, bytes memory answer) = resolver.staticcall(data);
        if (done) return abi.decode(answer, (bytes));
        if (bytes4(answer) == OffchainLookup.selector) {
            (address sender, string[] memory gateways, bytes memory asked, bytes4 callback, bytes memory extra) =
                abi.decode(answer.argumentsOf(), (address, string[], bytes, bytes4, bytes));
            if (sender == resolver) {
                revert OffchainLookup(
                    address(this),
                    gateways,
                    asked,
                    this.nestedCallback.selector,
                    abi.encode(resolver, callback, extra)
                );
            }
        }
        answer.raise();
    }

    /// The resolver and the context that the first text of a TXT record names, if it names any.
    function said(bytes memory rdata) private view returns (address resolver, bytes memory context) {
        bytes memory text = rdata.slice(1, rdata.number(0, 1));
        if (text.length < 5 || bytes5(text) != "ENS1 ") return (address(0), "");
        uint256 end = 5;
        bool isName = false;
        while (end < text.length && text[end] != " ") isName = text[end++] == "." || isName;
        bytes memory named = text.slice(5, end - 5);
        if (end < text.length) context = text.slice(end + 1, text.length - end - 1);
        return (isName ? addressOf(named) : parsed(named), context);
    }

    /// The address that a name of ENS has, without wildcards.
    function addressOf(bytes memory named) private view returns (address) {
        bytes32 node = DnsName.node(DnsName.encode(string(named)), 0);
        address resolver = registry.resolver(node);
        return resolver == address(0) ? resolver : IAddrResolver(resolver).addr(node);
    }

    function parsed(bytes memory digits) private pure returns (address) {
        uint160 value = 0;
        if (digits.length != 42 || digits[0] != "0" || digits[1] != "x") return address(0);
        for (uint256 i = 2; i < digits.length; i++) {
            uint8 character = uint8(digits[i]) | 32; // capital letters as small ones
            bool isDigit = character >= 48 && character <= 57;
            if (!isDigit && (character < 97 || character > 102)) return address(0);
            value = (value << 4) | (character - (isDigit ? 48 : 87));
        }
        return address(value);
    }
}

/// Gives the context itself, as the name's text `context`.
contract ContextResolver is IExtendedDNSResolver {
    error UnsupportedResolverProfile(bytes4 selector);

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == type(IExtendedDNSResolver).interfaceId;
    }

    function resolve(bytes calldata, bytes calldata data, bytes calldata context)
        external
        pure
        returns (bytes memory)
    {
        bytes4 selector = bytes4(data);
        if (selector == 0x59d1d43c) {
            (, string memory key) = abi.decode(data[4:], (bytes32, string));
            return abi.encode(keccak256(bytes(key)) == keccak256("context") ? string(context) : "");
        }
        revert UnsupportedResolverProfile(selector);
    }
}
