// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A contract account with one key (ERC-1271).
contract KeyedAccount {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        address signer =
            ecrecover(digest, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        return signer == owner ? this.isValidSignature.selector : bytes4(0);
    }
}

/// Code that an account with a key delegates to (EIP-7702): it knows nothing of signatures.
contract DelegatedCode {
    uint256 public calls;

    function count() external {
        calls++;
    }
}
