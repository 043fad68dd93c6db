// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The EIP-712 domain of every signature of the protocol: name "Papyrus", version "1", this chain, and Channels,
/// whichever contract checks the signature (wire-formats.md 1).
abstract contract PapyrusDomain {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Papyrus");
    bytes32 private constant VERSION = keccak256("1");

    address private immutable domainChannels;
    uint256 private immutable cachedChainId = block.chainid;
    bytes32 private immutable cachedSeparator;

    constructor(address channels) {
        domainChannels = channels;
        cachedSeparator = separatorOf(channels);
    }

    /// Computed anew where a fork of the chain has changed its id.
    function separator() internal view returns (bytes32) {
        return block.chainid == cachedChainId ? cachedSeparator : separatorOf(domainChannels);
    }

    /// What is signed of a struct with this hash.
    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator(), structHash));
    }

    function separatorOf(address channels) private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, channels));
    }
}
