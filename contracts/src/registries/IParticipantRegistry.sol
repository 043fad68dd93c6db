// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Keys of every participant, with their history: msg.sender is the account, which owns the money and is kept
/// cold. A key serves one account at a time and proves itself by its own signature, so nobody takes another's.
interface IParticipantRegistry {
    /// A zero recordKey or operatorKey is a revoked one.
    struct Keys {
        /// Signs record batches.
        address recordKey;
        /// Posts parts, signs delegations, receipts and requests; moves no money.
        address operatorKey;
        /// X25519 public key.
        bytes32 encryptionKey;
        /// Base URL of the channel node, empty if there is none.
        string endpoint;
    }

    event KeysRegistered(
        address indexed account,
        uint256 nonce,
        address recordKey,
        address operatorKey,
        bytes32 encryptionKey,
        string endpoint
    );

    error KeyInUse(address key, address account);
    error PossessionNotProven(address key, uint8 purpose, uint256 nonce);
    error EndpointTooLong(uint256 bytesGiven, uint256 bytesMax);

    /// Registers or replaces all keys of msg.sender from now on; the history stays. Each key that is not zero and
    /// not the account's current one for the same purpose comes with its own signature of
    /// KeyPossession(account, purpose, nonce), nonce = registrationCount(account); the others with none.
    function register(Keys calldata keys, bytes calldata recordSignature, bytes calldata operatorSignature)
        external;

    /// The keys of the latest registration; registeredAt is 0 if there was none.
    function currentKeys(address account) external view returns (Keys memory keys, uint64 registeredAt);

    /// The keys registered STRICTLY before `timestamp` (a change counts from the next block that starts after
    /// it); registeredAt is 0 if there were none.
    function keysAt(address account, uint64 timestamp)
        external
        view
        returns (Keys memory keys, uint64 registeredAt);

    /// The operator key of the latest registration, zero if there is none.
    function operatorKeyOf(address account) external view returns (address);

    /// The account that `key` serves now; zero if none.
    function accountOf(address key) external view returns (address);

    /// The account whose current operator key is `key`; zero if none.
    function operatorAccountOf(address key) external view returns (address);

    /// Whether the account has registered and none of its three current keys is zero.
    function isRegistered(address account) external view returns (bool);

    function registrationCount(address account) external view returns (uint256);

    function registrationAt(address account, uint256 index)
        external
        view
        returns (Keys memory keys, uint64 registeredAt);
}
