// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Pages by `request` (ERC-5219, ERC-6944): files with a status and headers, put by their path,
/// in chunks that follow on each other (ERC-7617), under whatever coding is said (ERC-7618).
contract ResourcePages {
    struct KeyValue {
        string key;
        string value;
    }

    struct File {
        uint16 status;
        bytes body;
        KeyValue[] headers;
    }

    bytes32 public constant resolveMode = "5219";

    mapping(bytes32 path => File) private files;

    function put(string[] calldata resource, uint16 status, bytes calldata body, KeyValue[] calldata headers)
        external
    {
        File storage file = files[keccak256(abi.encode(resource))];
        file.status = status;
        file.body = body;
        delete file.headers;
        for (uint256 i = 0; i < headers.length; i++) file.headers.push(headers[i]);
    }

    /// A file; where there is none, the last of what was asked for, so that it is seen.
    function request(string[] memory resource, KeyValue[] memory params)
        external
        view
        returns (uint16 status, bytes memory body, KeyValue[] memory headers)
    {
        File storage file = files[keccak256(abi.encode(resource))];
        if (file.status != 0) return (file.status, file.body, file.headers);
        headers = new KeyValue[](1);
        headers[0] = KeyValue("Content-Type", "text/plain");
        body = bytes(resource.length == 0 ? "" : resource[resource.length - 1]);
        for (uint256 i = 0; i < params.length; i++) {
            body = abi.encodePacked(body, "&", params[i].key, "=", params[i].value);
        }
        return (404, body, headers);
    }
}
